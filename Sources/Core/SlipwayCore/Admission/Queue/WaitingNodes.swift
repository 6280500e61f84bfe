// Waiting runs as a tree: a team has bands, a band has lines, a line has lanes, a lane has the runs of one shape by
// age. Each level keeps a heap of those below that are not known to be blocked; a line blocked by its job or a
// credential, and a lane blocked by a limit key, is parked there until that changes. So a cycle looks at bands, and at
// what it admits.

/// Where a line stands aside until something changes.
final class ParkingPlace {
    private var lines: [ObjectIdentifier: Unowned<Line>] = [:]

    func add(_ line: Line) {
        lines[ObjectIdentifier(line)] = Unowned(line)
        line.parkedAt = self
    }

    func remove(_ line: Line) {
        lines[ObjectIdentifier(line)] = nil
        line.parkedAt = nil
    }

    /// Gives back those that stood here, who stand here no more.
    func empty() -> [Line] {
        guard !lines.isEmpty else { return [] }
        let left = lines.values.map(\.object)
        for line in left { line.parkedAt = nil }
        lines = [:]
        return left
    }
}

/// A reference upwards in the tree, which owns nothing.
struct Unowned<Object: AnyObject> {
    unowned let object: Object

    init(_ object: Object) { self.object = object }
}

/// The waiting runs of a team with the same cluster, request and priority.
final class Band {
    let shape: BandShape
    unowned let team: TeamNode
    let cluster: ClusterNode
    var lines: [LineShape: Line] = [:]
    var active = IndexedHeap<Line>()
    /// The oldest run of those lines that take part.
    var head: RunOrder?
    /// Where it stands in its team's list.
    var listIndex = 0

    init(shape: BandShape, team: TeamNode, cluster: ClusterNode) {
        self.shape = shape
        self.team = team
        self.cluster = cluster
    }
}

/// Those of a band with the same job and credentials.
final class Line: HeapMember {
    let shape: LineShape
    unowned let band: Band
    let job: JobNode
    let credentials: [CredentialNode]
    var lanes: [ObjectIdentifier: Lane] = [:]
    var active = IndexedHeap<Lane>()
    /// `nil`: it takes part.
    var parkedAt: ParkingPlace?
    var head = RunOrder.floor(0)
    var heapIndex = -1

    init(shape: LineShape, band: Band, job: JobNode, credentials: [CredentialNode]) {
        self.shape = shape
        self.band = band
        self.job = job
        self.credentials = credentials
    }
}

/// Those of a line with the same limit keys: the runs of one shape.
final class Lane: HeapMember {
    let shape: RunShape
    unowned let line: Line
    /// In the order of the shape's keys.
    let keys: [KeyNode]
    var runs = SortedRuns()
    /// The key at which it is parked. `nil`: it takes part.
    var parkedAt: KeyNode?
    var head = RunOrder.floor(0)
    var heapIndex = -1

    init(shape: RunShape, line: Line, keys: [KeyNode]) {
        self.shape = shape
        self.line = line
        self.keys = keys
    }

    /// The first of its keys that has no room.
    var closedKey: KeyNode? {
        for (key, limit) in zip(keys, shape.limitKeys) where key.count >= limit.maximum { return key }
        return nil
    }
}
