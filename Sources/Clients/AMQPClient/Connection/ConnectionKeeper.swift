internal import EventLoop
internal import Logging

/// Keeps one connection up for an actor: connects, watches the socket, sends heartbeats, notices the loss, connects again.
///
/// It lives on the actor's loop and is used from there only.
final class ConnectionKeeper {
    private let configuration: AMQPConfiguration
    private let loop: EventLoop
    let role: ConnectionRole
    private let events: EventHub
    private let logger: Logger
    private var recovery: Recovery

    /// What is declared on each connection.
    var topology: AMQPTopology
    /// A connection is there and may be used.
    var onConnected: () -> Void = {}
    /// What the broker said. Called for each event, then `onDrained` once.
    var onEvent: (RabbitEvent) -> Void = { _ in }
    var onDrained: () -> Void = {}
    /// The connection is gone.
    var onLost: (AMQPError) -> Void = { _ in }

    private(set) var connection: RabbitConnection?
    /// The broker's resource alarm keeps publishers waiting.
    private(set) var isBlocked = false
    private var connectionNumber = 0

    private var registration: EventLoop.Registration?
    private var heartbeat: EventLoop.Timer?
    private var connectedSince = ContinuousClock.now
    private var loss: AMQPError?
    private var lossWaiter: CheckedContinuation<Void, Never>?
    private var isStopping = false
    private var isDraining = false

    init(
        _ configuration: AMQPConfiguration,
        role: ConnectionRole,
        topology: AMQPTopology,
        loop: EventLoop,
        events: EventHub,
        logger: Logger
    ) {
        self.configuration = configuration
        self.role = role
        self.topology = topology
        self.loop = loop
        self.events = events
        self.logger = logger
        recovery = Recovery(backoff: configuration.reconnectBackoff)
    }

    /// Connected and not blocked.
    var isUsable: Bool { connection != nil && !isBlocked }

    /// The channel as it is open now: a delivery is settled on the one it came on or not at all.
    func origin(of channel: UInt16) -> DeliveryOrigin? {
        guard let opened = connection?.channels[channel], opened.isOpen else { return nil }
        return DeliveryOrigin(connection: connectionNumber, channel: channel, opening: opened.generation)
    }

    // MARK: The life of the connection

    /// Keeps connected until `stop()`, or until the task is cancelled and `stop()` was called by its handler. The last
    /// connection, if any, is left to be closed by `close()`.
    ///
    /// - Returns: an error when the first attempt shows that the configuration cannot work.
    func run() async -> AMQPError? {
        var action = recovery.start()
        while true {
            switch action {
            case .connect(let attempt): action = await connect(attempt: attempt)
            case .serve: action = await serve()
            case .pause(let pause):
                events.yield(.retrying(after: pause))
                await wait(pause)
                action = isStopping ? recovery.stop() : recovery.pauseEnded()
            case .end(let error):
                return error
            }
        }
    }

    /// Makes `run()` return soon.
    func stop() {
        isStopping = true
        wake()
    }

    /// Says goodbye to the broker.
    func close() {
        guard let connection else { return }
        detach()
        connection.closeInOrder()
    }

    private func connect(attempt: Int) async -> Recovery.Action {
        events.yield(.connecting(attempt: attempt))
        do {
            let connection = try await Connector.connect(configuration, topology: topology, role: role)
            if isStopping {
                connection.closeInOrder()
                return recovery.stop()
            }
            try attach(connection)
        } catch {
            if isStopping { return recovery.stop() }
            events.yield(.connectFailed(error))
            logger.warning(
                "cannot connect to RabbitMQ",
                metadata: ["amqp.error": "\(error)", "amqp.connection": "\(configuration.connectionName)"]
            )
            return recovery.failed(error, random: .random(in: 0..<1))
        }
        return recovery.connected()
    }

