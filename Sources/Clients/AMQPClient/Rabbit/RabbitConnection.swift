internal import CRabbitMQ
internal import Glibc

/// A librabbitmq connection: the place where its pointers live.
///
/// Everything is copied out at once; callers see Swift values. Each call has a deadline: the library's own for replies, the
/// watchdog's for sends. A call that fails with the connection sets `failure`; after that the object is only good for its end.
// why: it is made by the connecting thread and from then on used by one loop only.
@safe final class RabbitConnection: @unchecked Sendable {
    let state: amqp_connection_state_t
    let arena = RabbitArena()
    let callTimeout: Duration
    /// As agreed with the broker.
    private(set) var heartbeat: Duration
    /// A duplicate of the library's descriptor: the library may close its own at any time, and its number may then be reused.
    private(set) var descriptor: Int32 = -1
    private var watched: Watchdog.Watched?
    private(set) var failure: AMQPError?
    var assembler = ContentAssembler()
    /// How often each channel was opened, and whether it is open now.
    var channels: [UInt16: (isOpen: Bool, generation: Int)] = [:]

    /// Connects and logs in. Blocks for at most the connect timeout, but for name resolution, whose limits are the system's.
    init(_ configuration: AMQPConfiguration) throws(AMQPError) {
        _ = Self.ignoreBrokenPipes
        guard let state = unsafe amqp_new_connection() else {
            throw AMQPError(.connectFailed, "no memory left for a connection")
        }
        unsafe self.state = unsafe state
        callTimeout = configuration.callTimeout
        heartbeat = configuration.heartbeat
        let start = ContinuousClock.now
        try openSocket(configuration)
        try watchSocket(configuration)
        let left = configuration.connectTimeout - (ContinuousClock.now - start)
        try logIn(configuration, within: max(left, .milliseconds(1)))
    }

    deinit {
        watched?.end()
        if descriptor >= 0 { close(descriptor) }
        unsafe amqp_destroy_connection(state)
    }

    // MARK: Connecting

    private func openSocket(_ configuration: AMQPConfiguration) throws(AMQPError) {
        let address = configuration.address
        guard let socket = unsafe address.isEncrypted ? amqp_ssl_socket_new(state) : amqp_tcp_socket_new(state) else {
            throw AMQPError(.connectFailed, "no memory left for a socket")
        }
        if address.isEncrypted { unsafe try prepareTLS(socket, configuration.tls) }
        var timeout = timeval(configuration.connectTimeout)
        let status = unsafe amqp_socket_open_noblock(socket, address.host, Int32(address.port), &timeout)
        guard status == AMQP_STATUS_OK.rawValue else { throw connectError(status, configuration) }
    }

    private func prepareTLS(_ socket: OpaquePointer, _ settings: AMQPTLSSettings) throws(AMQPError) {
        let (authorities, field) = try Self.authorities(settings)
        guard unsafe amqp_ssl_socket_set_cacert(socket, authorities) == AMQP_STATUS_OK.rawValue else {
            throw AMQPError(.tlsFailed, "\(field) \(authorities) is not a readable PEM file of certificates")
        }
        if let certificate = settings.certificateFile {
            guard let key = settings.keyFile else {
                throw AMQPError(.invalidConfiguration, "certificateFile is given without keyFile")
            }
            guard unsafe amqp_ssl_socket_set_key(socket, certificate, key) == AMQP_STATUS_OK.rawValue else {
                throw AMQPError(
                    .tlsFailed,
                    "certificateFile \(certificate) and keyFile \(key) are not a readable pair of PEM files"
                )
            }
        }
        unsafe amqp_ssl_socket_set_verify_peer(socket, settings.verifiesPeer ? 1 : 0)
        unsafe amqp_ssl_socket_set_verify_hostname(socket, settings.verifiesHostName ? 1 : 0)
        _ = unsafe amqp_ssl_socket_set_ssl_versions(socket, AMQP_TLSv1_2, AMQP_TLSvLATEST)
    }

    /// The library has no notion of the system's authorities, so their usual files are looked for.
    private static func authorities(_ settings: AMQPTLSSettings) throws(AMQPError) -> (String, field: String) {
        if let file = settings.authorityFile { return (file, "authorityFile") }
        let usual = ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"]
        guard let file = usual.first(where: { unsafe access($0, R_OK) == 0 }) else {
            throw AMQPError(.invalidConfiguration, "authorityFile is not given and the system has none of \(usual)")
        }
        return (file, "the system's")
    }

