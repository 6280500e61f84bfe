internal import RunMessaging
internal import RunStore
internal import SlipwayCore
internal import Synchronization

/// Queues that deliver at least once, in no particular order, and that may lose what they were given.
final class SimulatedBroker: Sendable {
    enum Queue: Hashable, Sendable {
        case dispatch, supervise, reports
        /// Exclusive: it ends with its consumer's connection.
        case control(HolderID)
    }

    enum Body: Sendable {
        case dispatch
        case supervise([SuperviseHint.Lease])
        case reports([PlacementReport])
        case control(ControlMessage)
    }

    struct Delivery: Sendable {
        var tag: Int
        var body: Body
    }

    private struct Message {
        var body: Body
        var deliveries = 0
    }

    private struct Unsettled {
        var queue: Queue
        var process: String
        var message: Message
    }

    private struct State {
        var ready: [Queue: [Message]] = [:]
        var unsettled: [Int: Unsettled] = [:]
        var exclusive: [HolderID: Bool] = [:]
        var waiting: [Queue: [Reply<Void>]] = [:]
        var tags = 0
    }

    /// As the quorum queues are declared; one that comes back more often is put aside.
    private static let deliveryLimit = 20
    /// More messages than this in one queue are a flood.
    private static let bound = 2000

    private let world: SimulationWorld
    private let weather: Weather
    private let state = Mutex(State())
    /// Told which reports were acknowledged.
    private let acknowledged: @Sendable ([PlacementReport]) -> Void

    init(
        world: SimulationWorld,
        weather: Weather,
        acknowledged: @escaping @Sendable ([PlacementReport]) -> Void
    ) {
        self.world = world
        self.weather = weather
        self.acknowledged = acknowledged
    }

    // MARK: Publishing

    func publish(_ body: Body, to queue: Queue) {
        let conditions = weather.conditions
        if world.happens(conditions.lostMessage) { return world.trace("a message to \(queue) is lost") }
        let copies = world.happens(conditions.repeatedMessage) ? 2 : 1
        for _ in 0..<copies {
            let isLate = world.happens(conditions.lateMessage)
            world.executor.after(world.milliseconds(isLate ? 500...6000 : 1...15)) { [self] in
                add(Message(body: body), to: queue)
            }
        }
    }

    func publishToSchedulers(_ message: ControlMessage) {
        let schedulers = state.withLock { $0.exclusive.filter(\.value).keys.sorted() }
        for holder in schedulers { publish(.control(message), to: .control(holder)) }
    }

    private func add(_ message: Message, to queue: Queue) {
        let (waiting, count) = state.withLock { state -> ([Reply<Void>], Int) in
            if case .control(let holder) = queue, state.exclusive[holder] == nil { return ([], 0) }
            state.ready[queue, default: []].append(message)
            return (state.waiting.removeValue(forKey: queue) ?? [], state.ready[queue]?.count ?? 0)
        }
        if count > Self.bound { world.violated("P10: queue \(queue) has \(count) messages") }
        for reply in waiting { reply.settle() }
    }

    /// Throws all messages away that nobody has taken.
    func purge() {
        world.trace("the queues are purged")
        state.withLock { $0.ready.removeAll() }
    }

    // MARK: Consuming

    func open(_ holder: HolderID, isScheduler: Bool) { state.withLock { $0.exclusive[holder] = isScheduler } }

    func close(_ holder: HolderID) {
        state.withLock { state in
            state.exclusive[holder] = nil
            state.ready[.control(holder)] = nil
        }
    }

    /// Up to `count` messages, picked at random.
    func take(_ queue: Queue, _ count: Int, for process: String) -> [Delivery] {
        state.withLock { state in
            var taken: [Delivery] = []
            while taken.count < count, let ready = state.ready[queue]?.count, ready > 0 {
                let index = world.roll { $0.below(ready) }
                guard var message = state.ready[queue]?.remove(at: index) else { break }
                message.deliveries += 1
                state.tags += 1
                state.unsettled[state.tags] = Unsettled(queue: queue, process: process, message: message)
                taken.append(Delivery(tag: state.tags, body: message.body))
            }
            return taken
        }
    }

    /// Returns when a message may have come.
    func arrival(_ queue: Queue) async throws {
        let reply = state.withLock { state -> Reply<Void>? in
            guard state.ready[queue]?.isEmpty ?? true else { return nil }
            let reply = Reply<Void>()
            state.waiting[queue, default: []].append(reply)
            return reply
        }
        try await reply?.value()
    }

    func acknowledge(_ deliveries: [Delivery]) {
        var reports: [PlacementReport] = []
        for delivery in deliveries {
            guard state.withLock({ $0.unsettled.removeValue(forKey: delivery.tag) }) != nil else { continue }
            if case .reports(let told) = delivery.body { reports += told }
        }
        if !reports.isEmpty { acknowledged(reports) }
    }

    /// The connection of a process ended: what it had not acknowledged goes to others.
    func requeue(_ process: String) {
        let tags = state.withLock { $0.unsettled.filter { $0.value.process == process }.keys.sorted() }
        requeue(tags)
    }

    func requeue(_ tags: [Int]) {
        for tag in tags {
            guard let unsettled = state.withLock({ $0.unsettled.removeValue(forKey: tag) }),
                unsettled.message.deliveries < Self.deliveryLimit
            else { continue }
            add(unsettled.message, to: unsettled.queue)
        }
    }
}
