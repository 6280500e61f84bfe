/// A body and what is said about it.
package struct AMQPMessage: Sendable, Hashable {
    package var body: [UInt8]
    package var contentType: String?
    package var messageID: String?
    package var correlationID: String?
    package var type: String?
    package var headers: [String: AMQPValue]
    /// Written to disk by the broker.
    package var isPersistent: Bool
    /// How long the message may wait in a queue, in whole milliseconds.
    package var expiration: Duration?

    package init(
        body: [UInt8],
        contentType: String? = nil,
        messageID: String? = nil,
        correlationID: String? = nil,
        type: String? = nil,
        headers: [String: AMQPValue] = [:],
        isPersistent: Bool = true,
        expiration: Duration? = nil
    ) {
        self.body = body
        self.contentType = contentType
        self.messageID = messageID
        self.correlationID = correlationID
        self.type = type
        self.headers = headers
        self.isPersistent = isPersistent
        self.expiration = expiration
    }
}

/// A message with its destination, for publishing in batches.
package struct AMQPOutgoing: Sendable, Hashable {
    package var message: AMQPMessage
    /// Empty for the default exchange, which routes by the queue's name.
    package var exchange: String
    package var routingKey: String
    /// A message that reaches no queue is an error.
    package var isMandatory: Bool

    package init(_ message: AMQPMessage, to exchange: String, routingKey: String, mandatory isMandatory: Bool = false) {
        self.message = message
        self.exchange = exchange
        self.routingKey = routingKey
        self.isMandatory = isMandatory
    }

    /// Short strings of the protocol hold at most 255 bytes.
    func validate() throws(AMQPError) {
        let texts = [
            ("exchange", exchange), ("routingKey", routingKey), ("contentType", message.contentType ?? ""),
            ("messageID", message.messageID ?? ""), ("correlationID", message.correlationID ?? ""),
            ("type", message.type ?? ""),
        ]
        for (field, text) in texts where text.utf8.count > 255 {
            throw AMQPError(.invalidArgument, "\(field) has \(text.utf8.count) bytes; at most 255 are allowed")
        }
        for key in message.headers.keys where key.utf8.count > 128 {
            throw AMQPError(.invalidArgument, "a header's name has \(key.utf8.count) bytes; at most 128 are allowed")
        }
    }
}
