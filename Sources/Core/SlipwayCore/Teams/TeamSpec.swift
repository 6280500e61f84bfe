/// What a team is, as its file says it: where its pods run, what it may use, what its jobs may ask for.
///
/// A file in YAML or JSON is read by ``TeamFile``, which checks every bound; a value of this type is already valid.
package struct TeamSpec: Sendable, Hashable {
    /// Of its pods on clusters that ``namespaces`` does not name. `nil`: as it was, or the team's name.
    package var namespace: String?
    /// Of its pods by cluster.
    package var namespaces: [String: String]
    package var description: String?
    /// Its part of what is scarce, relative to the weights of others.
    package var weight: Double
    /// Teams of one cohort lend each other what they do not use.
    package var cohort: String?
    package var quotas: Quotas
    /// Whether none of its runs is admitted. `nil`: as it was.
    package var isSuspended: Bool?
    /// How many runs its people may submit; `nil`: as many as they like.
    package var submissionRate: JobSpec.RateLimit?
    package var policy: TeamPolicy
    package var defaults: JobDefaults

    package init(
        namespace: String? = nil,
        namespaces: [String: String] = [:],
        description: String? = nil,
        weight: Double = 1,
        cohort: String? = nil,
        quotas: Quotas = Quotas(),
        isSuspended: Bool? = nil,
        submissionRate: JobSpec.RateLimit? = nil,
        policy: TeamPolicy = TeamPolicy(),
        defaults: JobDefaults = JobDefaults()
    ) {
        self.namespace = namespace
        self.namespaces = namespaces
        self.description = description
        self.weight = weight
        self.cohort = cohort
        self.quotas = quotas
        self.isSuspended = isSuspended
        self.submissionRate = submissionRate
        self.policy = policy
        self.defaults = defaults
    }

    /// How much it may use at once; `nil` in a dimension: no limit there.
    package struct Quotas: Sendable, Hashable, Codable {
        package var runs: ResourceQuota?
        package var cpuMillicores: ResourceQuota?
        package var memoryBytes: ResourceQuota?

        package enum CodingKeys: String, CodingKey {
            case runs
            case cpuMillicores = "cpu_millicores"
            case memoryBytes = "memory_bytes"
        }

        package init(
            runs: ResourceQuota? = nil,
            cpuMillicores: ResourceQuota? = nil,
            memoryBytes: ResourceQuota? = nil
        ) {
            self.runs = runs
            self.cpuMillicores = cpuMillicores
            self.memoryBytes = memoryBytes
        }
    }

    /// The team as admission sees it.
    ///
    /// - Parameter credits: what is left of them, in cpu-seconds; `nil`: it needs none.
    package func admissionTeam(name: String, credits: Double?) -> AdmissionTeam {
        AdmissionTeam(
            name: name,
            weight: weight,
            cohort: cohort,
            runs: quotas.runs,
            cpuMillicores: quotas.cpuMillicores,
            memoryBytes: quotas.memoryBytes,
            // Less than a whole one counts as none, here and in the store.
            credits: credits.map { Int(min(max($0.rounded(.down), -1e15), 1e15)) },
            isSuspended: isSuspended ?? false
        )
    }
}

/// What somebody may do in a team.
package enum TeamRole: String, Sendable, Hashable, CaseIterable, Codable {
    /// Sees everything of the team.
    case viewer
    /// Also creates runs, from others too.
    case submitter
    /// Also acts on runs otherwise, and changes jobs, schedules and credentials.
    case `operator`
    /// Also decides who is in the team, has its tokens, and reads its audit log.
    case admin
}

/// The bounds of a team's file and of what belongs to it.
package struct TeamLimits: Sendable, Hashable {
    package static let standard = TeamLimits()

    package var weight = 0.001...1_000_000.0
    package var runs = 0...1_000_000
    package var cpuMillicores = 0...1_000_000_000
    package var memoryBytes = 0...(1 << 50)
    package var submittedRuns = 1...1_000_000
    package var images = 100
    package var imageCharacters = 255
    package var serviceAccounts = 100
    package var namespaces = 100
    package var members = 10_000
    package var credentials = 1000
    /// In cpu-seconds.
    package var credits = -1e12...1e12

    package init() {}
}

extension TeamSpec: Codable {
    private enum CodingKeys: String, CodingKey {
        case namespace, namespaces, description, weight, cohort, quotas
        case isSuspended = "suspended"
        case submissionRate = "submission_rate"
        case policy, defaults
    }

    /// What is absent is as in a file that does not say it.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            namespace: try container.decodeIfPresent(String.self, forKey: .namespace),
            namespaces: try container.decodeIfPresent([String: String].self, forKey: .namespaces) ?? [:],
            description: try container.decodeIfPresent(String.self, forKey: .description),
            weight: try container.decodeIfPresent(Double.self, forKey: .weight) ?? 1,
            cohort: try container.decodeIfPresent(String.self, forKey: .cohort),
            quotas: try container.decodeIfPresent(Quotas.self, forKey: .quotas) ?? Quotas(),
            isSuspended: try container.decodeIfPresent(Bool.self, forKey: .isSuspended),
            submissionRate: try container.decodeIfPresent(JobSpec.RateLimit.self, forKey: .submissionRate),
            policy: try container.decodeIfPresent(TeamPolicy.self, forKey: .policy) ?? TeamPolicy(),
            defaults: try container.decodeIfPresent(JobDefaults.self, forKey: .defaults) ?? JobDefaults()
        )
    }
}