    private func attach(_ connection: RabbitConnection) throws(AMQPError) {
        do throws(EventLoopError) {
            registration = try loop.register(descriptor: connection.descriptor, for: .read) { [weak self] _ in
                self?.drain()
            }
        } catch {
            throw AMQPError(.connectFailed, "\(error)")
        }
        self.connection = connection
        isBlocked = false
        loss = nil
        connectionNumber += 1
        connectedSince = .now
        scheduleHeartbeat()
    }

    private func serve() async -> Recovery.Action {
        events.yield(.connected)
        onConnected()
        // What came together with the last reply is announced by no socket.
        drain()
        if loss == nil, !isStopping { await waitForWake() }
        if isStopping { return recovery.stop() }
        return recovery.lost(after: .now - connectedSince, random: .random(in: 0..<1))
    }

    private func wait(_ pause: Duration) async {
        guard !isStopping else { return }
        let timer = loop.schedule(after: pause) { [weak self] in self?.wake() }
        await waitForWake()
        loop.cancel(timer)
    }

    private func waitForWake() async {
        await withCheckedContinuation { lossWaiter = $0 }
    }

    private func wake() {
        lossWaiter?.resume()
        lossWaiter = nil
    }

    private func detach() {
        if let heartbeat { loop.cancel(heartbeat) }
        if let registration { loop.unregister(registration) }
        heartbeat = nil
        registration = nil
        connection = nil
        isBlocked = false
    }

    /// The connection is of no more use.
    func lose(_ error: AMQPError) {
        guard connection != nil else { return }
        detach()
        loss = error
        if !isStopping {
            logger.warning(
                "the connection to RabbitMQ was lost",
                metadata: ["amqp.error": "\(error)", "amqp.connection": "\(configuration.connectionName)"]
            )
        }
        events.yield(.connectionLost(error))
        onLost(error)
        wake()
    }

    // MARK: Input

    /// The library sends and expects heartbeats only inside its calls.
    private func scheduleHeartbeat() {
        guard let connection else { return }
        heartbeat = loop.schedule(after: connection.heartbeat / 4) { [weak self] in
            self?.drain()
            self?.scheduleHeartbeat()
        }
    }

    /// After a call: takes what came along with it, which the socket no longer announces.
    func drainBuffered() {
        if connection?.hasBufferedInput == true { drain() }
    }

    /// Takes everything there is, and what arrives with the calls made in answer.
    func drain() {
        guard !isDraining else { return }
        isDraining = true
        defer { isDraining = false }
        repeat {
            takeEvents()
            onDrained()
        } while connection?.hasBufferedInput == true
    }

    private func takeEvents() {
        while let connection {
            do throws(AMQPError) {
                guard let event = try connection.nextEvent() else { return }
                received(event)
            } catch {
                lose(error)
            }
        }
    }

    private func received(_ event: RabbitEvent) {
        switch event {
        case .blocked(let reason):
            isBlocked = true
            logger.warning("RabbitMQ keeps publishers waiting", metadata: ["amqp.reason": "\(reason)"])
            events.yield(.blocked(reason: reason))
        case .unblocked:
            isBlocked = false
            events.yield(.unblocked)
        case .channelClosed(_, let error):
            logger.warning("RabbitMQ closed a channel", metadata: ["amqp.error": "\(error)"])
        default:
            break
        }
        onEvent(event)
    }

    /// Opens the main channel again after the broker closed it.
    func reopenMainChannel(after error: AMQPError) {
        guard let connection else { return }
        do throws(AMQPError) {
            try connection.openMainChannel(role)
            events.yield(.channelReopened(error))
        } catch {
            lose(error)
        }
    }

    /// Runs calls on the connection and takes what came along. A connection that fails meanwhile is lost.
    func use<Result>(_ body: (RabbitConnection) throws(AMQPError) -> Result) throws(AMQPError) -> Result {
        guard let connection else { throw AMQPError(.connectionLost, "there is no connection to the broker") }
        defer {
            if let failure = connection.failure, self.connection === connection { lose(failure) }
        }
        return try body(connection)
    }
}
