internal import EventLoop
internal import Logging

/// One loan of a connection.
struct LeaseID: Hashable, Sendable {
    let connection: PoolState.ConnectionID
    let serial: UInt64
}

/// The pool's shell: it owns the connections, asks `PoolState` what to do and does it, on the loop.
actor PoolEngine {
    let configuration: PostgresConfiguration
    nonisolated let eventLoop: EventLoop
    let logger: Logger
    var state: PoolState
    var connections: [PoolState.ConnectionID: PostgresConnection] = [:]
    private var tickets: [PoolState.TicketID: Ticket] = [:]
    private var requests: [PostgresRequest.ID: PostgresRequest] = [:]
    var leases: [LeaseID: Lease] = [:]
    private var serial: UInt64 = 0
    private var totals = PostgresPoolStatistics()
    private var lastConnectError: PostgresError?
    private var closers: [CheckedContinuation<Void, Never>] = []
    private var isClosed = false

    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe eventLoop.asUnownedSerialExecutor() }

    /// Whoever waits for a connection.
    private struct Ticket {
        let work: Work
        var deadline: EventLoop.Timer?
    }

    private enum Work {
        case statements([PostgresRequest])
        case lease((Result<LeaseID, PostgresError>) -> Void)
    }

    init(configuration: PostgresConfiguration, eventLoop: EventLoop, logger: Logger) {
        self.configuration = configuration
        self.eventLoop = eventLoop
        self.logger = logger
        state = PoolState(connectionLimit: configuration.poolSize, pipelineDepth: configuration.pipelineDepth)
    }

    var statistics: PostgresPoolStatistics {
        var figures = totals
        figures.openingConnections = state.count(.opening)
        figures.leasedConnections = state.count(.leased)
        figures.openConnections = connections.count - figures.openingConnections
        figures.idleConnections = state.idleCount
        figures.statementsInFlight = connections.values.reduce(0) { $0 + $1.load }
        figures.waiting = state.waitingCount
        return figures
    }

    // MARK: Statements

    func query(_ query: PostgresQuery) async throws(PostgresError) -> PostgresResult {
        try Self.check(query)
        let id = nextSerial()
        return try await cancellable([id]) { [self] continuation in
            let request = makeRequest(id, query) { continuation.resume(returning: $0) }
            enqueue(id, .statements([request]), .statements(1))
        }.get()
    }

    func batch(
        _ queries: [PostgresQuery]
    ) async throws(PostgresError) -> [Result<PostgresResult, PostgresError>] {
        for query in queries { try Self.check(query) }
        guard !queries.isEmpty else { return [] }
        let ids = queries.map { _ in nextSerial() }
        return await cancellable(ids) { [self] continuation in
            let collector = BatchCollector(count: queries.count) { continuation.resume(returning: $0) }
            let requests = zip(ids, queries).enumerated().map { index, item in
                makeRequest(item.0, item.1) { collector.set($0, at: index) }
            }
            enqueue(ids[0], .statements(requests), .statements(requests.count))
        }
    }

    /// Text with a NUL would arrive cut off.
    static func check(_ query: PostgresQuery) throws(PostgresError) {
        if let number = query.parameters.firstWithNUL {
            throw PostgresError(.invalidParameter, "parameter \(number) holds a NUL character; text cannot hold one")
        }
        if query.parameters.count > Int(UInt16.max) {
            throw PostgresError(.invalidParameter, "\(query.parameters.count) parameters; at most 65535 are allowed")
        }
    }

    /// Waits for what `start` sets going; cancelling the task ends the ticket or the requests with these numbers.
    func cancellable<R: Sendable>(
        _ ids: [PostgresRequest.ID],
        _ start: (CheckedContinuation<R, Never>) -> Void
    ) async -> R {
        await withTaskCancellationHandler {
            await withCheckedContinuation(isolation: self) { start($0) }
        } onCancel: {
            eventLoop.execute { self.assumeIsolated { $0.cancel(ids) } }
        }
    }

    func makeRequest(
        _ id: PostgresRequest.ID,
        _ query: PostgresQuery,
        prelude: String? = nil,
        allowsResend: Bool = true,
        _ finish: @escaping (Result<PostgresResult, PostgresError>) -> Void
    ) -> PostgresRequest {
        let request = PostgresRequest(
            id: id,
            query: query,
            timeout: query.timeout ?? configuration.statementTimeout,
            allowsResend: allowsResend,
            prelude: prelude
        ) { [weak self] result in
            self?.assumeIsolated { $0.requests[id] = nil }
            finish(result)
        }
        requests[id] = request
        return request
    }

    func nextSerial() -> UInt64 {
        serial += 1
        return serial
    }

    private func cancel(_ ids: [PostgresRequest.ID]) {
        if let ticket = ids.first { withdraw(ticket, PostgresRequest.EndReason.cancelled.error) }
        for id in ids {
            guard let request = requests[id] else { continue }
            request.connection?.end(request, .cancelled)
        }
    }

    // MARK: Waiting for a connection

    /// - Parameter ticket: the number of the first request or of the lease, by which cancellation finds it.
    private func enqueue(_ ticket: PoolState.TicketID, _ work: Work, _ want: PoolState.Want) {
        tickets[ticket] = Ticket(work: work)
        perform(state.enqueue(ticket, want))
        guard tickets[ticket] != nil else { return }
        tickets[ticket]?.deadline = eventLoop.schedule(after: configuration.acquireTimeout) { [weak self] in
            self?.assumeIsolated { $0.acquireTimedOut(ticket) }
        }
    }

    private func acquireTimedOut(_ ticket: PoolState.TicketID) {
        guard tickets[ticket] != nil else { return }
        totals.acquireTimeouts += 1
        var error = PostgresError(.acquireTimedOut, "no connection became free within \(configuration.acquireTimeout)")
        if connections.values.allSatisfy({ !$0.isReady }), let lastConnectError {
            error.message += "; the last attempt to connect: \(lastConnectError.message)"
        }
        withdraw(ticket, error)
    }

    private func withdraw(_ ticket: PoolState.TicketID, _ error: PostgresError) {
        guard tickets[ticket] != nil else { return }
        refuse(ticket, error)
        perform(state.withdraw(ticket))
    }

    private func take(_ ticket: PoolState.TicketID) -> Work? {
        guard let taken = tickets.removeValue(forKey: ticket) else { return nil }
        if let deadline = taken.deadline { eventLoop.cancel(deadline) }
        return taken.work
    }

    private func refuse(_ ticket: PoolState.TicketID, _ error: PostgresError) {
        switch take(ticket) {
        case .statements(let requests): for request in requests { request.finish(.failure(error)) }
        case .lease(let grant): grant(.failure(error))
        case nil: break
        }
    }

    // MARK: Doing what the state decides

    func perform(_ actions: [PoolState.Action]) {
        for action in actions {
            switch action {
            case .open(let id): open(id)
            case .send(let ticket, let id): send(ticket, on: id)
            case .grant(let ticket, let id): grant(ticket, id)
            case .refuse(let ticket, _): refuse(ticket, lastConnectError ?? Self.closedError)
            case .refuseAsClosed(let ticket): refuse(ticket, Self.closedError)
            case .pause(let attempt): pause(attempt: attempt)
            case .close(let id): connections[id]?.close()
            case .closed: becomeClosed()
            }
        }
    }

    static let closedError = PostgresError(.closed, "the pool is closed")

    private func send(_ ticket: PoolState.TicketID, on id: PoolState.ConnectionID) {
        guard case .statements(let requests) = take(ticket), let connection = connections[id] else { return }
        for request in requests { connection.submit(request) }
    }

    private func grant(_ ticket: PoolState.TicketID, _ id: PoolState.ConnectionID) {
        guard case .lease(let grant) = take(ticket) else { return }
        let lease = LeaseID(connection: id, serial: nextSerial())
        leases[lease] = Lease()
        grant(.success(lease))
    }

    private func pause(attempt: Int) {
        let pause = configuration.reconnectBackoff.pause(attempt: attempt, random: .random(in: 0..<1))
        eventLoop.schedule(after: pause) { [weak self] in
            self?.assumeIsolated { $0.perform($0.state.backoffEnded()) }
        }
    }

    // MARK: Connections

    private func open(_ id: PoolState.ConnectionID) {
        var events = PostgresConnection.Events()
        events.opened = { [weak self] in self?.assumeIsolated { $0.opened(id) } }
        events.finished = { [weak self] _, succeeded in self?.assumeIsolated { $0.finished(id, succeeded) } }
        events.cancelSent = { [weak self] in self?.assumeIsolated { $0.totals.cancelRequests += 1 } }
        events.closed = { [weak self] error in self?.assumeIsolated { $0.closed(id, error) } }
        let connection = PostgresConnection(configuration: configuration, loop: eventLoop, events: events)
        connections[id] = connection
        connection.start()
    }

    private func opened(_ id: PoolState.ConnectionID) {
        totals.connectionsOpened += 1
        lastConnectError = nil
        perform(state.opened(id))
    }

    private func finished(_ id: PoolState.ConnectionID, _ succeeded: Bool) {
        totals.statementsFinished += 1
        if !succeeded { totals.statementsFailed += 1 }
        perform(state.finished(id))
    }

    private func closed(_ id: PoolState.ConnectionID, _ error: PostgresError) {
        let neverSent = connections.removeValue(forKey: id)?.takeNeverSent() ?? []
        if state.isOpening(id) {
            totals.connectFailures += 1
            lastConnectError = error
            logger.warning("cannot connect to Postgres", metadata: ["postgres.error": "\(error)"])
            perform(state.openFailed(id, isPermanent: error.isPermanent))
        } else {
            if error.code != .closed {
                totals.connectionsLost += 1
                logger.warning("lost a connection to Postgres", metadata: ["postgres.error": "\(error)"])
            }
            perform(state.lost(id))
        }
        for request in neverSent { resubmit(request) }
    }

    private func resubmit(_ request: PostgresRequest) {
        guard request.allowsResend, request.endReason == nil else {
            return request.finish(
                .failure(
                    request.endReason?.error
                        ?? PostgresError(
                            .connectionLost(mayHaveExecuted: false),
                            "the connection was lost before the statement was sent"
                        )
                )
            )
        }
        if let deadline = request.deadline { eventLoop.cancel(deadline) }
        request.deadline = nil
        request.connection = nil
        enqueue(request.id, .statements([request]), .statements(1))
    }

    // MARK: Leases

    /// - Parameter isolation: if given, the first statement of the lease begins a transaction.
    func acquire(beginning isolation: PostgresIsolation? = nil) async throws(PostgresError) -> LeaseID {
        let ticket = nextSerial()
        let granted: Result<LeaseID, PostgresError> = await cancellable([ticket]) { [self] continuation in
            enqueue(ticket, .lease { continuation.resume(returning: $0) }, .lease)
        }
        let lease = try granted.get()
        leases[lease]?.isTransaction = isolation != nil
        leases[lease]?.begin = isolation.map { "BEGIN ISOLATION LEVEL \($0.rawValue)" }
        return lease
    }

    // MARK: Closing

    func close() async {
        perform(state.close())
        guard !isClosed else { return }
        await withCheckedContinuation(isolation: self) { closers.append($0) }
    }

    private func becomeClosed() {
        isClosed = true
        let waiting = closers
        closers = []
        for closer in waiting { closer.resume() }
    }
}
