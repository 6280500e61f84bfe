/// A team as admission sees it. A team that was never told has a weight of 1 and no limits.
package struct AdmissionTeam: Sendable, Hashable, Codable {
    package var name: String
    /// Its part of what is scarce, relative to the weights of others. Kept within 0.001 and 1 000 000.
    package var weight: Double
    /// Teams of one cohort lend each other what they do not use of their quotas.
    package var cohort: String?
    /// `nil` in a dimension: no limit there, and nothing to lend.
    package var runs: ResourceQuota?
    package var cpuMillicores: ResourceQuota?
    package var memoryBytes: ResourceQuota?
    /// What is left of them; none is admitted at 0 or less. `nil`: the team needs none.
    package var credits: Int?
    /// Whether an operator has stopped admitting its runs.
    package var isSuspended: Bool

    package init(
        name: String,
        weight: Double = 1,
        cohort: String? = nil,
        runs: ResourceQuota? = nil,
        cpuMillicores: ResourceQuota? = nil,
        memoryBytes: ResourceQuota? = nil,
        credits: Int? = nil,
        isSuspended: Bool = false
    ) {
        self.name = name
        self.weight = weight
        self.cohort = cohort
        self.runs = runs
        self.cpuMillicores = cpuMillicores
        self.memoryBytes = memoryBytes
        self.credits = credits
        self.isSuspended = isSuspended
    }

    package func quota(_ dimension: ResourceDimension) -> ResourceQuota? {
        switch dimension {
        case .runs: runs
        case .cpu: cpuMillicores
        case .memory: memoryBytes
        }
    }

    /// A weight that can be divided by.
    var effectiveWeight: Double { weight.isFinite ? min(max(weight, 0.001), 1_000_000) : 1 }

    var hasCredits: Bool { credits.map { $0 > 0 } ?? true }
}

/// How much of one dimension a team may use.
package struct ResourceQuota: Sendable, Hashable, Codable {
    /// Its own part.
    package var nominal: Int
    /// How much more it may use of what its cohort lends; `nil`: all of it. Without a cohort nothing is borrowed.
    package var borrowingLimit: Int?
    /// How much of its own part others may use while it does not; `nil`: all of it.
    package var lendingLimit: Int?

    package enum CodingKeys: String, CodingKey {
        case nominal
        case borrowingLimit = "borrowing_limit"
        case lendingLimit = "lending_limit"
    }

    package init(nominal: Int, borrowingLimit: Int? = nil, lendingLimit: Int? = nil) {
        self.nominal = nominal
        self.borrowingLimit = borrowingLimit
        self.lendingLimit = lendingLimit
    }

    /// What it lends when it uses nothing.
    var lendable: Int { min(nominal.amount, lendingLimit?.amount ?? .max) }

    /// What nobody else ever uses.
    var guaranteed: Int { nominal.amount - lendable }

    /// How much of the cohort's pool a usage takes: all that exceeds the guaranteed part.
    func poolUse(at usage: Int) -> Int { max(0, usage &- guaranteed) }

    /// The most it may use inside a cohort; `nil` if only the pool bounds it.
    var ceiling: Int? { borrowingLimit.map { nominal.amount + $0.amount } }
}
