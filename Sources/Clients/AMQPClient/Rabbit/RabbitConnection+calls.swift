internal import CRabbitMQ
internal import Glibc

extension RabbitConnection {
    /// What a connection's channels are for. A refused operation closes its channel, so each kind has its own.
    enum Channel {
        /// Publishing with confirms, or consuming.
        static let main: UInt16 = 1
        static let declarations: UInt16 = 2
        static let inspection: UInt16 = 3
    }

    // MARK: Channels

    /// Runs calls on a channel, which is opened if need be. An operation the broker refuses ends the channel alone.
    func on<Result>(_ channel: UInt16, _ body: () throws(AMQPError) -> Result) throws(AMQPError) -> Result {
        let known = channels[channel] ?? (isOpen: false, generation: 0)
        do {
            if !known.isOpen {
                _ = unsafe try call { unsafe amqp_channel_open(state, channel) }
                channels[channel] = (isOpen: true, generation: known.generation + 1)
            }
            return try body()
        } catch {
            if failure == nil, error.code == .brokerRefused { try confirmClose(ofChannel: channel) }
            throw error
        }
    }

    func selectConfirms() throws(AMQPError) {
        _ = unsafe try call { unsafe amqp_confirm_select(state, Channel.main) }
    }

    /// - Parameter prefetch: the most deliveries unsettled at a time, for each consumer.
    func consume(queue: String, prefetch: UInt16, tag: String) throws(AMQPError) {
        _ = unsafe try call { unsafe amqp_basic_qos(state, Channel.main, 0, prefetch, 0) }
        _ = unsafe try call {
            unsafe amqp_basic_consume(
                state,
                Channel.main,
                arena.bytes(queue),
                arena.bytes(tag),
                0,
                0,
                0,
                arena.table([:])
            )
        }
    }

    /// After this no more is delivered than what was received already.
    func cancelConsumer(tag: String) throws(AMQPError) {
        _ = unsafe try call { unsafe amqp_basic_cancel(state, Channel.main, arena.bytes(tag)) }
    }

    /// Says goodbye; what goes wrong meanwhile no longer matters.
    func closeInOrder() {
        guard failure == nil else { return }
        let reply = unsafe guarded { unsafe amqp_connection_close(state, AMQP_REPLY_SUCCESS) }
        if unsafe failure(of: reply) == nil { fail(AMQPError(.closed, "the connection is closed")) }
    }

    // MARK: Messages

    /// - Parameter sequence: sent along with a mandatory message, so that its return can be told from others.
    func publish(_ outgoing: AMQPOutgoing, sequence: UInt64) throws(AMQPError) {
        try send {
            var properties = unsafe properties(of: outgoing, sequence: sequence)
            let exchange = unsafe arena.bytes(outgoing.exchange)
            let routingKey = unsafe arena.bytes(outgoing.routingKey)
            return unsafe outgoing.message.body.withUnsafeBytes { buffer in
                let body = unsafe amqp_bytes_t(
                    len: buffer.count,
                    bytes: UnsafeMutableRawPointer(mutating: buffer.baseAddress)
                )
                return unsafe amqp_basic_publish(
                    state,
                    Channel.main,
                    exchange,
                    routingKey,
                    outgoing.isMandatory ? 1 : 0,
                    0,
                    &properties,
                    body
                )
            }
        }
    }

    /// The header that carries the sequence number of a mandatory message to its return; receivers do not see it.
    static let sequenceHeader = "x-publish-sequence"

    private func properties(of outgoing: AMQPOutgoing, sequence: UInt64) -> amqp_basic_properties_t {
        let message = outgoing.message
        var properties = unsafe amqp_basic_properties_t()
        var flags = UInt32(AMQP_BASIC_DELIVERY_MODE_FLAG)
        unsafe properties.delivery_mode = message.isPersistent ? 2 : 1
        func text(_ flag: Int32, _ value: String) -> amqp_bytes_t {
            flags |= UInt32(flag)
            return unsafe arena.bytes(value)
        }
        if let value = message.contentType {
            unsafe properties.content_type = text(AMQP_BASIC_CONTENT_TYPE_FLAG, value)
        }
        if let value = message.messageID { unsafe properties.message_id = text(AMQP_BASIC_MESSAGE_ID_FLAG, value) }
        if let value = message.correlationID {
            unsafe properties.correlation_id = text(AMQP_BASIC_CORRELATION_ID_FLAG, value)
        }
        if let value = message.type { unsafe properties.type = text(AMQP_BASIC_TYPE_FLAG, value) }
        if let value = message.expiration {
            unsafe properties.expiration = text(AMQP_BASIC_EXPIRATION_FLAG, String(max(0, value.wholeMilliseconds)))
        }
        var headers = message.headers
        if outgoing.isMandatory { headers[Self.sequenceHeader] = .int(Int64(clamping: sequence)) }
        if !headers.isEmpty {
            flags |= UInt32(AMQP_BASIC_HEADERS_FLAG)
            unsafe properties.headers = arena.table(headers)
        }
        unsafe properties._flags = flags
        return unsafe properties
    }

