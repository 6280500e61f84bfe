/// What the broker says unasked.
enum RabbitEvent: Sendable {
    case confirmed(sequence: UInt64, multiple: Bool)
    case refused(sequence: UInt64, multiple: Bool)
    case returned(AMQPMessage, exchange: String, routingKey: String, replyText: String)
    case delivered(RabbitDelivery)
    case consumerCancelled
    case channelClosed(channel: UInt16, AMQPError)
    case blocked(reason: String)
    case unblocked
}

struct RabbitDelivery: Sendable {
    var message: AMQPMessage
    let exchange: String
    let routingKey: String
    let isRedelivered: Bool
    let tag: UInt64
}

/// Puts the frames of a content back together: a method, a header, and bodies until the announced size is reached.
struct ContentAssembler {
    /// What the content belongs to.
    enum Envelope: Sendable {
        case delivery(exchange: String, routingKey: String, isRedelivered: Bool, tag: UInt64)
        case returned(exchange: String, routingKey: String, replyText: String)
    }

    enum Failure: Error {
        /// The frame has no place here, or the bodies exceed what was announced.
        case unexpectedFrame
    }

    private enum State {
        /// Nothing is under way. A method leads to `awaitingHeader`.
        case idle
        /// To `awaitingBody`, or at once to `idle` when the body is empty.
        case awaitingHeader(Envelope)
        /// To `idle` once nothing is missing.
        case awaitingBody(Envelope, AMQPMessage, missing: UInt64)
    }

    /// A broker's word on a body's size is trusted so far in advance.
    private static let mostReserved: UInt64 = 16 << 20

    private var state = State.idle

    var isIdle: Bool { if case .idle = state { true } else { false } }

    mutating func begin(_ envelope: Envelope) throws(Failure) {
        guard case .idle = state else { throw .unexpectedFrame }
        state = .awaitingHeader(envelope)
    }

    mutating func header(_ message: AMQPMessage, bodySize: UInt64) throws(Failure) -> RabbitEvent? {
        guard case .awaitingHeader(let envelope) = state else { throw .unexpectedFrame }
        guard bodySize > 0 else {
            state = .idle
            return Self.event(envelope, message)
        }
        var message = message
        message.body.reserveCapacity(Int(min(bodySize, Self.mostReserved)))
        state = .awaitingBody(envelope, message, missing: bodySize)
        return nil
    }

    mutating func body(_ bytes: some Collection<UInt8>) throws(Failure) -> RabbitEvent? {
        guard case .awaitingBody(let envelope, var message, let missing) = state, bytes.count <= missing else {
            throw .unexpectedFrame
        }
        // Leaves the message with one owner, so that appending does not copy it.
        state = .idle
        message.body.append(contentsOf: bytes)
        let left = missing - UInt64(bytes.count)
        if left == 0 { return Self.event(envelope, message) }
        state = .awaitingBody(envelope, message, missing: left)
        return nil
    }

    private static func event(_ envelope: Envelope, _ message: AMQPMessage) -> RabbitEvent {
        switch envelope {
        case .delivery(let exchange, let routingKey, let isRedelivered, let tag):
            .delivered(
                RabbitDelivery(
                    message: message,
                    exchange: exchange,
                    routingKey: routingKey,
                    isRedelivered: isRedelivered,
                    tag: tag
                )
            )
        case .returned(let exchange, let routingKey, let replyText):
            .returned(message, exchange: exchange, routingKey: routingKey, replyText: replyText)
        }
    }
}
