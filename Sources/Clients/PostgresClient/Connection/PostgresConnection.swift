internal import EventLoop

/// One connection and the statements in its pipeline. It lives on the loop and is owned by an actor there.
///
/// Each statement ends with a synchronization point, so that its error spares those behind it. Results come back in the order
/// of sending, which is all the bookkeeping there is: `segments` holds what is in flight, first sent first.
final class PostgresConnection {
    enum Phase {
        /// Not started. → connecting
        case new
        /// Resolving, connecting, authenticating. → ready, closed
        case connecting
        /// In pipeline mode. → copying, closed
        case ready
        /// Out of pipeline mode for one COPY. → ready, closed
        case copying(CopyProgress)
        /// For good.
        case closed
    }

    /// What the owner is told, on the loop, possibly from within a call of the owner's own.
    struct Events {
        var opened: () -> Void = {}
        /// A statement left the pipeline; its request has been answered.
        var finished: (_ request: PostgresRequest, _ succeeded: Bool) -> Void = { _, _ in }
        var cancelSent: () -> Void = {}
        /// The error says why; `takeNeverSent()` has the requests the server has not seen.
        var closed: (_ error: PostgresError) -> Void = { _ in }
        var notified: (PostgresNotification) -> Void = { _ in }
    }

    let configuration: PostgresConfiguration
    let loop: EventLoop
    private var events: Events
    var phase = Phase.new
    private(set) var handle: PQConnection?
    private var registration: EventLoop.Registration?
    private var interest: EventLoop.Interest = .read
    private var connectDeadline: EventLoop.Timer?

    private var segments = FIFO<Segment>()
    private var statements: StatementCache
    /// Names for the server to forget with the next statement.
    private var forgotten: [String] = []
    /// Requests that wait until no cancel request is under way, since it might hit them instead.
    private var held: [PostgresRequest] = []
    private var cancelsUnderWay = 0
    private var cancelsSent: UInt64 = 0

    /// One request's part of the pipeline.
    private struct Segment {
        let request: PostgresRequest
        let statement: PreparedStatement
        /// Results to come before the statement's own: what it evicts, its prelude, its preparation.
        let stepsBefore: Int
        /// The last of `stepsBefore` prepares the statement.
        let prepares: Bool
        /// How many cancel requests had been sent when it was.
        let cancelMark: UInt64
        var step = 0
        var outcome: PostgresResult?
        var error: PostgresError?
        var failedToPrepare = false
    }

    init(configuration: PostgresConfiguration, loop: EventLoop, events: Events) {
        self.configuration = configuration
        self.loop = loop
        self.events = events
        statements = StatementCache(capacity: configuration.statementCacheSize)
    }

    /// Statements sent or held.
    var load: Int { segments.count + held.count }

    var isReady: Bool { if case .ready = phase { true } else { false } }

    var isClosed: Bool { if case .closed = phase { true } else { false } }

    var transactionStatus: PQConnection.TransactionStatus { handle?.transactionStatus ?? .unknown }

    /// The socket took less than was given.
    var hasUnsentBytes: Bool { interest.contains(.write) }

    var backendPID: Int32 { handle?.backendPID ?? 0 }

    /// Ready, with nothing in flight and no transaction open.
    var isClean: Bool { isReady && load == 0 && cancelsUnderWay == 0 && handle?.transactionStatus == .idle }

    // MARK: Connecting

    func start() {
        guard case .new = phase else { return }
        phase = .connecting
        connectDeadline = loop.schedule(after: configuration.connectTimeout) { [weak self] in
            guard let self, case .connecting = phase else { return }
            close(PostgresError(.connectTimedOut, "no connection within \(configuration.connectTimeout)"))
        }
        let parameters = configuration.connectionParameters
        guard HostResolution.isNeeded(for: parameters) else { return connect(parameters) }
        let caller = LoopBound(self, loop: loop)
        let started = BlockingThread.run {
            let resolved = HostResolution.resolve(parameters)
            caller.enter { $0.connect(resolved) }
        }
        if !started { connect(parameters) }
    }

