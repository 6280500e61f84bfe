internal import CPostgres
internal import Glibc

/// A libpq connection: the one place where its pointers live.
///
/// Everything is copied out at once; callers see Swift values. Not to be used from two threads at a time. `finish()` may come
/// early, the end of the object sees to it otherwise.
@safe final class PQConnection {
    enum Polling {
        case reading, writing, ready, failed
    }

    enum Flush {
        case done, pending, failed
    }

    enum TransactionStatus {
        case idle, active, inTransaction, inFailedTransaction, unknown
    }

    /// One result, already copied and freed.
    enum Outcome {
        case rows(ResultStorage, affected: Int, tag: String)
        case failed(PostgresError)
        /// Not carried out because a statement before it in the pipeline failed.
        case skipped
        /// The end of a statement's part of the pipeline.
        case synced
        case copyIn
    }

    private var pointer: OpaquePointer

    /// Begins to connect without waiting. `poll()` carries on.
    init?(parameters: [ConnectionURL.Setting]) {
        var keywords = unsafe parameters.map { unsafe UnsafePointer<CChar>?(strdup($0.keyword)) }
        var values = unsafe parameters.map { unsafe UnsafePointer<CChar>?(strdup($0.value)) }
        defer {
            unsafe (keywords + values).forEach { unsafe free(UnsafeMutableRawPointer(mutating: $0)) }
        }
        unsafe keywords.append(nil)
        unsafe values.append(nil)
        guard let connection = unsafe PQconnectStartParams(keywords, values, 0) else { return nil }
        unsafe pointer = connection
        // Only the verbose form of a connect error holds its SQLSTATE.
        _ = unsafe PQsetErrorVerbosity(connection, PQERRORS_VERBOSE)
        unsafe slipway_pq_ignore_notices(connection)
    }

    deinit { unsafe PQfinish(pointer) }

    // MARK: State

    var isBad: Bool { unsafe PQstatus(pointer) == CONNECTION_BAD }
    /// -1 if there is none.
    var socket: Int32 { unsafe PQsocket(pointer) }
    var backendPID: Int32 { unsafe PQbackendPID(pointer) }
    /// A result can be taken only if not busy.
    var isBusy: Bool { unsafe PQisBusy(pointer) != 0 }

    var transactionStatus: TransactionStatus {
        switch unsafe PQtransactionStatus(pointer) {
        case PQTRANS_IDLE: .idle
        case PQTRANS_ACTIVE: .active
        case PQTRANS_INTRANS: .inTransaction
        case PQTRANS_INERROR: .inFailedTransaction
        default: .unknown
        }
    }

    /// libpq's own words for what failed last.
    var errorMessage: String {
        guard let message = unsafe PQerrorMessage(pointer) else { return "" }
        return unsafe String(cString: message)
    }

    // MARK: Connecting

    func poll() -> Polling {
        switch unsafe PQconnectPoll(pointer) {
        case PGRES_POLLING_READING: .reading
        case PGRES_POLLING_WRITING: .writing
        case PGRES_POLLING_OK: .ready
        default: .failed
        }
    }

    func becomeNonBlocking() -> Bool { unsafe PQsetnonblocking(pointer, 1) == 0 }

    func enterPipelineMode() -> Bool { unsafe PQenterPipelineMode(pointer) == 1 }

    func exitPipelineMode() -> Bool { unsafe PQexitPipelineMode(pointer) == 1 }

    // MARK: Sending

    func sendPrepare(name: String, sql: String, types: [UInt32]) -> Bool {
        unsafe PQsendPrepare(pointer, name, sql, Int32(types.count), types) == 1
    }

    /// A statement without parameters, not prepared.
    func sendStatement(_ sql: String) -> Bool {
        unsafe PQsendQueryParams(pointer, sql, 0, nil, nil, nil, nil, 1) == 1
    }

    func sendPrepared(name: String, parameters: PostgresParameters) -> Bool {
        let entries = parameters.entries
        guard !entries.isEmpty else { return unsafe PQsendQueryPrepared(pointer, name, 0, nil, nil, nil, 1) == 1 }
        let lengths = entries.map { Int32(clamping: $0.length) }
        let formats = entries.map { $0.type.format.rawValue }
        // An empty buffer has no address, and a null address would mean NULL.
        let bytes = parameters.bytes.isEmpty ? [0] : parameters.bytes
        return unsafe bytes.withUnsafeBytes { buffer in
            let base = unsafe buffer.baseAddress?.assumingMemoryBound(to: CChar.self)
            let values = unsafe entries.map { entry in unsafe entry.length < 0 ? nil : base?.advanced(by: entry.offset)
            }
            return unsafe PQsendQueryPrepared(pointer, name, Int32(entries.count), values, lengths, formats, 1) == 1
        }
    }

    func sendSync() -> Bool { unsafe slipway_pq_send_sync(pointer) == 1 }

    func flush() -> Flush {
        switch unsafe PQflush(pointer) {
        case 0: .done
        case 1: .pending
        default: .failed
        }
    }

    // MARK: Receiving

    func consumeInput() -> Bool { unsafe PQconsumeInput(pointer) == 1 }

    /// The next result; `nil` at the end of a step of the pipeline.
    ///
    /// - Parameter columns: what is known of its columns, to be shared instead of read again.
    func nextResult(columns: ResultColumns?) -> Outcome? {
        guard let result = unsafe PQgetResult(pointer) else { return nil }
        defer { unsafe PQclear(result) }
        switch unsafe PQresultStatus(result) {
        case PGRES_TUPLES_OK: return unsafe rows(result, columns: columns)
        case PGRES_COMMAND_OK, PGRES_EMPTY_QUERY:
            return unsafe .rows(.empty, affected: Self.affectedRows(result), tag: Self.commandTag(result))
        case PGRES_PIPELINE_SYNC: return .synced
        case PGRES_PIPELINE_ABORTED: return .skipped
        case PGRES_COPY_IN: return .copyIn
        case PGRES_FATAL_ERROR, PGRES_BAD_RESPONSE: return unsafe .failed(Self.error(of: result))
        default:
            return .failed(PostgresError(.server, "the statement is of a kind that cannot be run here, such as COPY"))
        }
    }

