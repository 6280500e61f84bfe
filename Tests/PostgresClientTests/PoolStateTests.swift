import Testing

@testable import PostgresClient

@Suite struct PoolStateTests {
    @Test func `The first statement opens a connection and is sent when it is ready`() {
        var state = PoolState(connectionLimit: 2, pipelineDepth: 4)
        #expect(state.enqueue(1, .statements(1)) == [.open(1)])
        #expect(state.opened(1) == [.send(1, on: 1)])
        #expect(state.finished(1) == [])
        #expect(state.idleCount == 1)
    }

    @Test func `Statements share connections only when no more can be had`() {
        var state = PoolState(connectionLimit: 3, pipelineDepth: 4)
        _ = state.enqueue(1, .statements(1))
        _ = state.opened(1)
        #expect(state.enqueue(2, .statements(1)) == [.open(2)])
        #expect(state.opened(2) == [.send(2, on: 2)])
        #expect(state.enqueue(3, .statements(1)) == [.open(3), .send(3, on: 1)])
        #expect(state.opened(3) == [])
        #expect(state.enqueue(4, .statements(1)) == [.send(4, on: 3)])
        #expect(state.enqueue(5, .statements(1)) == [.send(5, on: 2)])
    }

    @Test func `While no connection can be made, statements share what there is`() {
        var state = PoolState(connectionLimit: 5, pipelineDepth: 4)
        _ = state.enqueue(1, .statements(1))
        _ = state.opened(1)
        #expect(state.enqueue(2, .statements(1)) == [.open(2)])
        #expect(state.openFailed(2, isPermanent: false) == [.pause(attempt: 0), .send(2, on: 1)])
    }

    @Test func `A full pipeline makes statements wait`() {
        var state = PoolState(connectionLimit: 1, pipelineDepth: 2)
        _ = state.enqueue(1, .statements(1))
        _ = state.opened(1)
        _ = state.enqueue(2, .statements(1))
        #expect(state.enqueue(3, .statements(1)) == [])
        #expect(state.waitingCount == 1)
        #expect(state.finished(1) == [.send(3, on: 1)])
    }

    @Test func `A batch larger than the depth goes to an idle connection`() {
        var state = PoolState(connectionLimit: 1, pipelineDepth: 2)
        _ = state.enqueue(1, .statements(1))
        _ = state.opened(1)
        #expect(state.enqueue(2, .statements(5)) == [])
        #expect(state.finished(1) == [.send(2, on: 1)])
        #expect(state.totalLoad == 5)
    }

    @Test func `A lease drains a busy connection, and statements wait for its return`() {
        var state = PoolState(connectionLimit: 1, pipelineDepth: 4)
        _ = state.enqueue(1, .statements(1))
        _ = state.opened(1)
        #expect(state.enqueue(2, .lease) == [])
        #expect(state.count(.draining) == 1)
        #expect(state.enqueue(3, .statements(1)) == [])
        #expect(state.finished(1) == [.grant(2, 1)])
        #expect(state.count(.leased) == 1)
        #expect(state.released(1) == [.send(3, on: 1)])
    }

    @Test func `Who came first is served first when a lease returns`() {
        var state = PoolState(connectionLimit: 1, pipelineDepth: 4)
        _ = state.enqueue(1, .lease)
        #expect(state.opened(1) == [.grant(1, 1)])
        _ = state.enqueue(2, .lease)
        _ = state.enqueue(3, .statements(1))
        #expect(state.released(1) == [.grant(2, 1)])
        #expect(state.released(1) == [.send(3, on: 1)])
    }

    @Test func `A lease that gives up leaves its draining connection to the statements`() {
        var state = PoolState(connectionLimit: 1, pipelineDepth: 4)
        _ = state.enqueue(1, .statements(1))
        _ = state.opened(1)
        _ = state.enqueue(2, .lease)
        _ = state.enqueue(3, .statements(1))
        #expect(state.withdraw(2) == [.send(3, on: 1)])
    }

    @Test func `Never more connections than allowed`() {
        var state = PoolState(connectionLimit: 3, pipelineDepth: 4)
        var opened: [PoolState.ConnectionID] = []
        for ticket in 1...20 {
            for case .open(let id) in state.enqueue(UInt64(ticket), .lease) { opened.append(id) }
        }
        #expect(opened == [1, 2, 3])
        #expect(state.opened(1) == [.grant(1, 1)])
        #expect(state.opened(2) == [.grant(2, 2)])
        #expect(state.lost(2) == [.open(4)])
    }

    @Test func `A failed attempt pauses, longer each time, and then tries again for those who wait`() {
        var state = PoolState(connectionLimit: 2, pipelineDepth: 4)
        _ = state.enqueue(1, .statements(1))
        #expect(state.openFailed(1, isPermanent: false) == [.pause(attempt: 0)])
        #expect(state.enqueue(2, .statements(1)) == [])
        #expect(state.backoffEnded() == [.open(2), .open(3)])
        #expect(state.openFailed(2, isPermanent: false) == [.pause(attempt: 1)])
        #expect(state.openFailed(3, isPermanent: false) == [])
        #expect(state.backoffEnded() == [.open(4), .open(5)])
        #expect(state.opened(4) == [.send(1, on: 4), .send(2, on: 4)])
    }

    @Test func `A permanent failure refuses those who wait`() {
        var state = PoolState(connectionLimit: 2, pipelineDepth: 4)
        _ = state.enqueue(1, .statements(1))
        #expect(state.openFailed(1, isPermanent: true) == [.pause(attempt: 0), .refuse(1, 1)])
        #expect(state.backoffEnded() == [])
    }

