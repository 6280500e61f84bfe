// What a job says of when and beside what its runs may go.
extension JobSpec {
    /// What happens to a run that finds as many live runs of its job as there may be.
    package struct Concurrency: Sendable, Hashable, Codable {
        package var policy: AdmissionJob.ConcurrencyPolicy
        /// In the file: `max_runs`. `nil`: none for `allow`, 1 for the others.
        package var maximumRuns: Int?

        package enum CodingKeys: String, CodingKey {
            case policy
            case maximumRuns = "max_runs"
        }

        package init(policy: AdmissionJob.ConcurrencyPolicy = .allow, maximumRuns: Int? = nil) {
            self.policy = policy
            self.maximumRuns = maximumRuns
        }
    }

    /// Of the team's runs with the same key so many may be live.
    package struct KeyedLimit: Sendable, Hashable, Codable {
        /// A text in which `${{ variables.name }}` stands for a value.
        package var key: String
        /// In the file: `max_runs`.
        package var maximumRuns: Int

        package enum CodingKeys: String, CodingKey {
            case key
            case maximumRuns = "max_runs"
        }

        package init(key: String, maximumRuns: Int) {
            self.key = key
            self.maximumRuns = maximumRuns
        }

        /// The key of a run with these variables. One that is too long ends with a number made of all of it.
        ///
        /// A text that cannot be computed for these values stands for itself: such runs share one limit.
        func text(for variables: [String: JSONValue]) -> String {
            // why: the job was taken, so only a function that does not take a value can fail.
            let text = (try? TextTemplate(key).text(variables: variables)) ?? key
            let limit = JobLimits.standard.limitKeyBytes
            guard text.utf8.count > limit else { return text }
            let number = text.utf8.reduce(into: UInt64(0xcbf2_9ce4_8422_2325)) { hash, byte in
                hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3
            }
            var kept = text.unicodeScalars.prefix(limit - 17)
            while kept.reduce(0, { $0 + Unicode.UTF8.width($1) }) > limit - 17 { kept.removeLast() }
            return "\(String(String.UnicodeScalarView(kept)))~" + String(number, radix: 16)
        }
    }

    /// So many runs are admitted in any span of such a length. In the file: `{runs: 10, per: 1m}`.
    package struct RateLimit: Sendable, Hashable, Codable {
        package var runs: Int
        package var perSeconds: Int

        package enum CodingKeys: String, CodingKey {
            case runs
            case perSeconds = "per_seconds"
        }

        package init(runs: Int, perSeconds: Int) {
            self.runs = runs
            self.perSeconds = perSeconds
        }
    }

    /// Times of the week on the clocks of a zone, as ``EligibleWindows`` reads them.
    package struct Windows: Sendable, Hashable, Codable {
        /// An IANA name, such as `Europe/Berlin`.
        package var zone: String
        /// Such as `Mon-Fri 22:00-06:00`; at least one.
        package var open: [String]

        package init(zone: String, open: [String]) {
            self.zone = zone
            self.open = open
        }
    }
}
