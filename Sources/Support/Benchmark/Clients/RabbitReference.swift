internal import CRabbitMQ
internal import FoundationEssentials
internal import Glibc

/// The plainest program that publishes and consumes over librabbitmq: one thread, one connection, nothing kept beyond what the
/// protocol needs. What it reaches is what the broker and the library can do.
struct RabbitReference: Sendable {
    private let host: String
    private let port: Int32
    private let user: String
    private let password: String
    private let virtualHost: String
    private let queue: String
    private let body: [UInt8]

    /// - Throws: `BenchmarkError` for an address with TLS, which the plain program does not speak.
    init(url: String, queue: String, body: [UInt8]) throws(BenchmarkError) {
        guard let parts = URLComponents(string: url), parts.scheme == "amqp", let host = parts.host else {
            throw BenchmarkError("the broker's address is not of the form amqp://user:password@host:port/virtual-host")
        }
        self.host = host
        port = Int32(parts.port ?? 5672)
        user = parts.user ?? "guest"
        password = parts.password ?? "guest"
        virtualHost = parts.path.count > 1 ? String(parts.path.dropFirst()) : "/"
        self.queue = queue
        self.body = body
    }

    /// Messages confirmed a second, at most `window` unconfirmed at a time.
    func publishRate(window: Int, seconds: Int) throws -> Double {
        let session = try RabbitLoop(
            host: host,
            port: port,
            virtualHost: virtualHost,
            user: user,
            password: password,
            queue: queue
        )
        try session.selectConfirms()
        let start = ContinuousClock.now
        let deadline = start + .seconds(seconds)
        while ContinuousClock.now < deadline {
            try session.publish(body)
            while session.unconfirmed >= window || session.hasBufferedInput { try session.takeConfirm() }
        }
        while session.unconfirmed > 0 { try session.takeConfirm() }
        return Double(session.published) / (ContinuousClock.now - start).inSeconds
    }

    /// Messages consumed a second. The clock starts with the first acknowledgement.
    func consumeRate(messages: Int, prefetch: UInt16, acknowledgedAtOnce: Int) throws -> Double {
        let session = try RabbitLoop(
            host: host,
            port: port,
            virtualHost: virtualHost,
            user: user,
            password: password,
            queue: queue
        )
        try session.subscribe(prefetch: prefetch)
        var start: ContinuousClock.Instant?
        for number in 1...messages {
            let tag = try session.takeDelivery()
            guard number % acknowledgedAtOnce == 0 || number == messages else { continue }
            try session.acknowledge(upTo: tag)
            if start == nil { start = .now }
        }
        guard let start else { return 0 }
        return Double(messages - acknowledgedAtOnce) / (ContinuousClock.now - start).inSeconds
    }
}

/// A librabbitmq connection with one channel, used by one thread.
@safe private final class RabbitLoop {
    private static let channel: amqp_channel_t = 1
    private static let waitSeconds = 30

    private let state: amqp_connection_state_t
    /// The queue's name as the library wants it; freed with the connection.
    private let queue: amqp_bytes_t
    private(set) var published: UInt64 = 0
    private var confirmed: Set<UInt64> = []
    /// All tags below it are confirmed.
    private var lowestUnconfirmed: UInt64 = 1

    /// Published and not confirmed.
    var unconfirmed: Int { Int(published + 1 - lowestUnconfirmed) - confirmed.count }

    init(
        host: String,
        port: Int32,
        virtualHost: String,
        user: String,
        password: String,
        queue: String
    ) throws(BenchmarkError) {
        guard let state = unsafe amqp_new_connection() else { throw BenchmarkError("no memory for a connection") }
        unsafe self.state = unsafe state
        unsafe self.queue = unsafe amqp_bytes_malloc_dup(amqp_cstring_bytes(queue))
        guard let socket = unsafe amqp_tcp_socket_new(state),
            unsafe amqp_socket_open(socket, host, port) == AMQP_STATUS_OK.rawValue
        else { throw BenchmarkError("the broker at \(host):\(port) cannot be reached") }
        var properties = unsafe amqp_table_t(num_entries: 0, entries: nil)
        let reply = unsafe slipway_amqp_login(state, virtualHost, 131_072, 60, &properties, user, password)
        try unsafe Self.check(reply, "the login")
        _ = unsafe amqp_channel_open(state, Self.channel)
        try checkReply("opening a channel")
    }

    deinit {
        _ = unsafe amqp_connection_close(state, AMQP_REPLY_SUCCESS)
        unsafe amqp_destroy_connection(state)
        unsafe amqp_bytes_free(queue)
    }

    // MARK: Publishing

