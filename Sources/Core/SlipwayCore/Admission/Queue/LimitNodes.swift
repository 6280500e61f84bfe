// What runs are held against: teams, cohorts, clusters, jobs, limit keys and credentials, each with what is in use.

/// A team, told or only known from its runs.
final class TeamNode {
    let name: String
    var settings: AdmissionTeam
    var isTold = false
    var cohort: CohortNode?
    /// Of its live runs, and during a plan of those it admits.
    var used = ResourceAmounts.zero
    var history = 0.0
    var live: Set<RunID> = []
    var pendingCount = 0
    /// Its waiting runs by their own priority: for positions, which a plan does not need.
    var waiting: [Int: SortedRuns] = [:]
    var pendingRequests = ResourceAmounts.zero
    var lanes: [RunShape: Lane] = [:]
    private(set) var bands: [BandShape: Band] = [:]
    /// The same, for going through them quickly.
    private(set) var bandList: [Band] = []
    var keys: [String: KeyNode] = [:]
    var credentials: [String: CredentialNode] = [:]

    init(name: String) {
        self.name = name
        settings = AdmissionTeam(name: name)
    }

    var isUnused: Bool {
        !isTold && history == 0 && live.isEmpty && lanes.isEmpty && !credentials.values.contains(where: \.isInvalid)
    }

    /// What its usage takes of its cohort's pool.
    var poolUse: ResourceAmounts {
        ResourceAmounts(
            runs: settings.runs?.poolUse(at: used.runs) ?? 0,
            cpuMillicores: settings.cpuMillicores?.poolUse(at: used.cpuMillicores) ?? 0,
            memoryBytes: settings.memoryBytes?.poolUse(at: used.memoryBytes) ?? 0
        )
    }

    /// What it lends when it uses nothing.
    var lendable: ResourceAmounts {
        ResourceAmounts(
            runs: settings.runs?.lendable ?? 0,
            cpuMillicores: settings.cpuMillicores?.lendable ?? 0,
            memoryBytes: settings.memoryBytes?.lendable ?? 0
        )
    }

    /// Whether it has used up its own part of something and goes on only by borrowing.
    var borrows: Bool {
        guard cohort != nil else { return false }
        return ResourceDimension.allCases.contains { dimension in
            settings.quota(dimension).map { used[dimension] >= $0.nominal.amount } ?? false
        }
    }

    func add(_ band: Band) {
        bands[band.shape] = band
        band.listIndex = bandList.count
        bandList.append(band)
    }

    func remove(_ band: Band) {
        bands[band.shape] = nil
        let last = bandList.removeLast()
        guard last !== band else { return }
        bandList[band.listIndex] = last
        last.listIndex = band.listIndex
    }

    func use(_ request: ResourceAmounts) {
        cohort?.poolUsed -= poolUse
        used += request
        cohort?.poolUsed += poolUse
    }

    func free(_ request: ResourceAmounts) {
        cohort?.poolUsed -= poolUse
        used -= request
        cohort?.poolUsed += poolUse
    }
}

/// Teams that lend each other what they do not use.
///
/// Each team keeps a guaranteed part to itself; the rest of its quotas is the pool. What a team uses beyond its
/// guaranteed part comes out of the pool, its own lent part included, so whoever lent gets it back as runs of the
/// borrowers end.
final class CohortNode {
    var members = 0
    var pool = ResourceAmounts.zero
    var poolUsed = ResourceAmounts.zero
}

/// A cluster, told or only named by runs.
final class ClusterNode {
    let name: String
    /// `nil`: nobody told it.
    var settings: AdmissionCluster?
    var used = ResourceAmounts.zero
    /// Live runs that have not begun.
    var placing = 0
    /// Whether the cycle that is planned looks at its runs.
    var takesPart = false

    init(name: String) { self.name = name }
}

/// A job, told or only known from its runs.
final class JobNode {
    let id: JobID
    var settings: AdmissionJob
    var isTold = false
    /// Its live runs, and during a plan those it admits.
    var count = 0
    var live: Set<RunID> = []
    /// Its waiting runs.
    var lines: [ObjectIdentifier: Unowned<Line>] = [:]
    /// Times of the latest admissions in microseconds, in order; only with a rate limit.
    var admissions: [Int64] = []
    let parking = ParkingPlace()
    /// When its parked lines are looked at again.
    var alarmAt: Int64?

    init(id: JobID) {
        self.id = id
        settings = AdmissionJob(id: id)
    }

    var isUnused: Bool { !isTold && live.isEmpty && lines.isEmpty }

    func recordAdmission(at time: Int64, maximum: Int) {
        guard settings.rateLimit != nil else { return }
        let place = admissions.lastIndex { $0 <= time }.map { $0 + 1 } ?? 0
        admissions.insert(time, at: place)
        if admissions.count > maximum { admissions.removeFirst() }
    }

    func forgetAdmission(at time: Int64) {
        if let place = admissions.lastIndex(of: time) { admissions.remove(at: place) }
    }

    /// When its rate limit lets the next run go; `nil`: at once.
    func rateOpens(after now: Int64, maximum: Int) -> Int64? {
        guard let limit = settings.rateLimit else { return nil }
        let count = min(max(1, limit.count), maximum)
        guard admissions.count >= count else { return nil }
        let (span, overflow) = max(0, limit.seconds).multipliedReportingOverflow(by: 1_000_000)
        let opens = admissions[admissions.count - count].addingReportingOverflow(Int64(overflow ? .max : span))
        return opens.overflow ? .max : opens.partialValue > now ? opens.partialValue : nil
    }
}

/// A limit key of a team.
final class KeyNode {
    let name: String
    /// Live runs that have it, and during a plan those it admits.
    var count = 0
    var live: Set<RunID> = []
    /// Lanes that have it.
    var lanes = 0
    var waiters: [ObjectIdentifier: Unowned<Lane>] = [:]

    init(name: String) { self.name = name }
}

/// A credential of a team.
final class CredentialNode {
    let name: String
    var isInvalid = false
    var lines: [ObjectIdentifier: Unowned<Line>] = [:]
    let parking = ParkingPlace()

    init(name: String) { self.name = name }
}

/// What a run takes, and of whom.
struct Holding {
    let team: TeamNode
    let job: JobNode
    let cluster: ClusterNode
    let keys: [KeyNode]
    let request: ResourceAmounts
    /// Whether it counts against the placement window.
    var isPlacing: Bool
}

/// A live run and what it holds.
struct LiveEntry {
    var run: LiveRun
    var holding: Holding
}
