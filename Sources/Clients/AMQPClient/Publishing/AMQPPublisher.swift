internal import DequeModule
internal import EventLoop
package import Logging
internal import Synchronization

/// Publishes with confirms over a connection of its own, which it keeps up while `run()` runs.
///
/// A publish returns when the broker has confirmed it. Meanwhile it may wait for a connection, for the end of a resource
/// alarm and for a place in the window; all together for at most the confirm timeout. What was under way when a connection was
/// lost is sent again over the next, so that a message may arrive twice and a repeated one after its successors.
package actor AMQPPublisher {
    let configuration: AMQPConfiguration
    let loop: EventLoop
    let hub = EventHub()
    let keeper: ConnectionKeeper
    private let readiness = Atomic<Bool>(false)

    /// Not sent yet, in order.
    var waiting: Deque<PendingPublish> = []
    /// Sent and not confirmed.
    var tracker = ConfirmTracker<PendingPublish>()
    var deadlineTimer: EventLoop.Timer?
    var isPumping = false
    var isClosed = false
    private var hasRun = false
    private var flushWaiter: CheckedContinuation<Void, Never>?

    /// Calls that wait for a usable connection.
    var gate: [Int: CheckedContinuation<AMQPError?, Never>] = [:]
    var nextGateNumber = 0
    /// Of messages taken for inspection.
    var unsettled = UnsettledDeliveries()
    var inspectionOrigin: DeliveryOrigin?

    package init(configuration: AMQPConfiguration, topology: AMQPTopology = AMQPTopology(), logger: Logger) {
        self.configuration = configuration
        loop = EventLoop(name: "amqp-publish")
        keeper = ConnectionKeeper(
            configuration,
            role: .publishing,
            topology: topology,
            loop: loop,
            events: hub,
            logger: logger
        )
    }

    deinit { loop.shutdown() }

    package nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe loop.asUnownedSerialExecutor() }

    /// What happens to the connection from now on; each use gives a stream of its own.
    package nonisolated var events: AsyncStream<AMQPEvent> { hub.makeStream() }

    /// Connected, and the broker takes messages.
    package nonisolated var isReady: Bool { readiness.load(ordering: .relaxed) }

    // MARK: Running

    /// Keeps connected until the task is cancelled. Then waits, within bounds, for outstanding confirms and closes.
    ///
    /// - Throws: `AMQPError` if the first attempt shows that the configuration cannot work, such as a wrong password, or if it
    ///   has run before.
    package func run() async throws(AMQPError) {
        guard !hasRun else { throw AMQPError(.closed, "the publisher has run already") }
        hasRun = true
        keeper.onConnected = { [unowned self] in self.connectionIsUsable() }
        keeper.onEvent = { [unowned self] event in self.received(event) }
        keeper.onDrained = { [unowned self] in self.pump() }
        keeper.onLost = { [unowned self] error in self.connectionWasLost(error) }
        let problem = await withTaskCancellationHandler {
            await keeper.run()
        } onCancel: {
            loop.execute { [weak self] in self?.assumeIsolated { $0.keeper.stop() } }
        }
        await close(because: problem)
        if let problem { throw problem }
    }

    private func close(because problem: AMQPError?) async {
        isClosed = true
        setReady(false)
        let error = problem ?? AMQPError(.closed, "the publisher has ended")
        for pending in waiting { pending.ticket.conclude(.failure(error)) }
        waiting.removeAll()
        openGate(with: error)
        if keeper.connection != nil, !tracker.isEmpty { await flush() }
        for pending in tracker.reset() { pending.ticket.conclude(.failure(error)) }
        if let deadlineTimer { loop.cancel(deadlineTimer) }
        keeper.close()
        hub.yield(.closed)
        hub.finish()
    }

    /// Waits until everything sent is confirmed, the connection is lost, or the close timeout has passed.
    private func flush() async {
        let timer = loop.schedule(after: configuration.closeTimeout) { [weak self] in
            self?.assumeIsolated { $0.endFlush() }
        }
        await withCheckedContinuation { flushWaiter = $0 }
        loop.cancel(timer)
    }

    func endFlush() {
        flushWaiter?.resume()
        flushWaiter = nil
    }

    func setReady(_ isReady: Bool) { readiness.store(isReady, ordering: .relaxed) }

    // MARK: Publishing

    /// Publishes one message.
    ///
    /// - Parameters:
    ///   - exchange: empty for the default exchange, which routes by the queue's name.
    ///   - mandatory: a message that reaches no queue is an error, `unroutable`.
    /// - Throws: `AMQPError`: `refused` for a negative confirm, `timedOut` or `blocked` after the confirm timeout, `brokerRefused`
    ///   if there is no such exchange, `cancelled`, `closed`.
    package nonisolated func publish(
        _ message: AMQPMessage,
        to exchange: String,
        routingKey: String,
        mandatory: Bool = false
    ) async throws(AMQPError) {
        try await publish(batch: [AMQPOutgoing(message, to: exchange, routingKey: routingKey, mandatory: mandatory)])
    }

    /// Publishes several messages in order and returns when all are confirmed.
    ///
    /// - Throws: the first error. The other messages may or may not have been published then.
    package nonisolated func publish(batch: [AMQPOutgoing]) async throws(AMQPError) {
        for outgoing in batch { try outgoing.validate() }
        guard !batch.isEmpty else { return }
        let ticket = PublishTicket(messages: batch.count)
        let outcome = await withTaskCancellationHandler {
            await submit(batch, ticket)
        } onCancel: {
            loop.execute { ticket.conclude(.failure(AMQPError(.cancelled, "publishing was cancelled"))) }
        }
        try outcome.get()
    }

    private func submit(_ batch: [AMQPOutgoing], _ ticket: PublishTicket) async -> PublishTicket.Outcome {
        if isClosed { return .failure(AMQPError(.closed, "the publisher has ended")) }
        let deadline = ContinuousClock.now + configuration.confirmTimeout
        for outgoing in batch {
            waiting.append(PendingPublish(outgoing: outgoing, ticket: ticket, deadline: deadline))
        }
        if deadlineTimer == nil { scheduleExpiry(at: deadline) }
        return await withCheckedContinuation { continuation in
            ticket.wait(continuation)
            pump()
        }
    }
}