    private func connect(_ parameters: [ConnectionURL.Setting]) {
        guard case .connecting = phase else { return }
        guard let handle = PQConnection(parameters: parameters), !handle.isBad else {
            return close(PostgresError(.connectFailed, "cannot connect: libpq refuses the settings"))
        }
        self.handle = handle
        watch(for: .write)
    }

    /// The socket may be another one after each step, when libpq turns to the next address.
    private func continueConnecting() {
        guard case .connecting = phase, let handle else { return }
        stopWatching()
        switch handle.poll() {
        case .reading: watch(for: .read)
        case .writing: watch(for: .write)
        case .ready: becomeReady(handle)
        case .failed: close(ServerMessage.connectFailure(handle.errorMessage))
        }
    }

    private func becomeReady(_ handle: PQConnection) {
        guard handle.becomeNonBlocking(), handle.enterPipelineMode() else {
            return close(ServerMessage.connectFailure(handle.errorMessage))
        }
        if let connectDeadline { loop.cancel(connectDeadline) }
        phase = .ready
        watch(for: .read)
        events.opened()
    }

    // MARK: Watching the socket

    private func watch(for wanted: EventLoop.Interest) {
        guard let handle, handle.socket >= 0 else {
            return close(PostgresError(.connectFailed, "cannot connect: there is no socket"))
        }
        do {
            interest = wanted
            registration = try loop.register(descriptor: handle.socket, for: wanted) { [weak self] readiness in
                self?.socketReady(readiness)
            }
        } catch {
            close(PostgresError(.connectFailed, "cannot connect: \(error)"))
        }
    }

    private func stopWatching() {
        if let registration { loop.unregister(registration) }
        registration = nil
    }

    private func socketReady(_ readiness: EventLoop.Interest) {
        switch phase {
        case .connecting: continueConnecting()
        case .ready, .copying:
            if readiness.contains(.write) { flush() }
            if !readiness.isDisjoint(with: [.read, .error]) { receive() }
        case .new, .closed: break
        }
    }

    func flush() {
        guard let handle, let registration else { return }
        switch handle.flush() {
        case .done: setInterest(.read, registration)
        case .pending: setInterest([.read, .write], registration)
        case .failed: receive()
        }
        if case .copying(let progress) = phase, !hasUnsentBytes { progress.flushed() }
    }

    private func setInterest(_ wanted: EventLoop.Interest, _ registration: EventLoop.Registration) {
        guard wanted != interest else { return }
        interest = wanted
        loop.update(registration, for: wanted)
    }

    // MARK: Sending

    /// Sends the request, or holds it while a cancel request is under way. The deadline runs from now.
    func submit(_ request: PostgresRequest) {
        guard isReady, let handle else { return answer(request, with: .failure(Self.notSent), counting: true) }
        request.connection = self
        if request.deadline == nil {
            request.deadline = loop.schedule(after: request.timeout) { [weak self, weak request] in
                guard let self, let request else { return }
                end(request, .timedOut)
            }
        }
        if handle.isBad {
            held.append(request)
            lose()
        } else if cancelsUnderWay > 0 {
            held.append(request)
        } else {
            send(request)
        }
    }

    private static let notSent = PostgresError(
        .connectionLost(mayHaveExecuted: false),
        "the connection was lost before the statement was sent"
    )

    private func send(_ request: PostgresRequest) {
        guard let handle else { return answer(request, with: .failure(Self.notSent), counting: true) }
        let key = StatementCache.Key(
            sql: request.query.sql,
            types: request.query.parameters.entries.map(\.type.oid)
        )
        let (statement, prepares) = statement(for: key, of: request)
        // In a failed transaction the server refuses DEALLOCATE as well.
        let deallocations = handle.transactionStatus == .inFailedTransaction ? [] : forgotten
        var isSent = true
        if let prelude = request.prelude { isSent = handle.sendStatement(prelude) }
        for name in deallocations { isSent = isSent && handle.sendStatement("DEALLOCATE \(name)") }
        if prepares { isSent = isSent && handle.sendPrepare(name: statement.name, sql: key.sql, types: key.types) }
        isSent = isSent && handle.sendPrepared(name: statement.name, parameters: request.query.parameters)
        isSent = isSent && handle.sendSync()
        segments.append(
            Segment(
                request: request,
                statement: statement,
                stepsBefore: deallocations.count + (request.prelude == nil ? 0 : 1) + (prepares ? 1 : 0),
                prepares: prepares,
                cancelMark: cancelsSent
            )
        )
        if !deallocations.isEmpty { forgotten = [] }
        guard isSent else { return lose() }
        flush()
    }