    func acknowledge(channel: UInt16, tag: UInt64, multiple: Bool) throws(AMQPError) {
        try send { unsafe amqp_basic_ack(state, channel, tag, multiple ? 1 : 0) }
    }

    func reject(channel: UInt16, tag: UInt64, multiple: Bool, requeue: Bool) throws(AMQPError) {
        try send { unsafe amqp_basic_nack(state, channel, tag, multiple ? 1 : 0, requeue ? 1 : 0) }
    }

    /// One message out of a queue, unsettled; `nil` if it is empty.
    func get(queue: String) throws(AMQPError) -> RabbitDelivery? {
        try throwIfFailed()
        arena.recycle()
        let name = unsafe arena.bytes(queue)
        let reply = unsafe guarded { unsafe amqp_basic_get(state, Channel.inspection, name, 0) }
        if let error = unsafe failure(of: reply) { throw error }
        guard unsafe reply.reply.id == SLIPWAY_BASIC_GET_OK, let decoded = unsafe reply.reply.decoded
        else { return nil }
        let answer = unsafe decoded.assumingMemoryBound(to: amqp_basic_get_ok_t.self).pointee
        let exchange = unsafe RabbitDecoding.text(answer.exchange)
        let routingKey = unsafe RabbitDecoding.text(answer.routing_key)
        var content = unsafe amqp_message_t()
        let contentReply = unsafe guarded { unsafe amqp_read_message(state, Channel.inspection, &content, 0) }
        if let error = unsafe failure(of: contentReply) { throw error }
        defer { unsafe amqp_destroy_message(&content) }
        var message = unsafe RabbitDecoding.message(content.properties)
        unsafe message.body = RabbitDecoding.array(content.body)
        return unsafe RabbitDelivery(
            message: message,
            exchange: exchange,
            routingKey: routingKey,
            isRedelivered: answer.redelivered != 0,
            tag: answer.delivery_tag
        )
    }

    // MARK: Declarations

    func declare(_ exchange: AMQPExchange) throws(AMQPError) {
        _ = unsafe try call {
            unsafe amqp_exchange_declare(
                state,
                Channel.declarations,
                arena.bytes(exchange.name),
                arena.bytes(exchange.kind.rawValue),
                0,
                exchange.isDurable ? 1 : 0,
                exchange.isAutoDelete ? 1 : 0,
                0,
                arena.table(exchange.arguments)
            )
        }
    }

    func declare(_ queue: AMQPQueue) throws(AMQPError) {
        let isExclusive = queue.kind == .exclusive
        _ = unsafe try call {
            unsafe amqp_queue_declare(
                state,
                Channel.declarations,
                arena.bytes(queue.name),
                0,
                isExclusive ? 0 : 1,
                isExclusive ? 1 : 0,
                isExclusive ? 1 : 0,
                arena.table(queue.arguments)
            )
        }
    }

    func bind(_ binding: AMQPBinding) throws(AMQPError) {
        switch binding.destination {
        case .queue(let name):
            _ = unsafe try call {
                unsafe amqp_queue_bind(
                    state,
                    Channel.declarations,
                    arena.bytes(name),
                    arena.bytes(binding.source),
                    arena.bytes(binding.routingKey),
                    arena.table(binding.arguments)
                )
            }
        case .exchange(let name):
            _ = unsafe try call {
                unsafe amqp_exchange_bind(
                    state,
                    Channel.declarations,
                    arena.bytes(name),
                    arena.bytes(binding.source),
                    arena.bytes(binding.routingKey),
                    arena.table(binding.arguments)
                )
            }
        }
    }

    func status(ofQueue name: String) throws(AMQPError) -> AMQPQueueStatus {
        let reply = unsafe try call {
            unsafe amqp_queue_declare(
                state,
                Channel.declarations,
                arena.bytes(name),
                1,
                0,
                0,
                0,
                arena.table([:])
            )
        }
        return unsafe AMQPQueueStatus(messages: Int(reply.message_count), consumers: Int(reply.consumer_count))
    }

    /// - Returns: how many messages were dropped.
    func delete(queue name: String) throws(AMQPError) -> Int {
        let reply = unsafe try call {
            unsafe amqp_queue_delete(state, Channel.declarations, arena.bytes(name), 0, 0)
        }
        return Int(reply.message_count)
    }

    /// - Returns: how many messages were dropped.
    func purge(queue name: String) throws(AMQPError) -> Int {
        let reply = unsafe try call { unsafe amqp_queue_purge(state, Channel.declarations, arena.bytes(name)) }
        return Int(reply.message_count)
    }

    func delete(exchange name: String) throws(AMQPError) {
        _ = unsafe try call { unsafe amqp_exchange_delete(state, Channel.declarations, arena.bytes(name), 0) }
    }
}
