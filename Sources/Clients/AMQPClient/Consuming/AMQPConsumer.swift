internal import EventLoop
package import Logging
internal import Synchronization

/// Consumes one queue over a connection of its own, which it keeps up while `run()` runs.
///
/// At most `prefetch` deliveries are unsettled at a time, those not handed out yet included. When a connection or channel is
/// lost, the broker delivers them again; settling an old one is then `stale` and does nothing.
package actor AMQPConsumer {
    package nonisolated let queue: String
    private let configuration: AMQPConfiguration
    private let loop: EventLoop
    private let hub = EventHub()
    private let keeper: ConnectionKeeper
    private let buffer = DeliveryBuffer()
    private let readiness = Atomic<Bool>(false)

    private var unsettled = UnsettledDeliveries()
    /// Received while draining and passed on at its end.
    private var received: [AMQPDelivery] = []
    private var hasRun = false
    private var isStopped = false

    /// - Parameters:
    ///   - topology: declared on each connection; the queue should be in it.
    ///   - prefetch: 1 to 65535.
    package init(
        configuration: AMQPConfiguration,
        topology: AMQPTopology = AMQPTopology(),
        queue: String,
        prefetch: Int,
        logger: Logger
    ) {
        precondition((1...65535).contains(prefetch), "prefetch is \(prefetch); allowed is 1 to 65535")
        self.configuration = configuration
        self.queue = queue
        loop = EventLoop(name: "amqp-consume")
        keeper = ConnectionKeeper(
            configuration,
            role: .consuming(queue: queue, prefetch: UInt16(prefetch)),
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

    /// Connected and subscribed.
    package nonisolated var isReady: Bool { readiness.load(ordering: .relaxed) }

    // MARK: Receiving

    /// One by one.
    package nonisolated var deliveries: AMQPDeliveries { AMQPDeliveries(buffer: buffer) }

    /// What has arrived, up to `maximum` at a time; waits only while there is nothing.
    package nonisolated func batches(maximum: Int) -> AMQPBatches {
        precondition(maximum > 0, "maximum is \(maximum); a batch has at least one delivery")
        return AMQPBatches(buffer: buffer, maximum: maximum)
    }

    /// What has arrived, up to `maximum`, waiting for the first for at most `limit`.
    ///
    /// - Returns: an empty array after `limit`; `nil` once the consumer has stopped or the task is cancelled.
    package func nextBatch(maximum: Int, within limit: Duration) async -> [AMQPDelivery]? {
        precondition(maximum > 0, "maximum is \(maximum); a batch has at least one delivery")
        let reader = buffer.makeReader()
        let timer = loop.schedule(after: limit) { [buffer] in buffer.dismiss(reader, with: []) }
        defer { loop.cancel(timer) }
        return await buffer.take(maximum: maximum, reader: reader)
    }

    // MARK: Settling

    /// Acknowledges deliveries, runs of them by one word.
    @discardableResult
    package func acknowledge(_ deliveries: [AMQPDelivery]) async -> AMQPSettlementCount {
        settle(deliveries, as: .acknowledged)
    }

    /// Gives deliveries back, or lets the queue drop or dead-letter them.
    @discardableResult
    package func reject(_ deliveries: [AMQPDelivery], requeue: Bool) async -> AMQPSettlementCount {
        settle(deliveries, as: .rejected(requeue: requeue))
    }

    // MARK: Running

    /// Keeps connected and subscribed until the task is cancelled, or until `stop()` was called and all that was handed out is
    /// settled. Returns with the connection closed; what is unsettled then, the broker delivers again.
    ///
    /// - Throws: `AMQPError` if the first attempt shows that the configuration cannot work, such as a wrong password, or if it
    ///   has run before.
    package func run() async throws(AMQPError) {
        guard !hasRun else { throw AMQPError(.closed, "the consumer has run already") }
        hasRun = true
        keeper.onConnected = { [unowned self] in self.subscribed() }
        keeper.onEvent = { [unowned self] event in self.handle(event) }
        keeper.onDrained = { [unowned self] in self.passOn() }
        keeper.onLost = { [unowned self] _ in self.channelEnded() }
        if isStopped { keeper.stop() }
        let problem = await withTaskCancellationHandler {
            await keeper.run()
        } onCancel: {
            loop.execute { [weak self] in self?.assumeIsolated { $0.keeper.stop() } }
        }
        stopConsuming()
        readiness.store(false, ordering: .relaxed)
        keeper.close()
        hub.yield(.closed)
        hub.finish()
        if let problem { throw problem }
    }

    /// Receives no more: gives back what was not handed out and ends the sequences.
    ///
    /// What was handed out can still be settled; once it is, `run()` returns.
    package func stop() async {
        stopConsuming()
        endIfDone()
    }

    private func stopConsuming() {
        guard !isStopped else { return }
        isStopped = true
        var left = buffer.finish()
        if keeper.connection != nil {
            do throws(AMQPError) {
                try keeper.use { connection throws(AMQPError) in
                    try connection.cancelConsumer(tag: RabbitConnection.consumerTag)
                }
                keeper.drain()
            } catch {
                // A refusal has closed the channel, a failure the connection: the broker takes everything back.
                if keeper.connection != nil { keeper.lose(error) }
            }
        }
        left += received
        received = []
        _ = settle(left, as: .rejected(requeue: true))
    }

    private func endIfDone() {
        if isStopped, unsettled.isEmpty || keeper.connection == nil { keeper.stop() }
    }

    // MARK: What the broker says

    private func subscribed() {
        readiness.store(true, ordering: .relaxed)
        hub.yield(.subscribed(queue: queue))
    }

    private func handle(_ event: RabbitEvent) {
        switch event {
        case .delivered(let delivery):
            guard let origin = keeper.origin(of: RabbitConnection.Channel.main) else { return }
            unsettled.received(delivery.tag)
            received.append(AMQPDelivery(delivery, origin: origin, settler: self))
        case .consumerCancelled:
            hub.yield(.consumerCancelled(queue: queue))
            resubscribe()
        case .channelClosed(channel: RabbitConnection.Channel.main, let error):
            channelEnded()
            guard !isStopped else { return }
            keeper.reopenMainChannel(after: error)
            if keeper.connection != nil { subscribed() }
        default:
            break
        }
    }

    private func passOn() {
        guard !isStopped, !received.isEmpty else { return }
        buffer.append(received)
        received.removeAll(keepingCapacity: true)
    }

    /// The broker takes back what was not settled.
    private func channelEnded() {
        readiness.store(false, ordering: .relaxed)
        unsettled = UnsettledDeliveries()
        received = []
        buffer.removeAll()
        endIfDone()
    }

    /// The queue was deleted or has moved. It is declared again; if that fails, recovery goes on with pauses.
    private func resubscribe() {
        guard !isStopped else { return }
        readiness.store(false, ordering: .relaxed)
        do throws(AMQPError) {
            try keeper.use { connection throws(AMQPError) in
                try connection.establish(keeper.topology, role: keeper.role)
            }
            subscribed()
        } catch {
            keeper.lose(error)
        }
    }
}

extension AMQPConsumer: DeliverySettler {
    func settle(_ deliveries: [AMQPDelivery], as kind: SettlementKind) -> AMQPSettlementCount {
        let count = keeper.settle(deliveries, as: kind, on: RabbitConnection.Channel.main, &unsettled)
        // Something may have been received while sending.
        keeper.drainBuffered()
        endIfDone()
        return count
    }
}