    func nextNotification() -> PostgresNotification? {
        guard let notification = unsafe PQnotifies(pointer) else { return nil }
        defer { unsafe PQfreemem(notification) }
        return unsafe PostgresNotification(
            channel: String(cString: notification.pointee.relname),
            payload: String(cString: notification.pointee.extra),
            backendPID: notification.pointee.be_pid
        )
    }

    // MARK: COPY

    /// - Returns: `nil` if it failed, `false` if there is no room now.
    func putCopyData(_ bytes: [UInt8]) -> Bool? {
        let status = unsafe bytes.withUnsafeBytes { buffer in
            unsafe PQputCopyData(
                pointer,
                buffer.baseAddress?.assumingMemoryBound(to: CChar.self),
                Int32(buffer.count)
            )
        }
        return status < 0 ? nil : status == 1
    }

    /// - Parameter problem: makes the server refuse what was sent.
    /// - Returns: `nil` if it failed, `false` if there is no room now.
    func putCopyEnd(problem: String?) -> Bool? {
        let status = unsafe PQputCopyEnd(pointer, problem)
        return status < 0 ? nil : status == 1
    }

    /// The simple protocol, outside pipeline mode.
    func sendSimple(_ sql: String) -> Bool { unsafe PQsendQuery(pointer, sql) == 1 }

    // MARK: Cancelling

    /// What it takes to ask, from any thread, that the running statement be cancelled.
    func cancelHandle() -> PQCancelHandle? {
        guard let handle = unsafe PQgetCancel(pointer) else { return nil }
        return unsafe PQCancelHandle(handle)
    }

    // MARK: Copying results

    private func rows(_ result: OpaquePointer, columns known: ResultColumns?) -> Outcome {
        let columnCount = unsafe PQnfields(result)
        let rowCount = unsafe PQntuples(result)
        let columns = unsafe known.flatMap { $0.count == Int(columnCount) ? $0 : nil } ?? Self.columns(of: result)
        var bytes: [UInt8] = []
        var ends: [Int] = []
        ends.reserveCapacity(Int(rowCount) * Int(columnCount))
        for row in 0..<rowCount {
            for column in 0..<columnCount {
                let length = unsafe Int(PQgetlength(result, row, column))
                if length == 0 {
                    ends.append(unsafe PQgetisnull(result, row, column) == 1 ? ~bytes.count : bytes.count)
                    continue
                }
                let value = unsafe UnsafeRawBufferPointer(start: PQgetvalue(result, row, column), count: length)
                unsafe bytes.append(contentsOf: value)
                ends.append(bytes.count)
            }
        }
        let storage = ResultStorage(columns: columns, rowCount: Int(rowCount), bytes: bytes, ends: ends)
        return unsafe .rows(storage, affected: Self.affectedRows(result), tag: Self.commandTag(result))
    }

    private static func columns(of result: OpaquePointer) -> ResultColumns {
        let count = unsafe PQnfields(result)
        return ResultColumns(
            names: (0..<count).map { column in
                guard let name = unsafe PQfname(result, column) else { return "" }
                return unsafe String(cString: name)
            },
            types: (0..<count).map { unsafe PQftype(result, $0) }
        )
    }

    private static func affectedRows(_ result: OpaquePointer) -> Int {
        guard let text = unsafe PQcmdTuples(result), unsafe text.pointee != 0 else { return 0 }
        return unsafe atol(text)
    }

    private static func commandTag(_ result: OpaquePointer) -> String {
        guard let tag = unsafe PQcmdStatus(result) else { return "" }
        return unsafe String(cString: tag)
    }

    private static func error(of result: OpaquePointer) -> PostgresError {
        func field(_ code: Int) -> String? {
            guard let text = unsafe PQresultErrorField(result, Int32(code)) else { return nil }
            return unsafe String(cString: text)
        }
        let sqlState = field(SLIPWAY_DIAG_SQLSTATE)
        let message = field(SLIPWAY_DIAG_MESSAGE) ?? "the connection to the server failed"
        var error = PostgresError(.server, ServerMessage.withoutValues(message, sqlState: sqlState))
        error.sqlState = sqlState
        error.severity = field(SLIPWAY_DIAG_SEVERITY)
        error.detail = field(SLIPWAY_DIAG_DETAIL)
        error.position = field(SLIPWAY_DIAG_POSITION).flatMap { Int($0) }
        error.schema = field(SLIPWAY_DIAG_SCHEMA)
        error.table = field(SLIPWAY_DIAG_TABLE)
        error.column = field(SLIPWAY_DIAG_COLUMN)
        error.constraint = field(SLIPWAY_DIAG_CONSTRAINT)
        return error
    }
}

/// A request to cancel, good on any thread and beyond the connection's end.
// why: libpq allows its use from any thread, and it is never changed
@safe final class PQCancelHandle: @unchecked Sendable {
    private let pointer: OpaquePointer

    fileprivate init(_ pointer: OpaquePointer) { unsafe self.pointer = pointer }

    deinit { unsafe PQfreeCancel(pointer) }

    /// Blocks until the server has taken the request.
    func send() -> Bool {
        var problem = [CChar](repeating: 0, count: 256)
        return unsafe PQcancel(pointer, &problem, Int32(problem.count)) == 1
    }
}
