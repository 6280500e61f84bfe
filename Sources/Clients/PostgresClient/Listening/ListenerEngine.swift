internal import EventLoop
internal import Logging

/// The listener's connection and its buffer, on the loop.
actor ListenerEngine {
    private let configuration: PostgresConfiguration
    private nonisolated let eventLoop: EventLoop
    private let channels: [String]
    private let bufferLimit: Int
    private let logger: Logger
    private var connection: PostgresConnection?
    private var buffer = FIFO<PostgresListenerEvent>()
    private var reader: CheckedContinuation<PostgresListenerEvent?, Never>?
    private var hasListened = false
    private var failedAttempts = 0
    private var isStarted = false
    private var isClosed = false

    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe eventLoop.asUnownedSerialExecutor() }

    init(
        configuration: PostgresConfiguration,
        eventLoop: EventLoop,
        channels: [String],
        bufferLimit: Int,
        logger: Logger
    ) {
        precondition(!channels.isEmpty && bufferLimit >= 1, "a listener has a channel and room for an event")
        self.configuration = configuration
        self.eventLoop = eventLoop
        self.channels = channels
        self.bufferLimit = bufferLimit
        self.logger = logger
    }

    // MARK: The reader

    func next() async -> PostgresListenerEvent? {
        precondition(reader == nil, "a listener is iterated by one task at a time")
        start()
        if let event = buffer.popFirst() { return event }
        if isClosed || Task.isCancelled { return nil }
        return await withTaskCancellationHandler {
            await withCheckedContinuation(isolation: self) { reader = $0 }
        } onCancel: {
            eventLoop.execute { self.assumeIsolated { $0.stopReading() } }
        }
    }

    func close() {
        guard !isClosed else { return }
        isClosed = true
        connection?.close()
        connection = nil
        stopReading()
    }

    private func stopReading() {
        let waiting = reader
        reader = nil
        waiting?.resume(returning: nil)
    }

    private func yield(_ event: PostgresListenerEvent) {
        if let reader {
            self.reader = nil
            return reader.resume(returning: event)
        }
        if buffer.count >= bufferLimit {
            _ = buffer.removeAll()
            buffer.append(.overflowed)
        }
        buffer.append(event)
    }

    // MARK: The connection

    private func start() {
        guard !isStarted else { return }
        isStarted = true
        connect()
    }

    private func connect() {
        guard !isClosed, connection == nil else { return }
        var events = PostgresConnection.Events()
        events.opened = { [weak self] in self?.assumeIsolated { $0.listen() } }
        events.notified = { [weak self] notification in
            self?.assumeIsolated { $0.yield(.notification(notification)) }
        }
        events.closed = { [weak self] error in self?.assumeIsolated { $0.lost(error) } }
        let connection = PostgresConnection(configuration: configuration, loop: eventLoop, events: events)
        self.connection = connection
        connection.start()
    }

    private func listen() {
        let collector = BatchCollector(count: channels.count) { [weak self] results in
            self?.assumeIsolated { $0.listened(results) }
        }
        for (index, channel) in channels.enumerated() {
            connection?.submit(
                PostgresRequest(
                    id: UInt64(index),
                    query: "LISTEN \(unescaped: PostgresQuery.quotedIdentifier(channel))",
                    timeout: configuration.statementTimeout,
                    allowsResend: false
                ) { collector.set($0, at: index) }
            )
        }
    }

    private func listened(_ results: [Result<PostgresResult, PostgresError>]) {
        for case .failure(let error) in results {
            connection?.close(error)
            return
        }
        failedAttempts = 0
        yield(hasListened ? .reconnected : .listening)
        hasListened = true
    }

    private func lost(_ error: PostgresError) {
        connection = nil
        guard !isClosed else { return }
        let pause = configuration.reconnectBackoff.pause(attempt: failedAttempts, random: .random(in: 0..<1))
        failedAttempts += 1
        logger.warning(
            "a Postgres listener has no connection",
            metadata: ["postgres.error": "\(error)", "postgres.pause": "\(pause)"]
        )
        eventLoop.schedule(after: pause) { [weak self] in self?.assumeIsolated { $0.connect() } }
    }
}
