/// Which connection serves what: the decisions of a pool, without its connections.
///
/// Each event returns what is to be done. A statement takes an idle connection or waits for a new one; statements share
/// connections once there are as many as allowed, or while none can be made, so that a slow one delays others only then. A
/// lease has a connection to itself. Whoever waits is served in the order of arrival, except that statements pass a lease that
/// has to wait for a connection to drain.
struct PoolState: ~Copyable {
    typealias ConnectionID = Int
    typealias TicketID = UInt64

    enum Want: Equatable {
        /// So many statements, to be sent on one connection.
        case statements(Int)
        /// A connection for one caller alone.
        case lease
    }

    enum Action: Equatable {
        case open(ConnectionID)
        case send(TicketID, on: ConnectionID)
        case grant(TicketID, ConnectionID)
        /// Connecting failed in a way that waiting does not mend.
        case refuse(TicketID, ConnectionID)
        case refuseAsClosed(TicketID)
        /// Call `backoffEnded()` after the pause for this attempt, counted from 0.
        case pause(attempt: Int)
        case close(ConnectionID)
        /// All connections of a closing pool are gone.
        case closed
    }

    enum Mode: Equatable {
        /// → shared, gone
        case opening
        /// Takes statements. → draining, leased, gone
        case shared
        /// Takes no more statements, for the sake of a waiting lease. → leased, shared, gone
        case draining
        /// → shared, gone
        case leased
    }

    private struct Connection {
        var mode: Mode
        /// Statements in its pipeline, while shared or draining.
        var load = 0
    }

    private struct Waiting {
        let ticket: TicketID
        let want: Want
        let arrival: UInt64
    }

    private let connectionLimit: Int
    private let pipelineDepth: Int
    private var connections: [ConnectionID: Connection] = [:]
    private var statements = FIFO<Waiting>()
    private var leases = FIFO<Waiting>()
    private var arrivals: UInt64 = 0
    private var nextConnection: ConnectionID = 1
    private var failedAttempts = 0
    private var isPausing = false
    private var isClosing = false

    init(connectionLimit: Int, pipelineDepth: Int) {
        self.connectionLimit = connectionLimit
        self.pipelineDepth = pipelineDepth
    }

    // MARK: Figures

    func isOpening(_ id: ConnectionID) -> Bool { connections[id]?.mode == .opening }
    func count(_ mode: Mode) -> Int { connections.values.count { $0.mode == mode } }
    var idleCount: Int { connections.values.count { $0.mode == .shared && $0.load == 0 } }
    var totalLoad: Int { connections.values.reduce(0) { $0 + $1.load } }
    var waitingCount: Int { statements.count + leases.count }

    // MARK: Events

    mutating func enqueue(_ ticket: TicketID, _ want: Want) -> [Action] {
        guard !isClosing else { return [.refuseAsClosed(ticket)] }
        arrivals += 1
        let waiting = Waiting(ticket: ticket, want: want, arrival: arrivals)
        switch want {
        case .statements(let count):
            precondition(count >= 1, "a ticket for no statements")
            statements.append(waiting)
        case .lease:
            leases.append(waiting)
        }
        return serve()
    }

    /// The ticket's caller waits no longer. Legal also if it has been served meanwhile.
    mutating func withdraw(_ ticket: TicketID) -> [Action] {
        statements.removeAll { $0.ticket == ticket }
        leases.removeAll { $0.ticket == ticket }
        return serve()
    }

    mutating func opened(_ id: ConnectionID) -> [Action] {
        guard connections[id]?.mode == .opening else { return [] }
        failedAttempts = 0
        connections[id]?.mode = .shared
        return serve()
    }

    /// - Parameter isPermanent: no repetition mends it: whoever waits is refused if no connection is left to wait for.
    mutating func openFailed(_ id: ConnectionID, isPermanent: Bool) -> [Action] {
        guard connections[id]?.mode == .opening else { return [] }
        connections[id] = nil
        if isClosing { return closeIfIdle() }
        var actions: [Action] = []
        if !isPausing {
            isPausing = true
            actions.append(.pause(attempt: failedAttempts))
            failedAttempts += 1
        }
        if isPermanent, connections.isEmpty {
            actions += (statements.removeAll() + leases.removeAll()).map { .refuse($0.ticket, id) }
        }
        return actions + serve()
    }

    mutating func backoffEnded() -> [Action] {
        isPausing = false
        return serve()
    }

    /// Statements left the pipeline of a shared connection.
    mutating func finished(_ id: ConnectionID, statements count: Int = 1) -> [Action] {
        guard let connection = connections[id], connection.mode != .leased else { return [] }
        precondition(connection.load >= count, "connection \(id) finished more statements than it was sent")
        connections[id]?.load -= count
        if isClosing { return closeIfIdle() }
        guard waitingCount > 0 || connection.mode == .draining else { return [] }
        return serve()
    }