    /// The statement to run, and whether it has to be prepared first.
    ///
    /// One sent again is prepared for itself alone: its neighbours with the same text may be failing for the same reason.
    private func statement(
        for key: StatementCache.Key,
        of request: PostgresRequest
    ) -> (statement: PreparedStatement, prepares: Bool) {
        if request.resends > 0 { return (PreparedStatement(name: "", key: key), true) }
        if let known = statements.find(key) { return (known, false) }
        let (inserted, evicted) = statements.insert(key)
        if let evicted { forgotten.append(evicted) }
        return (inserted, true)
    }

    // MARK: Receiving

    private func receive() {
        guard let handle else { return }
        let isAlive = handle.consumeInput()
        processResults(handle)
        deliverNotifications(handle)
        if case .closed = phase { return }
        if !isAlive || handle.isBad { return lose() }
        if interest.contains(.write) { flush() }
    }

    private func deliverNotifications(_ handle: PQConnection) {
        while let notification = handle.nextNotification() { events.notified(notification) }
    }

    private func processResults(_ handle: PQConnection) {
        if case .copying(let progress) = phase { return processCopy(handle, progress) }
        while isReady, let statement = segments.first?.statement, !handle.isBusy {
            switch handle.nextResult(columns: statement.columns) {
            case nil:
                segments.first?.step += 1
                guard let segment = segments.first, segment.step <= segment.stepsBefore + 1, !handle.isBad else {
                    return lose()
                }
            case .rows(let storage, let affected, let tag):
                guard let segment = segments.first, segment.step == segment.stepsBefore else { continue }
                if storage.columns.count > 0 { statement.columns = storage.columns }
                segments.first?.outcome = PostgresResult(storage: storage, affectedRows: affected, commandTag: tag)
            case .failed(let error):
                record(error)
            case .skipped:
                break
            case .copyIn:
                return close(PostgresError(.server, "COPY is not possible as a query; use copyIn"))
            case .synced:
                guard let segment = segments.popFirst() else { return }
                settle(segment)
                cancelIfEnded()
            }
        }
    }

    private func record(_ error: PostgresError) {
        guard let segment = segments.first, segment.error == nil else { return }
        segments.first?.error = error
        if segment.prepares, segment.step < segment.stepsBefore { segments.first?.failedToPrepare = true }
    }

    /// Decides what becomes of a request whose part of the pipeline is through.
    private func settle(_ segment: Segment) {
        let request = segment.request
        if segment.failedToPrepare { statements.remove(segment.statement) }
        guard let error = segment.error else {
            let empty = PostgresResult(storage: .empty, affectedRows: 0, commandTag: "")
            return answer(request, with: .success(segment.outcome ?? empty), counting: true)
        }
        if error.isStalePlan, statements.remove(segment.statement), error.sqlState == "0A000" {
            forgotten.append(segment.statement.name)
        }
        if let reason = request.endReason, error.sqlState == "57014" {
            return answer(request, with: .failure(reason.error), counting: true)
        }
        let hitByMistake = error.sqlState == "57014" && segment.cancelMark < cancelsSent
        if request.allowsResend, request.endReason == nil, error.isStalePlan || hitByMistake, request.resends < 3 {
            request.resends += 1
            return submit(request)
        }
        answer(request, with: .failure(error), counting: true)
    }

