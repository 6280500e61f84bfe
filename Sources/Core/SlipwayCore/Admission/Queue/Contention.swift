/// How runs stand to each other at one moment.
struct Precedence {
    /// Microseconds since 1970.
    var now: Int64
    /// The highest priority that a waiting run was given.
    var ceiling: Int
    var stepMicroseconds: Int64
    var maximumAgeing: Int

    init(now: Int64, ceiling: Int, settings: AdmissionSettings) {
        self.now = now
        self.ceiling = ceiling
        let (seconds, attoseconds) = settings.ageingStep.components
        let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000)
        stepMicroseconds = overflow ? .max : max(1000, whole &+ attoseconds / 1_000_000_000_000)
        maximumAgeing = max(0, settings.maximumAgeing)
    }

    /// The priority with what age has added.
    func level(priority: Int, since: Int64) -> Int {
        guard since < now, priority < ceiling else { return priority }
        let gained = Int(min((now &- since) / stepMicroseconds, Int64(maximumAgeing)))
        return min(ceiling, priority + max(0, gained))
    }

    /// The latest moment at which a run must have begun to wait to have at least a level now; `nil` if none has it.
    func latestWait(priority: Int, reaching level: Int) -> Int64? {
        if level <= priority { return now }
        guard level <= ceiling, level - priority <= maximumAgeing else { return nil }
        let (waited, overflow) = stepMicroseconds.multipliedReportingOverflow(by: Int64(level - priority))
        return overflow ? nil : now &- waited
    }
}

/// Where a team stands with its next run.
struct Contention: Comparable {
    /// With what age has added.
    var level: Int
    /// Whether the team has used up its own quota.
    var borrows: Bool
    /// Of the team, its past counted, for its weight.
    var share: Double
    var head: RunOrder

    static func < (left: Contention, right: Contention) -> Bool {
        if left.level != right.level { return left.level > right.level }
        if left.borrows != right.borrows { return right.borrows }
        if left.share != right.share { return left.share < right.share }
        return left.head < right.head
    }
}

/// A band's next run, among those of its team.
struct BandEntry: Comparable {
    var level: Int
    var head: RunOrder
    var band: Band

    static func < (left: BandEntry, right: BandEntry) -> Bool {
        left.level != right.level ? left.level > right.level : left.head < right.head
    }

    static func == (left: BandEntry, right: BandEntry) -> Bool {
        left.level == right.level && left.head == right.head
    }
}

/// A team that takes part in a plan.
final class Contender {
    let team: TeamNode
    var bands: MinimumHeap<BandEntry>

    init(team: TeamNode, bands: [BandEntry]) {
        self.team = team
        self.bands = MinimumHeap(bands)
    }
}

/// A team's next run, among those of all teams.
struct TeamEntry: Comparable {
    var contention: Contention
    var contender: Contender

    static func < (left: TeamEntry, right: TeamEntry) -> Bool { left.contention < right.contention }
    static func == (left: TeamEntry, right: TeamEntry) -> Bool { left.contention == right.contention }
}
