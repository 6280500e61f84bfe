internal import EventLoop

/// What is remembered of a lent connection.
struct Lease {
    /// Begins the transaction together with its first statement; `nil` once it has, and for plain sessions.
    var begin: String?
    /// Whether anything was sent that a reset has to undo.
    var isUsed = false
    /// The failure that makes the transaction worth running again, if there was one.
    var conflict: PostgresError?
    /// Runs within a transaction, so that a lost connection means it was rolled back.
    var isTransaction = false
}

extension PoolEngine {
    private static let noLease = PostgresError(.closed, "the session or transaction has ended")

    // MARK: Statements

    func query(_ query: PostgresQuery, on lease: LeaseID) async throws(PostgresError) -> PostgresResult {
        try Self.check(query)
        let connection = try connection(of: lease)
        let begin = takeBegin(of: lease)
        let id = nextSerial()
        let result = await cancellable([id]) { [self] continuation in
            connection.submit(
                makeRequest(id, query, prelude: begin, allowsResend: false) { continuation.resume(returning: $0) }
            )
        }
        return try note([result], on: lease, began: begin)[0].get()
    }

    func batch(
        _ queries: [PostgresQuery],
        on lease: LeaseID
    ) async throws(PostgresError) -> [Result<PostgresResult, PostgresError>] {
        for query in queries { try Self.check(query) }
        let connection = try connection(of: lease)
        guard !queries.isEmpty else { return [] }
        let begin = takeBegin(of: lease)
        let ids = queries.map { _ in nextSerial() }
        let results = await cancellable(ids) { [self] continuation in
            let collector = BatchCollector(count: queries.count) { continuation.resume(returning: $0) }
            for (index, query) in queries.enumerated() {
                let prelude = index == 0 ? begin : nil
                connection.submit(
                    makeRequest(ids[index], query, prelude: prelude, allowsResend: false) {
                        collector.set($0, at: index)
                    }
                )
            }
        }
        return note(results, on: lease, began: begin)
    }

    func backendPID(of lease: LeaseID) throws(PostgresError) -> Int32 {
        try connection(of: lease).backendPID
    }

    private func connection(of lease: LeaseID) throws(PostgresError) -> PostgresConnection {
        guard leases[lease] != nil else { throw Self.noLease }
        guard let connection = connections[lease.connection] else {
            throw PostgresError(
                .connectionLost(mayHaveExecuted: false),
                "the connection was lost before the statement was sent"
            )
        }
        return connection
    }

    private func takeBegin(of lease: LeaseID) -> String? {
        leases[lease]?.isUsed = true
        defer { leases[lease]?.begin = nil }
        return leases[lease]?.begin
    }

    /// Remembers what the results mean for the transaction.
    private func note(
        _ results: [Result<PostgresResult, PostgresError>],
        on lease: LeaseID,
        began: String?
    ) -> [Result<PostgresResult, PostgresError>] {
        guard leases[lease]?.isTransaction == true else { return results }
        // A transaction that did not begin must not let the next statement commit on its own.
        if let began, connections[lease.connection]?.transactionStatus == .idle { leases[lease]?.begin = began }
        return results.map { result in
            guard case .failure(var error) = result else { return result }
            if error.code == .connectionLost(mayHaveExecuted: true) {
                // No COMMIT was sent, so the server has rolled back.
                error = error.with(.connectionLost(mayHaveExecuted: false))
            }
            if error.isTransactionConflict || error.isStalePlan || error.code == .connectionLost(mayHaveExecuted: false)
            {
                leases[lease]?.conflict = error
            }
            return .failure(error)
        }
    }

    // MARK: The end of a lease

    func commit(_ lease: LeaseID) async throws(PostgresError) {
        guard let ending = leases[lease] else { throw Self.noLease }
        guard ending.isUsed, ending.begin == nil else { return await release(lease, resetting: false) }
        let result = await finishing("COMMIT", on: lease)
        await release(lease, resetting: false)
        guard try result.get().commandTag == "COMMIT" else {
            if let conflict = ending.conflict { throw conflict }
            throw PostgresError(
                .transactionRolledBack,
                "the transaction was rolled back, since one of its statements had failed"
            )
        }
    }