    private func watchSocket(_ configuration: AMQPConfiguration) throws(AMQPError) {
        let own = unsafe amqp_get_sockfd(state)
        descriptor = fcntl(own, F_DUPFD_CLOEXEC, 0)
        guard descriptor >= 0 else { throw AMQPError(.connectFailed, "no descriptor left for the connection") }
        // Data that stays unacknowledged by the peer's kernel for so long ends the connection.
        var milliseconds = UInt32(clamping: configuration.callTimeout.wholeMilliseconds)
        _ = unsafe setsockopt(
            descriptor,
            Int32(IPPROTO_TCP),
            TCP_USER_TIMEOUT,
            &milliseconds,
            socklen_t(MemoryLayout<UInt32>.size)
        )
        watched = Watchdog.shared.watch(descriptor: descriptor)
    }

    private func logIn(_ configuration: AMQPConfiguration, within limit: Duration) throws(AMQPError) {
        var handshakeTimeout = timeval(limit)
        unsafe amqp_set_handshake_timeout(state, &handshakeTimeout)
        var callTimeout = timeval(configuration.callTimeout)
        unsafe amqp_set_rpc_timeout(state, &callTimeout)
        arena.recycle()
        var properties = unsafe arena.table([
            "connection_name": .string(configuration.connectionName), "product": "slipway",
            "capabilities": [
                "consumer_cancel_notify": true, "connection.blocked": true, "authentication_failure_close": true,
                "publisher_confirms": true, "basic.nack": true, "exchange_exchange_bindings": true,
            ],
        ])
        let address = configuration.address
        let reply = unsafe guarded(within: limit) {
            unsafe slipway_amqp_login(
                state,
                address.virtualHost,
                Int32(configuration.maximumFrameSize),
                Int32(clamping: configuration.heartbeat.components.seconds),
                &properties,
                address.user,
                address.password
            )
        }
        if let error = unsafe failure(of: reply) { throw loginError(error, configuration) }
        let agreedSeconds = unsafe amqp_get_heartbeat(state)
        if agreedSeconds > 0 { heartbeat = .seconds(Int(agreedSeconds)) }
    }

    private func connectError(_ status: Int32, _ configuration: AMQPConfiguration) -> AMQPError {
        let text = Self.statusText(status)
        switch amqp_status_enum(status) {
        case AMQP_STATUS_SSL_HOSTNAME_VERIFY_FAILED:
            return AMQPError(.tlsFailed, "the certificate of \(configuration) does not name that host")
        case AMQP_STATUS_SSL_PEER_VERIFY_FAILED:
            return AMQPError(.tlsFailed, "the certificate of \(configuration) does not lead to a known authority")
        case AMQP_STATUS_SSL_ERROR, AMQP_STATUS_SSL_CONNECTION_FAILED:
            return AMQPError(.tlsFailed, "the TLS handshake with \(configuration) failed: \(text)")
        case AMQP_STATUS_TIMEOUT:
            return AMQPError(.connectFailed, "\(configuration) did not answer within \(configuration.connectTimeout)")
        default:
            return AMQPError(.connectFailed, "cannot connect to \(configuration): \(text)")
        }
    }

    /// A refused login ends in a connection error with its own reply code.
    private func loginError(_ error: AMQPError, _ configuration: AMQPConfiguration) -> AMQPError {
        if error.replyCode == 403 || error.replyCode == 530 {
            // A virtual host may yet be made, a wrong password does not mend itself.
            let code: AMQPError.Code = error.replyCode == 403 ? .accessRefused : .connectFailed
            return AMQPError(code, "\(configuration) refused the login: \(error.message)", replyCode: error.replyCode)
        }
        if error.code == .timedOut {
            return AMQPError(.connectFailed, "\(configuration) did not answer within \(configuration.connectTimeout)")
        }
        return AMQPError(
            .connectFailed,
            "the login at \(configuration) failed: \(error.message)",
            replyCode: error.replyCode
        )
    }

    /// Once per process; a send to a closed socket is an error, not a signal.
    private static let ignoreBrokenPipes: Bool = {
        _ = signal(SIGPIPE, SIG_IGN)
        return true
    }()

    // MARK: Calls and their failures

    /// Runs a call that may block, for at most `limit` (the call timeout).
    func guarded<Result>(within limit: Duration? = nil, _ call: () -> Result) -> Result {
        guard let watched else { return call() }
        // The library's own timeout comes first and says more.
        return watched.guarded(within: (limit ?? callTimeout) + .milliseconds(200), call)
    }