    @Test func `Closing refuses who waits, lets the sent finish, and closes idle connections`() {
        var state = PoolState(connectionLimit: 1, pipelineDepth: 1)
        _ = state.enqueue(1, .statements(1))
        _ = state.opened(1)
        _ = state.enqueue(2, .statements(1))
        #expect(state.close() == [.refuseAsClosed(2)])
        #expect(state.enqueue(3, .lease) == [.refuseAsClosed(3)])
        #expect(state.finished(1) == [.close(1), .closed])
    }

    @Test func `Closing waits for a lease`() {
        var state = PoolState(connectionLimit: 1, pipelineDepth: 1)
        _ = state.enqueue(1, .lease)
        _ = state.opened(1)
        #expect(state.close() == [])
        #expect(state.released(1) == [.close(1), .closed])
    }

    @Test(arguments: [1, 7, 42, 1_000, 31_337] as [UInt64])
    func `Whatever happens, nothing is lost, doubled or over the limits`(seed: UInt64) {
        var random = SplitMix(state: seed)
        var model = PoolModel(connectionLimit: 3, pipelineDepth: 5)
        for _ in 0..<3_000 { model.step(&random) }
        model.drain()
        #expect(model.problems == [], "seed \(seed)")
        #expect(model.unserved.isEmpty, "seed \(seed)")
    }
}

/// A small generator whose sequence a seed fixes.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

/// Plays the connections for a `PoolState` and checks what it decides.
private struct PoolModel: ~Copyable {
    private var state: PoolState
    private let connectionLimit: Int
    private let pipelineDepth: Int
    private var opening: Set<Int> = []
    private var loads: [Int: Int] = [:]
    private var leased: Set<Int> = []
    private var pauses = 0
    private var nextTicket: UInt64 = 1
    private(set) var unserved: [UInt64: Int] = [:]
    private(set) var problems: [String] = []

    init(connectionLimit: Int, pipelineDepth: Int) {
        state = PoolState(connectionLimit: connectionLimit, pipelineDepth: pipelineDepth)
        self.connectionLimit = connectionLimit
        self.pipelineDepth = pipelineDepth
    }

    mutating func step(_ random: inout SplitMix) {
        switch Int.random(in: 0..<12, using: &random) {
        case 0, 1, 2: enqueue(.statements(Int.random(in: 1...7, using: &random)))
        case 3: enqueue(.lease)
        case 4, 5: if let id = opening.randomElement(using: &random) { open(id) }
        case 6:
            if let id = opening.randomElement(using: &random) {
                opening.remove(id)
                apply(state.openFailed(id, isPermanent: false))
            }
        case 7, 8: if let id = loads.filter({ $0.value > 0 }).keys.randomElement(using: &random) { finish(id) }
        case 9: if let id = leased.randomElement(using: &random) { release(id) }
        case 10:
            if let id = loads.keys.randomElement(using: &random) {
                loads[id] = nil
                leased.remove(id)
                apply(state.lost(id))
            }
        default:
            if let ticket = unserved.keys.randomElement(using: &random) {
                unserved[ticket] = nil
                apply(state.withdraw(ticket))
            }
            endPause()
        }
    }

    /// Lets everything that is under way end well.
    mutating func drain() {
        for _ in 0..<100_000 {
            if let id = opening.first {
                open(id)
            } else if let id = leased.first {
                release(id)
            } else if let id = loads.first(where: { $0.value > 0 })?.key {
                finish(id)
            } else if pauses > 0 {
                endPause()
            } else {
                return
            }
        }
        problems.append("it does not come to rest")
    }

    private mutating func enqueue(_ want: PoolState.Want) {
        let ticket = nextTicket
        nextTicket += 1
        unserved[ticket] = if case .statements(let count) = want { count } else { 0 }
        apply(state.enqueue(ticket, want))
    }

    private mutating func open(_ id: Int) {
        opening.remove(id)
        loads[id] = 0
        apply(state.opened(id))
    }

    private mutating func finish(_ id: Int) {
        loads[id, default: 0] -= 1
        apply(state.finished(id))
    }

    private mutating func release(_ id: Int) {
        leased.remove(id)
        apply(state.released(id))
    }

    private mutating func endPause() {
        guard pauses > 0 else { return }
        pauses -= 1
        apply(state.backoffEnded())
    }

    private mutating func apply(_ actions: [PoolState.Action]) {
        for action in actions {
            switch action {
            case .open(let id):
                opening.insert(id)
                check(opening.count + loads.count <= connectionLimit, "too many connections")
            case .send(let ticket, let id):
                guard let count = unserved.removeValue(forKey: ticket) else {
                    problems.append("ticket \(ticket) was served twice")
                    continue
                }
                let load = loads[id] ?? -1
                check(load >= 0 && !leased.contains(id), "a statement was sent on an unfit connection")
                check(load == 0 || load + count <= pipelineDepth, "the pipeline is too deep")
                loads[id, default: 0] += count
            case .grant(let ticket, let id):
                let isWaiting = unserved.removeValue(forKey: ticket) != nil
                check(isWaiting, "lease \(ticket) was served twice")
                let isFree = leased.insert(id).inserted
                check(loads[id] == 0 && isFree, "a lease was granted on a busy connection")
            case .pause: pauses += 1
            case .refuse, .refuseAsClosed, .close, .closed: problems.append("unexpected \(action)")
            }
        }
    }

    private mutating func check(_ holds: Bool, _ problem: String) {
        if !holds { problems.append(problem) }
    }
}
