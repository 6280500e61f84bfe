/// A job as admission sees it. A job that was never told has no limits.
package struct AdmissionJob: Sendable, Hashable, Codable {
    /// What happens to a run that finds as many runs of its job as may be live.
    package enum ConcurrencyPolicy: String, Sendable, Hashable, Codable, CaseIterable {
        /// It waits. Without a maximum there is no limit.
        case allow
        /// It ends without having run. The maximum is 1 unless said.
        case skip
        /// The oldest live run is cancelled for it, and runs that waited longer end. The maximum is 1 unless said.
        case replace
        /// It waits. The maximum is 1 unless said.
        case queue
    }

    /// So many admissions in any span of such a length.
    package struct RateLimit: Sendable, Hashable, Codable {
        /// Kept within 1 and ``AdmissionLimits/rateLimitCount``.
        package var count: Int
        package var seconds: Int

        package init(count: Int, seconds: Int) {
            self.count = count
            self.seconds = seconds
        }
    }

    /// A span of time in which runs may be admitted, from `opens` until before `closes`.
    package struct Window: Sendable, Hashable, Codable {
        package var opens: Timestamp
        package var closes: Timestamp

        package init(opens: Timestamp, closes: Timestamp) {
            self.opens = opens
            self.closes = closes
        }
    }

    package var id: JobID
    package var concurrency: ConcurrencyPolicy
    package var maximumConcurrentRuns: Int?
    package var rateLimit: RateLimit?
    /// The coming windows, in whatever time zone they were written; `nil`: always.
    package var windows: [Window]?
    /// When those of its runs that are over were admitted, as far back as the rate limit looks. `nil`: as the queue has
    /// seen it itself.
    package var recentAdmissions: [Timestamp]?

    package init(
        id: JobID,
        concurrency: ConcurrencyPolicy = .allow,
        maximumConcurrentRuns: Int? = nil,
        rateLimit: RateLimit? = nil,
        windows: [Window]? = nil,
        recentAdmissions: [Timestamp]? = nil
    ) {
        self.id = id
        self.concurrency = concurrency
        self.maximumConcurrentRuns = maximumConcurrentRuns
        self.rateLimit = rateLimit
        self.windows = windows
        self.recentAdmissions = recentAdmissions
    }

    /// How many of its runs may be live; at least 1.
    package var maximumLive: Int {
        switch concurrency {
        case .allow: max(1, maximumConcurrentRuns ?? .max)
        case .skip, .replace, .queue: max(1, maximumConcurrentRuns ?? 1)
        }
    }

    /// Whether runs that find the job busy end instead of waiting.
    var endsSurplus: Bool { concurrency == .skip || concurrency == .replace }

    func isOpen(at now: Timestamp) -> Bool {
        windows?.contains { $0.opens <= now && now < $0.closes } ?? true
    }

    /// The next opening after a moment outside all windows; `nil` if none is known.
    func nextOpening(after now: Timestamp) -> Timestamp? {
        windows?.filter { $0.opens > now && $0.opens < $0.closes }.map(\.opens).min()
    }
}