    /// A lease ended and its connection is clean.
    mutating func released(_ id: ConnectionID) -> [Action] {
        guard connections[id]?.mode == .leased else { return [] }
        connections[id] = Connection(mode: .shared)
        if isClosing { return closeIfIdle() }
        return serve()
    }

    /// A connection that was open is gone, with whatever was on it.
    mutating func lost(_ id: ConnectionID) -> [Action] {
        guard connections.removeValue(forKey: id) != nil else { return [] }
        if isClosing { return closeIfIdle() }
        return serve()
    }

    /// Refuses whoever waits and whoever comes; connections close as they become idle.
    mutating func close() -> [Action] {
        guard !isClosing else { return [] }
        isClosing = true
        let refused = (statements.removeAll() + leases.removeAll()).map { Action.refuseAsClosed($0.ticket) }
        return refused + closeIfIdle()
    }

    // MARK: Decisions

    private mutating func closeIfIdle() -> [Action] {
        var actions: [Action] = []
        for (id, connection) in connections.sorted(by: { $0.key < $1.key })
        where connection.mode != .leased && connection.load == 0 {
            connections[id] = nil
            actions.append(.close(id))
        }
        return connections.isEmpty ? actions + [.closed] : actions
    }

    private mutating func serve() -> [Action] {
        var actions: [Action] = []
        shareSurplusDraining()
        while let next = nextToServe() {
            switch next.waiting.want {
            case .statements(let count):
                statements.popFirst()
                connections[next.connection]?.load += count
                actions.append(.send(next.waiting.ticket, on: next.connection))
            case .lease:
                leases.popFirst()
                connections[next.connection]?.mode = .leased
                actions.append(.grant(next.waiting.ticket, next.connection))
            }
        }
        let decided = actions.count
        open(into: &actions)
        drainForLeases()
        // With the last connections on their way, statements may share those that are there.
        return actions.count > decided && !statements.isEmpty && connections.count >= connectionLimit
            ? actions + serve() : actions
    }

    /// The one to be served now, and by which connection; `nil` if whoever waits has to wait on.
    private func nextToServe() -> (waiting: Waiting, connection: ConnectionID)? {
        let statement = statements.first.flatMap { first in forStatements(first.want).map { (first, $0) } }
        let lease = leases.first.flatMap { first in forLease().map { (first, $0) } }
        guard let statement, let lease else { return statement ?? lease }
        return statement.0.arrival < lease.0.arrival ? statement : lease
    }

    /// An idle connection, or the least loaded one with room if no other can be had. A batch larger than the depth takes an idle one.
    private func forStatements(_ want: Want) -> ConnectionID? {
        guard case .statements(let count) = want else { return nil }
        let mayShare = isPausing || connections.count >= connectionLimit
        var best: (id: ConnectionID, load: Int)?
        for (id, connection) in connections where connection.mode == .shared {
            guard connection.load == 0 || (mayShare && connection.load + count <= pipelineDepth) else { continue }
            if best.map({ (connection.load, id) < ($0.load, $0.id) }) ?? true { best = (id, connection.load) }
        }
        return best?.id
    }

    private func forLease() -> ConnectionID? {
        connections.filter { ($0.value.mode == .shared || $0.value.mode == .draining) && $0.value.load == 0 }
            .min { ($0.value.mode == .draining ? 0 : 1, $0.key) < ($1.value.mode == .draining ? 0 : 1, $1.key) }?.key
    }

    /// One connection for each that waits.
    private mutating func open(into actions: inout [Action]) {
        guard !isPausing else { return }
        var wanted = waitingCount - count(.opening)
        while wanted > 0, connections.count < connectionLimit {
            connections[nextConnection] = Connection(mode: .opening)
            actions.append(.open(nextConnection))
            nextConnection += 1
            wanted -= 1
        }
    }

    /// As many connections drain as leases wait beyond those being opened, the least loaded first.
    private mutating func drainForLeases() {
        var missing = leases.count - count(.opening) - count(.draining)
        while missing > 0 {
            let candidate = connections.filter { $0.value.mode == .shared }.min {
                ($0.value.load, $0.key) < ($1.value.load, $1.key)
            }
            guard let candidate else { return }
            connections[candidate.key]?.mode = .draining
            missing -= 1
        }
    }

    /// Leases that were served or gave up leave connections draining for nobody.
    private mutating func shareSurplusDraining() {
        var surplus = count(.draining) - leases.count
        for (id, connection) in connections where connection.mode == .draining && surplus > 0 {
            connections[id]?.mode = .shared
            surplus -= 1
        }
    }
}
