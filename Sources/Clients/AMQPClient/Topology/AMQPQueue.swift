/// A queue of one of the two kinds that behave alike on RabbitMQ 3.10 and 4.
package struct AMQPQueue: Sendable, Hashable {
    package enum Kind: Sendable, Hashable {
        /// Durable and replicated.
        case quorum
        /// Belongs to the connection that declares it and goes with it.
        case exclusive
    }

    /// What happens to messages when the queue is full.
    package enum Overflow: String, Sendable, Hashable {
        case dropHead = "drop-head"
        /// Publishers get a negative confirm.
        case rejectPublish = "reject-publish"
    }

    package enum DeadLetterStrategy: String, Sendable, Hashable {
        case atMostOnce = "at-most-once"
        /// Quorum queues with overflow `rejectPublish` only.
        case atLeastOnce = "at-least-once"
    }

    package var name: String
    package var kind: Kind
    /// How often a message may be delivered again before it is dropped or dead-lettered. Quorum queues only.
    ///
    /// Set it: without it RabbitMQ 3 has no limit and RabbitMQ 4 takes 20.
    package var deliveryLimit: Int?
    /// Where dropped messages go; empty for the default exchange.
    package var deadLetterExchange: String?
    package var deadLetterRoutingKey: String?
    package var deadLetterStrategy: DeadLetterStrategy?
    /// How long a message waits before it is dropped or dead-lettered.
    package var messageTTL: Duration?
    /// How long the queue outlives its last use.
    package var expires: Duration?
    /// In messages.
    package var maximumLength: Int?
    package var maximumLengthBytes: Int?
    package var overflow: Overflow?
    /// One consumer at a time receives; another takes over when it goes.
    package var isSingleActiveConsumer: Bool
    /// Further `x-` arguments; those above win.
    package var furtherArguments: [String: AMQPValue]

    package init(
        name: String,
        kind: Kind = .quorum,
        deliveryLimit: Int? = nil,
        deadLetterExchange: String? = nil,
        deadLetterRoutingKey: String? = nil,
        deadLetterStrategy: DeadLetterStrategy? = nil,
        messageTTL: Duration? = nil,
        expires: Duration? = nil,
        maximumLength: Int? = nil,
        maximumLengthBytes: Int? = nil,
        overflow: Overflow? = nil,
        singleActiveConsumer isSingleActiveConsumer: Bool = false,
        furtherArguments: [String: AMQPValue] = [:]
    ) {
        self.name = name
        self.kind = kind
        self.deliveryLimit = deliveryLimit
        self.deadLetterExchange = deadLetterExchange
        self.deadLetterRoutingKey = deadLetterRoutingKey
        self.deadLetterStrategy = deadLetterStrategy
        self.messageTTL = messageTTL
        self.expires = expires
        self.maximumLength = maximumLength
        self.maximumLengthBytes = maximumLengthBytes
        self.overflow = overflow
        self.isSingleActiveConsumer = isSingleActiveConsumer
        self.furtherArguments = furtherArguments
    }

    /// As the broker wants them.
    package var arguments: [String: AMQPValue] {
        var arguments = furtherArguments
        arguments["x-queue-type"] = kind == .quorum ? "quorum" : "classic"
        if let deliveryLimit { arguments["x-delivery-limit"] = .int(Int64(deliveryLimit)) }
        if let deadLetterExchange { arguments["x-dead-letter-exchange"] = .string(deadLetterExchange) }
        if let deadLetterRoutingKey { arguments["x-dead-letter-routing-key"] = .string(deadLetterRoutingKey) }
        if let deadLetterStrategy { arguments["x-dead-letter-strategy"] = .string(deadLetterStrategy.rawValue) }
        if let messageTTL { arguments["x-message-ttl"] = .int(messageTTL.wholeMilliseconds) }
        if let expires { arguments["x-expires"] = .int(expires.wholeMilliseconds) }
        if let maximumLength { arguments["x-max-length"] = .int(Int64(maximumLength)) }
        if let maximumLengthBytes { arguments["x-max-length-bytes"] = .int(Int64(maximumLengthBytes)) }
        if let overflow { arguments["x-overflow"] = .string(overflow.rawValue) }
        if isSingleActiveConsumer { arguments["x-single-active-consumer"] = true }
        return arguments
    }
}

extension Duration {
    /// Rounded down; the broker counts in milliseconds.
    var wholeMilliseconds: Int64 {
        let (seconds, attoseconds) = components
        let (milliseconds, isTooLong) = seconds.multipliedReportingOverflow(by: 1000)
        return isTooLong ? (seconds < 0 ? .min : .max) : milliseconds + attoseconds / 1_000_000_000_000_000
    }
}
