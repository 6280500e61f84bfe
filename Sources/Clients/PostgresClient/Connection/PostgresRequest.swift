internal import EventLoop

/// One statement on its way, and who waits for it. It lives on the loop.
final class PostgresRequest {
    typealias ID = UInt64

    /// Why its caller no longer wants it.
    enum EndReason {
        case timedOut
        case cancelled

        var error: PostgresError {
            switch self {
            case .timedOut: PostgresError(.queryTimedOut, "the statement did not end before its deadline")
            case .cancelled: PostgresError(.cancelled, "the task that ran the statement was cancelled")
            }
        }
    }

    let id: ID
    let query: PostgresQuery
    let timeout: Duration
    /// A statement that is a transaction of its own may be sent again when it surely was not carried out.
    let allowsResend: Bool
    /// Runs before the statement, in its part of the pipeline: if it fails, the statement does not run.
    let prelude: String?

    /// Where it was sent; `nil` while it waits in the pool.
    weak var connection: PostgresConnection?
    var endReason: EndReason?
    var deadline: EventLoop.Timer?
    var resends = 0
    private var finishHandler: ((Result<PostgresResult, PostgresError>) -> Void)?

    init(
        id: ID,
        query: PostgresQuery,
        timeout: Duration,
        allowsResend: Bool,
        prelude: String? = nil,
        finish: @escaping (Result<PostgresResult, PostgresError>) -> Void
    ) {
        self.id = id
        self.query = query
        self.timeout = timeout
        self.allowsResend = allowsResend
        self.prelude = prelude
        finishHandler = finish
    }

    var isFinished: Bool { finishHandler == nil }

    /// Tells the caller; only the first time counts.
    func finish(_ result: Result<PostgresResult, PostgresError>) {
        guard let handler = finishHandler else { return }
        finishHandler = nil
        handler(result)
    }
}
