internal import CCurl
internal import EventLoop
internal import Glibc
internal import Logging

/// Sends requests to one server over libcurl, on the event loop's thread.
///
/// Short requests and streams have lanes of their own, so that a full log stream never delays a create.
///
/// libcurl sends a request again by itself when a kept connection turns out to be closed before any answer. A create
/// by name, a delete with a uid and a patch bear that; the second answer may be "already exists".
actor CurlTransport {
    private nonisolated let eventLoop: EventLoop
    private nonisolated let endpoint: ServerEndpoint
    private let logger: Logger
    private var shortLanes: [CurlLane] = []
    private var streamLanes: [CurlLane] = []
    private let laneCount: Int
    private var transfers: [ObjectIdentifier: CurlTransfer] = [:]
    private var isClosed = false

    /// Bounds the connections of a server that offers HTTP/1.1 only.
    private static let maximumConnectionsPerLane = 8
    /// Just below the 100 streams that libcurl puts on one HTTP/2 connection.
    private static let maximumStreamsPerLane = 90

    nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe eventLoop.asUnownedSerialExecutor()
    }

    init(endpoint: ServerEndpoint, eventLoop: EventLoop, laneCount: Int, logger: Logger) {
        self.endpoint = endpoint
        self.eventLoop = eventLoop
        self.laneCount = max(1, laneCount)
        self.logger = logger
        CurlLibrary.prepare()
    }

    // MARK: The reader's side

    /// Sends a request and waits for its whole answer. Cancelling the task aborts the transfer.
    nonisolated func send(_ request: HTTPRequest) async -> Result<HTTPResponse, TransferFailure> {
        let exchange = HTTPExchange(request.delivery)
        return await withTaskCancellationHandler {
            await start(request, exchange)
            return await exchange.wholeResponse()
        } onCancel: {
            abandon(exchange)
        }
    }

    /// Sends a request and waits for the head of its answer.
    nonisolated func open(_ request: HTTPRequest) async -> Result<(HTTPHead, HTTPStream), TransferFailure> {
        let stream = HTTPStream(exchange: HTTPExchange(request.delivery), transport: self)
        return await withTaskCancellationHandler {
            await start(request, stream.exchange)
            return await stream.exchange.waitForHead().map { ($0, stream) }
        } onCancel: {
            abandon(stream.exchange)
        }
    }

    /// Ends a transfer from a place that cannot wait.
    nonisolated func abandon(_ exchange: HTTPExchange) {
        exchange.cancel()
        // why: cancellation handlers and deinitializers cannot await the loop; the task ends after one hop.
        Task { await self.cancel(exchange) }
    }

    // MARK: On the loop

    private func start(_ request: HTTPRequest, _ exchange: HTTPExchange) {
        guard !exchange.isCancelled else {
            return exchange.finish(.failure(.init(cause: .cancelled, wasSent: false, message: "cancelled")))
        }
        guard !isClosed else {
            return exchange.finish(.failure(.init(cause: .closed, wasSent: false, message: "the client is closed")))
        }
        guard endpoint.isComplete else {
            return exchange.finish(
                .failure(.init(cause: .misconfigured, wasSent: false, message: "the server's address has no host"))
            )
        }
        let lane = leastBusyLane(isStream: request.isStream)
        guard let transfer = CurlTransfer(request, endpoint: endpoint, exchange: exchange, lane: lane),
            lane.add(transfer)
        else {
            return exchange.finish(
                .failure(.init(cause: .misconfigured, wasSent: false, message: "libcurl refuses the request"))
            )
        }
        transfers[ObjectIdentifier(exchange)] = transfer
        watchForStall(transfer)
    }

    private func cancel(_ exchange: HTTPExchange) {
        guard let transfer = transfers[ObjectIdentifier(exchange)] else { return }
        fail(transfer, cause: .cancelled, message: "cancelled")
    }

    func resume(_ exchange: HTTPExchange) {
        guard let transfer = transfers[ObjectIdentifier(exchange)] else { return }
        transfer.lane.resume(transfer)
    }

    /// Fails what is under way and closes every connection.
    func close() {
        isClosed = true
        for transfer in transfers.values { fail(transfer, cause: .closed, message: "the client is closed") }
        for lane in shortLanes + streamLanes { lane.retire() }
        shortLanes = []
        streamLanes = []
    }

    private func leastBusyLane(isStream: Bool) -> CurlLane {
        var lanes = isStream ? streamLanes : shortLanes
        let least = lanes.min { $0.transferCount < $1.transferCount }
        // A new connection is opened only while the others are busy.
        // Streams beyond what a connection carries get another lane: within one, libcurl would open a connection each.
        let mayGrow = lanes.count < laneCount || (isStream && (least?.transferCount ?? 0) >= Self.maximumStreamsPerLane)
        if let least, least.transferCount == 0 || !mayGrow { return least }
        let lane = CurlLane(eventLoop: eventLoop, maximumConnections: isStream ? 0 : Self.maximumConnectionsPerLane) {
            transfer,
            result in
            self.ended(transfer, result)
        }
        lanes.append(lane)
        if isStream { streamLanes = lanes } else { shortLanes = lanes }
        return lane
    }

    private func ended(_ transfer: CurlTransfer, _ result: CURLcode) {
        let wasSent = transfer.wasSent
        forget(transfer)
        guard result != CURLE_OK else { return transfer.exchange.finish(.success(())) }
        let cause: TransferFailure.Cause = transfer.isTooLarge ? .tooLarge : .init(result)
        // An answer that never began may mean a connection whose other end is gone: nothing new goes there.
        if cause == .timedOut, wasSent, !transfer.exchange.hasHead { retire(transfer.lane) }
        let message = unsafe String(cString: curl_easy_strerror(result))
        transfer.exchange.finish(
            .failure(.init(cause: cause, wasSent: wasSent && cause != .notConnected, message: message))
        )
    }

    private func fail(_ transfer: CurlTransfer, cause: TransferFailure.Cause, message: String) {
        let wasSent = transfer.wasSent
        forget(transfer)
        transfer.lane.remove(transfer)
        transfer.exchange.finish(.failure(.init(cause: cause, wasSent: wasSent, message: message)))
    }

    private func forget(_ transfer: CurlTransfer) {
        transfers[ObjectIdentifier(transfer.exchange)] = nil
        if let timer = transfer.stallTimer { eventLoop.cancel(timer) }
        transfer.stallTimer = nil
    }

    private func retire(_ lane: CurlLane) {
        guard !lane.isRetired else { return }
        logger.notice("A connection to the API server does not answer and is replaced")
        shortLanes.removeAll { $0 === lane }
        streamLanes.removeAll { $0 === lane }
        lane.retire()
    }

    // MARK: Silence

    /// Looks again when a limit could have passed.
    private func watchForStall(_ transfer: CurlTransfer) {
        guard case .stream(let headTimeout, let inactivityLimit) = transfer.request.delivery else { return }
        let hasHead = transfer.exchange.hasHead
        // Before the head the other limit counts too: it may be the shorter one once the head is there.
        let limits = [hasHead ? nil : headTimeout, inactivityLimit].compactMap(\.self)
        guard let soonest = limits.min() else { return }
        let left = soonest - (.now - transfer.lastActivity)
        transfer.stallTimer = eventLoop.schedule(after: left > .zero ? left : soonest) { self.lookForStall(transfer) }
    }

    private func lookForStall(_ transfer: CurlTransfer) {
        transfer.stallTimer = nil
        guard transfers[ObjectIdentifier(transfer.exchange)] === transfer,
            case .stream(let headTimeout, let inactivityLimit) = transfer.request.delivery
        else { return }
        let limit = transfer.exchange.hasHead ? inactivityLimit : headTimeout ?? inactivityLimit
        // A paused transfer waits for its reader, not for the server.
        if let limit, !transfer.exchange.isPaused, .now - transfer.lastActivity >= limit {
            retire(transfer.lane)
            fail(transfer, cause: .timedOut, message: "nothing received for \(limit)")
        } else {
            watchForStall(transfer)
        }
    }
}

extension TransferFailure.Cause {
    init(_ code: CURLcode) {
        switch code {
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY, CURLE_COULDNT_CONNECT, CURLE_SSL_CONNECT_ERROR,
            CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_ISSUER_ERROR, CURLE_PROXY:
            self = .notConnected
        case CURLE_URL_MALFORMAT, CURLE_UNSUPPORTED_PROTOCOL, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CACERT_BADFILE,
            CURLE_SSL_CIPHER, CURLE_SSL_ENGINE_NOTFOUND:
            self = .misconfigured
        case CURLE_OPERATION_TIMEDOUT: self = .timedOut
        case CURLE_ABORTED_BY_CALLBACK: self = .cancelled
        default: self = .broken
        }
    }
}

/// What libcurl needs once a process.
private enum CurlLibrary {
    private static let isPrepared: Bool = {
        // A peer that closes its end must be an error of the transfer, not the end of the process. A handler that
        // someone else installed stays.
        if let previous = signal(SIGPIPE, SIG_IGN) { _ = signal(SIGPIPE, previous) }
        return curl_global_init(Int(CURL_GLOBAL_ALL)) == CURLE_OK
    }()

    static func prepare() { precondition(isPrepared, "libcurl cannot be initialised") }
}