    /// - Returns: the conflict or loss that ended the transaction, if one did.
    func rollBack(_ lease: LeaseID) async -> PostgresError? {
        guard let ending = leases[lease] else { return nil }
        if ending.isUsed, ending.begin == nil, connections[lease.connection] != nil {
            _ = await finishing("ROLLBACK", on: lease)
        }
        await release(lease, resetting: false)
        return ending.conflict
    }

    /// Gives the connection back if it is as clean as it was lent, else closes it.
    func release(_ lease: LeaseID, resetting: Bool) async {
        guard let ending = leases.removeValue(forKey: lease) else { return }
        if resetting, ending.isUsed { await reset(lease) }
        guard let connection = connections[lease.connection] else { return }
        if connection.isClean {
            perform(state.released(lease.connection))
        } else {
            connection.close()
        }
    }

    /// What a session may leave behind, undone in one round trip. Prepared statements stay.
    private func reset(_ lease: LeaseID) async {
        guard let connection = connections[lease.connection] else { return }
        var statements = [
            "CLOSE ALL", "SET SESSION AUTHORIZATION DEFAULT", "RESET ALL", "UNLISTEN *",
            "SELECT pg_advisory_unlock_all()", "DISCARD TEMP",
        ]
        if connection.transactionStatus != .idle { statements.insert("ROLLBACK", at: 0) }
        let results = await withCheckedContinuation(isolation: self) { continuation in
            let collector = BatchCollector(count: statements.count) { continuation.resume(returning: $0) }
            for (index, sql) in statements.enumerated() {
                connection.submit(
                    makeRequest(nextSerial(), PostgresQuery(sql), allowsResend: false) { collector.set($0, at: index) }
                )
            }
        }
        if results.contains(where: { if case .failure = $0 { true } else { false } }) { connection.close() }
    }

    /// COMMIT and ROLLBACK are sent even if the task is cancelled.
    private func finishing(_ sql: String, on lease: LeaseID) async -> Result<PostgresResult, PostgresError> {
        guard let connection = connections[lease.connection] else {
            return .failure(
                PostgresError(.connectionLost(mayHaveExecuted: false), "the connection was lost before \(sql)")
            )
        }
        return await withCheckedContinuation(isolation: self) { continuation in
            connection.submit(
                makeRequest(nextSerial(), PostgresQuery(sql), allowsResend: false) {
                    continuation.resume(returning: $0)
                }
            )
        }
    }

    // MARK: COPY

    func beginCopy(_ sql: String, on lease: LeaseID) async throws(PostgresError) {
        let connection = try connection(of: lease)
        _ = try await copyStep(on: lease) { connection.beginCopy(sql, $0) }
    }

    func sendCopyData(_ bytes: [UInt8], on lease: LeaseID) async throws(PostgresError) {
        let connection = try connection(of: lease)
        _ = try await copyStep(on: lease) { connection.sendCopyData(bytes, $0) }
    }

    /// - Parameter problem: if given, nothing is loaded.
    func endCopy(problem: String?, on lease: LeaseID) async throws(PostgresError) -> Int {
        let connection = try connection(of: lease)
        return try await copyStep(on: lease) { connection.endCopy(problem: problem, $0) }
    }

    /// Each step has a statement's deadline.
    private func copyStep(
        on lease: LeaseID,
        _ start: (@escaping PostgresConnection.CopyStep) -> Void
    ) async throws(PostgresError) -> Int {
        let id = lease.connection
        let deadline = eventLoop.schedule(after: configuration.statementTimeout) { [weak self] in
            self?.assumeIsolated { $0.connections[id]?.endCopyEarly(.timedOut) }
        }
        defer { eventLoop.cancel(deadline) }
        let result: Result<Int, PostgresError> = await withTaskCancellationHandler {
            await withCheckedContinuation(isolation: self) { continuation in
                start { continuation.resume(returning: $0) }
            }
        } onCancel: {
            eventLoop.execute { self.assumeIsolated { $0.connections[id]?.endCopyEarly(.cancelled) } }
        }
        return try note(result, on: lease)
    }

    private func note(_ result: Result<Int, PostgresError>, on lease: LeaseID) throws(PostgresError) -> Int {
        do {
            return try result.get()
        } catch {
            let noted = note([.failure(error)], on: lease, began: nil)
            if case .failure(let error) = noted[0] { throw error }
            throw error
        }
    }
}
