internal import CRabbitMQ
internal import Glibc

extension RabbitConnection {
    /// Whether something was received that the socket no longer announces. Look after each call.
    var hasBufferedInput: Bool {
        unsafe amqp_frames_enqueued(state) != 0 || amqp_data_in_buffer(state) != 0
    }

    /// The next word of the broker, or `nil` if there is none now. Sends a heartbeat when one is due.
    ///
    /// - Throws: `AMQPError` once the connection is of no more use.
    func nextEvent() throws(AMQPError) -> RabbitEvent? {
        try throwIfFailed()
        while true {
            if assembler.isIdle { unsafe amqp_maybe_release_buffers(state) }
            var frame = unsafe amqp_frame_t()
            var noWait = timeval()
            let status = guarded { unsafe amqp_simple_wait_frame_noblock(state, &frame, &noWait) }
            if status == AMQP_STATUS_TIMEOUT.rawValue { return nil }
            guard status == AMQP_STATUS_OK.rawValue else { throw fail(status: status) }
            if let event = unsafe try event(of: &frame) { return event }
        }
    }

    private func event(of frame: inout amqp_frame_t) throws(AMQPError) -> RabbitEvent? {
        do {
            switch Int32(unsafe frame.frame_type) {
            case AMQP_FRAME_METHOD:
                return unsafe try event(of: slipway_frame_method(&frame), channel: frame.channel)
            case AMQP_FRAME_HEADER:
                guard let properties = unsafe slipway_frame_properties(&frame) else { return nil }
                return unsafe try assembler.header(
                    RabbitDecoding.message(properties.pointee),
                    bodySize: slipway_frame_body_size(&frame)
                )
            case AMQP_FRAME_BODY:
                let body = unsafe slipway_frame_body(&frame)
                return unsafe try assembler.body(UnsafeRawBufferPointer(start: body.bytes, count: body.len))
            default:
                return nil
            }
        } catch let error as AMQPError {
            throw error
        } catch {
            throw fail(AMQPError(.connectionLost, "the broker sent a frame out of order"))
        }
    }

    private func event(of method: amqp_method_t, channel: UInt16) throws -> RabbitEvent? {
        guard let decoded = unsafe method.decoded else { return nil }
        switch unsafe method.id {
        case SLIPWAY_BASIC_DELIVER:
            let delivery = unsafe decoded.assumingMemoryBound(to: amqp_basic_deliver_t.self).pointee
            try assembler.begin(
                unsafe .delivery(
                    exchange: RabbitDecoding.text(delivery.exchange),
                    routingKey: RabbitDecoding.text(delivery.routing_key),
                    isRedelivered: delivery.redelivered != 0,
                    tag: delivery.delivery_tag
                )
            )
        case SLIPWAY_BASIC_ACK:
            let ack = unsafe decoded.assumingMemoryBound(to: amqp_basic_ack_t.self).pointee
            return .confirmed(sequence: ack.delivery_tag, multiple: ack.multiple != 0)
        case SLIPWAY_BASIC_NACK:
            let nack = unsafe decoded.assumingMemoryBound(to: amqp_basic_nack_t.self).pointee
            return .refused(sequence: nack.delivery_tag, multiple: nack.multiple != 0)
        case SLIPWAY_BASIC_RETURN:
            let returned = unsafe decoded.assumingMemoryBound(to: amqp_basic_return_t.self).pointee
            try assembler.begin(
                unsafe .returned(
                    exchange: RabbitDecoding.text(returned.exchange),
                    routingKey: RabbitDecoding.text(returned.routing_key),
                    replyText: RabbitDecoding.text(returned.reply_text)
                )
            )
        case SLIPWAY_BASIC_CANCEL:
            return .consumerCancelled
        case SLIPWAY_CONNECTION_BLOCKED:
            let blocked = unsafe decoded.assumingMemoryBound(to: amqp_connection_blocked_t.self).pointee
            return unsafe .blocked(reason: RabbitDecoding.text(blocked.reason))
        case SLIPWAY_CONNECTION_UNBLOCKED:
            return .unblocked
        case SLIPWAY_CHANNEL_CLOSE:
            let error = unsafe serverException(method, channel: channel)
            try confirmClose(ofChannel: channel)
            return .channelClosed(channel: channel, error)
        case SLIPWAY_CONNECTION_CLOSE:
            throw unsafe serverException(method, channel: nil)
        default:
            break
        }
        return nil
    }

    /// Answers the broker's `channel.close`, so that the number can be used again.
    func confirmClose(ofChannel channel: UInt16) throws(AMQPError) {
        if channel == Channel.main { assembler = ContentAssembler() }
        channels[channel]?.isOpen = false
        var answer = amqp_channel_close_ok_t()
        try send { unsafe amqp_send_method(state, channel, SLIPWAY_CHANNEL_CLOSE_OK, &answer) }
    }
}