    /// - Parameter counting: whether the owner counts the request among those of this connection.
    private func answer(
        _ request: PostgresRequest,
        with result: Result<PostgresResult, PostgresError>,
        counting: Bool
    ) {
        if let deadline = request.deadline { loop.cancel(deadline) }
        request.deadline = nil
        let succeeded = if case .success = result { true } else { false }
        request.finish(result)
        if counting { events.finished(request, succeeded) }
    }

    // MARK: Ending early

    /// The caller wants the statement no longer: the server is asked to cancel it as soon as it is the one being run.
    ///
    /// The answer is the server's. If it does not come within the grace, the connection is given up, or, if other statements
    /// are still before this one, the caller is answered without it.
    func end(_ request: PostgresRequest, _ reason: PostgresRequest.EndReason) {
        guard request.endReason == nil, !request.isFinished else { return }
        request.endReason = reason
        if let index = held.firstIndex(where: { $0 === request }) {
            held.remove(at: index)
            // What is held behind it relies on the prelude.
            if request.prelude != nil { close(Self.notSent) }
            return answer(request, with: .failure(reason.error), counting: true)
        }
        cancelIfEnded()
        giveUpAfterGrace(request, reason)
    }

    private func giveUpAfterGrace(_ request: PostgresRequest, _ reason: PostgresRequest.EndReason) {
        loop.schedule(after: configuration.cancelGrace) { [weak self, weak request] in
            guard let self, let request, segments.contains(where: { $0.request === request }) else { return }
            if segments.first?.request === request {
                lose()
            } else {
                answer(request, with: .failure(reason.error), counting: false)
                giveUpAfterGrace(request, reason)
            }
        }
    }

    /// A cancel request hits whatever runs, so it is sent only when the statement to be ended is the first in the pipeline.
    private func cancelIfEnded() {
        guard cancelsUnderWay == 0, let request = segments.first?.request, request.endReason != nil else { return }
        sendCancel()
    }

    func sendCancel() {
        guard let cancel = handle?.cancelHandle() else { return }
        cancelsUnderWay += 1
        cancelsSent += 1
        events.cancelSent()
        let caller = LoopBound(self, loop: loop)
        let started = BlockingThread.run {
            _ = cancel.send()
            caller.enter { $0.cancelReturned() }
        }
        if !started { cancelReturned() }
    }

    private func cancelReturned() {
        cancelsUnderWay -= 1
        guard cancelsUnderWay == 0, isReady else { return }
        cancelIfEnded()
        guard cancelsUnderWay == 0 else { return }
        let released = held
        held = []
        for request in released { send(request) }
    }

    // MARK: Closing

    /// Ends the connection. In-flight statements fail with `connectionLost`.
    func close(_ reason: PostgresError = PostgresError(.closed, "the connection was closed")) {
        if case .closed = phase { return }
        let wasCopying: CopyProgress? = if case .copying(let progress) = phase { progress } else { nil }
        phase = .closed
        if let connectDeadline { loop.cancel(connectDeadline) }
        stopWatching()
        handle = nil
        var error = PostgresError(.connectionLost(mayHaveExecuted: true), "the connection was lost: \(reason.message)")
        error.sqlState = reason.sqlState
        error.severity = reason.severity
        for segment in segments.removeAll() {
            answer(segment.request, with: .failure(segment.request.endReason?.error ?? error), counting: false)
        }
        wasCopying?.fail(error)
        let events = events
        self.events = Events()
        events.closed(reason)
    }

    /// Requests that were held when the connection closed; the owner answers them or submits them elsewhere.
    func takeNeverSent() -> [PostgresRequest] {
        defer { held = [] }
        return held
    }

    /// The server or the network ended the connection.
    func lose() {
        let text = handle?.errorMessage ?? ""
        var reason = segments.first?.error.flatMap { $0.severity == "FATAL" || $0.sqlState == nil ? $0 : nil }
        if reason == nil {
            reason = ServerMessage.connectFailure(text.isEmpty ? "the server closed the connection" : text)
        }
        close(reason ?? Self.notSent)
    }
}