    func selectConfirms() throws(BenchmarkError) {
        _ = unsafe amqp_confirm_select(state, Self.channel)
        try checkReply("asking for confirms")
    }

    func publish(_ body: [UInt8]) throws(BenchmarkError) {
        var properties = unsafe amqp_basic_properties_t()
        unsafe properties._flags = UInt32(AMQP_BASIC_DELIVERY_MODE_FLAG)
        unsafe properties.delivery_mode = 2
        let exchange = unsafe amqp_bytes_t(len: 0, bytes: nil)
        let status = unsafe body.withUnsafeBytes { buffer in
            let bytes = unsafe amqp_bytes_t(
                len: buffer.count,
                bytes: UnsafeMutableRawPointer(mutating: buffer.baseAddress)
            )
            return unsafe amqp_basic_publish(state, Self.channel, exchange, queue, 0, 0, &properties, bytes)
        }
        guard status == AMQP_STATUS_OK.rawValue else { throw BenchmarkError("publishing failed with status \(status)") }
        published += 1
    }

    /// Whether something was received that the socket no longer announces.
    var hasBufferedInput: Bool {
        unsafe amqp_frames_enqueued(state) != 0 || amqp_data_in_buffer(state) != 0
    }

    /// Waits for one frame, which may confirm several messages.
    func takeConfirm() throws(BenchmarkError) {
        unsafe amqp_maybe_release_buffers(state)
        var frame = unsafe amqp_frame_t()
        var limit = timeval(tv_sec: Self.waitSeconds, tv_usec: 0)
        let status = unsafe amqp_simple_wait_frame_noblock(state, &frame, &limit)
        guard status == AMQP_STATUS_OK.rawValue else { throw BenchmarkError("no confirm came, status \(status)") }
        guard Int32(unsafe frame.frame_type) == AMQP_FRAME_METHOD else { return }
        let method = unsafe slipway_frame_method(&frame)
        guard unsafe method.id == SLIPWAY_BASIC_ACK, let decoded = unsafe method.decoded else {
            throw BenchmarkError("the broker answered a publish with something else than a confirm")
        }
        let confirm = unsafe decoded.assumingMemoryBound(to: amqp_basic_ack_t.self).pointee
        note(confirm.delivery_tag, isMultiple: confirm.multiple != 0)
    }

    private func note(_ tag: UInt64, isMultiple: Bool) {
        if isMultiple, tag >= lowestUnconfirmed {
            confirmed = confirmed.filter { $0 > tag }
            lowestUnconfirmed = tag + 1
        } else if !isMultiple {
            confirmed.insert(tag)
        }
        while confirmed.remove(lowestUnconfirmed) != nil { lowestUnconfirmed += 1 }
    }

    // MARK: Consuming

    func subscribe(prefetch: UInt16) throws(BenchmarkError) {
        _ = unsafe amqp_basic_qos(state, Self.channel, 0, prefetch, 0)
        try checkReply("setting the prefetch")
        let tag = unsafe amqp_bytes_t(len: 0, bytes: nil)
        let arguments = unsafe amqp_table_t(num_entries: 0, entries: nil)
        _ = unsafe amqp_basic_consume(state, Self.channel, queue, tag, 0, 0, 0, arguments)
        try checkReply("subscribing")
    }

    /// - Returns: the delivery's tag.
    func takeDelivery() throws(BenchmarkError) -> UInt64 {
        unsafe amqp_maybe_release_buffers(state)
        var envelope = unsafe amqp_envelope_t()
        var limit = timeval(tv_sec: Self.waitSeconds, tv_usec: 0)
        let reply = unsafe amqp_consume_message(state, &envelope, &limit, 0)
        try unsafe Self.check(reply, "consuming")
        defer { unsafe amqp_destroy_envelope(&envelope) }
        return unsafe envelope.delivery_tag
    }

    func acknowledge(upTo tag: UInt64) throws(BenchmarkError) {
        let status = unsafe amqp_basic_ack(state, Self.channel, tag, 1)
        guard status == AMQP_STATUS_OK.rawValue else {
            throw BenchmarkError("acknowledging failed with status \(status)")
        }
    }

    // MARK: Replies

    private func checkReply(_ what: String) throws(BenchmarkError) {
        let reply = unsafe amqp_get_rpc_reply(state)
        try unsafe Self.check(reply, what)
    }

    private static func check(_ reply: amqp_rpc_reply_t, _ what: String) throws(BenchmarkError) {
        guard unsafe reply.reply_type == AMQP_RESPONSE_NORMAL else {
            throw BenchmarkError("\(what) failed with status \(unsafe reply.library_error)")
        }
    }
}
