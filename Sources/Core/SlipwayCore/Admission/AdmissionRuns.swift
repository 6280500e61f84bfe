/// A run that waits for admission.
package struct PendingRun: Sendable, Hashable, Codable {
    package var id: RunID
    package var team: String
    package var job: JobID
    package var cluster: String
    /// Higher goes first. Kept within ``AdmissionLimits/priorities``.
    package var priority: Int
    package var createdAt: Timestamp
    /// It is not admitted before; `nil`: at once.
    package var eligibleAt: Timestamp?
    /// Of all its containers together.
    package var cpuMillicores: Int
    package var memoryBytes: Int
    package var limitKeys: [LimitKey]
    /// Names of credentials of its team that must be valid.
    package var credentials: [String]

    package init(
        id: RunID,
        team: String,
        job: JobID,
        cluster: String = "default",
        priority: Int = 0,
        createdAt: Timestamp,
        eligibleAt: Timestamp? = nil,
        cpuMillicores: Int = 0,
        memoryBytes: Int = 0,
        limitKeys: [LimitKey] = [],
        credentials: [String] = []
    ) {
        self.id = id
        self.team = team
        self.job = job
        self.cluster = cluster
        self.priority = priority
        self.createdAt = createdAt
        self.eligibleAt = eligibleAt
        self.cpuMillicores = cpuMillicores
        self.memoryBytes = memoryBytes
        self.limitKeys = limitKeys
        self.credentials = credentials
    }

    /// Since when it waits: its age and its ageing count from here, and before it is not admitted.
    package var waitingSince: Timestamp { max(createdAt, eligibleAt ?? createdAt) }

    package var request: ResourceAmounts {
        ResourceAmounts(runs: 1, cpuMillicores: cpuMillicores, memoryBytes: memoryBytes).bounded
    }
}

/// A key computed from a run's variables: of the runs of a team that have it, so many may be live together.
package struct LimitKey: Sendable, Hashable, Comparable, Codable {
    package var key: String
    /// Each run brings the limit of its own job version, which holds for this run.
    package var maximum: Int

    package init(key: String, maximum: Int) {
        self.key = key
        self.maximum = maximum
    }

    package static func < (left: LimitKey, right: LimitKey) -> Bool {
        (left.key, left.maximum) < (right.key, right.maximum)
    }
}

/// A run that was admitted and is not over: it counts against every limit.
package struct LiveRun: Sendable, Hashable, Codable {
    /// How far it is.
    package enum Phase: String, Sendable, Hashable, Codable, CaseIterable {
        /// `ready`: it counts against the placement window and may be preempted.
        case admitted
        /// Placed without having begun: it counts against the placement window, and is not taken back any more.
        case placing
        /// User code may have begun.
        case running
        /// It was asked to end; what it holds will be free soon.
        case ending
    }

    package var id: RunID
    package var team: String
    package var job: JobID
    package var cluster: String
    package var priority: Int
    /// As before its admission: sent back, it has this age again.
    package var waitingSince: Timestamp
    package var admittedAt: Timestamp
    package var cpuMillicores: Int
    package var memoryBytes: Int
    package var limitKeys: [LimitKey]
    package var phase: Phase

    package init(
        id: RunID,
        team: String,
        job: JobID,
        cluster: String = "default",
        priority: Int = 0,
        waitingSince: Timestamp? = nil,
        admittedAt: Timestamp,
        cpuMillicores: Int = 0,
        memoryBytes: Int = 0,
        limitKeys: [LimitKey] = [],
        phase: Phase = .admitted
    ) {
        self.id = id
        self.team = team
        self.job = job
        self.cluster = cluster
        self.priority = priority
        self.waitingSince = waitingSince ?? admittedAt
        self.admittedAt = admittedAt
        self.cpuMillicores = cpuMillicores
        self.memoryBytes = memoryBytes
        self.limitKeys = limitKeys
        self.phase = phase
    }

    /// A pending run as it lives from its admission on.
    package init(_ run: PendingRun, admittedAt: Timestamp, phase: Phase = .admitted) {
        self.init(
            id: run.id,
            team: run.team,
            job: run.job,
            cluster: run.cluster,
            priority: run.priority,
            waitingSince: run.waitingSince,
            admittedAt: admittedAt,
            cpuMillicores: run.cpuMillicores,
            memoryBytes: run.memoryBytes,
            limitKeys: run.limitKeys,
            phase: phase
        )
    }

    package var request: ResourceAmounts {
        ResourceAmounts(runs: 1, cpuMillicores: cpuMillicores, memoryBytes: memoryBytes).bounded
    }
}