    /// A call with a reply.
    func call<Reply>(_ body: () -> UnsafeMutablePointer<Reply>?) throws(AMQPError) -> Reply {
        try throwIfFailed()
        arena.recycle()
        if let reply = unsafe guarded({ unsafe body() }) { return unsafe reply.pointee }
        let reply = unsafe amqp_get_rpc_reply(state)
        if let error = unsafe failure(of: reply) { throw error }
        throw fail(AMQPError(.connectionLost, "the broker's reply was missing"))
    }

    /// A call without a reply. `body` returns the library's status.
    func send(_ body: () -> Int32) throws(AMQPError) {
        try throwIfFailed()
        arena.recycle()
        let status = guarded(body)
        if status != AMQP_STATUS_OK.rawValue { throw fail(status: status) }
    }

    func throwIfFailed() throws(AMQPError) {
        if let failure { throw failure }
    }

    /// Remembers that the connection is of no more use.
    @discardableResult
    func fail(_ error: AMQPError) -> AMQPError {
        if failure == nil { failure = error }
        return failure ?? error
    }

    func fail(status: Int32) -> AMQPError {
        if watched?.isExpired == true || status == AMQP_STATUS_TIMEOUT.rawValue {
            return fail(AMQPError(.timedOut, "the broker did not answer within \(callTimeout)"))
        }
        if status == AMQP_STATUS_TABLE_TOO_BIG.rawValue || status == AMQP_STATUS_INVALID_PARAMETER.rawValue {
            // The library has sent a part of the message by then, so that the connection ends with it.
            return fail(AMQPError(.invalidArgument, "headers or arguments are too large for a frame"))
        }
        if status == AMQP_STATUS_HEARTBEAT_TIMEOUT.rawValue {
            return fail(AMQPError(.connectionLost, "the broker gave no sign of life for two heartbeats"))
        }
        return fail(AMQPError(.connectionLost, "the connection to the broker was lost: \(Self.statusText(status))"))
    }

    /// What a reply says went wrong; a closed channel leaves the connection usable.
    func failure(of reply: amqp_rpc_reply_t) -> AMQPError? {
        switch unsafe reply.reply_type {
        case AMQP_RESPONSE_NORMAL: return nil
        case AMQP_RESPONSE_LIBRARY_EXCEPTION: return fail(status: unsafe reply.library_error)
        case AMQP_RESPONSE_SERVER_EXCEPTION: return unsafe serverException(reply.reply, channel: nil)
        default: return fail(AMQPError(.connectionLost, "the broker closed the connection"))
        }
    }

    /// A `channel.close` or `connection.close`.
    func serverException(_ method: amqp_method_t, channel: UInt16?) -> AMQPError {
        guard let decoded = unsafe method.decoded else {
            return fail(AMQPError(.connectionLost, "the broker closed the connection"))
        }
        if unsafe method.id == SLIPWAY_CHANNEL_CLOSE {
            let close = unsafe decoded.assumingMemoryBound(to: amqp_channel_close_t.self).pointee
            return unsafe AMQPError(
                .brokerRefused,
                "the broker refused: \(RabbitDecoding.text(close.reply_text))",
                replyCode: Int(close.reply_code)
            )
        }
        guard unsafe method.id == SLIPWAY_CONNECTION_CLOSE else {
            return fail(AMQPError(.connectionLost, "the broker answered out of order"))
        }
        let close = unsafe decoded.assumingMemoryBound(to: amqp_connection_close_t.self).pointee
        let error = unsafe AMQPError(
            .connectionLost,
            "the broker closed the connection: \(RabbitDecoding.text(close.reply_text))",
            replyCode: Int(close.reply_code)
        )
        var answer = amqp_connection_close_ok_t()
        _ = guarded { unsafe amqp_send_method(state, 0, SLIPWAY_CONNECTION_CLOSE_OK, &answer) }
        return fail(error)
    }

    static func statusText(_ status: Int32) -> String {
        guard let text = unsafe amqp_error_string2(status) else { return "status \(status)" }
        return unsafe String(cString: text)
    }
}

extension timeval {
    init(_ duration: Duration) {
        let (seconds, attoseconds) = max(duration, .zero).components
        self.init(tv_sec: Int(seconds), tv_usec: Int(attoseconds / 1_000_000_000_000))
    }
}
