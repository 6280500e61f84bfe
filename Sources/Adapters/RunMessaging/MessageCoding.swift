internal import AMQPClient
internal import FoundationEssentials

/// Messages are JSON bodies, persistent, typed by the `type` property, each with an id by which a person can name it.
enum MessageCoding {
    static func message(_ value: some Encodable, type: String) throws -> AMQPMessage {
        let body = try JSONEncoder().encode(value)
        return AMQPMessage(
            body: [UInt8](body),
            contentType: "application/json",
            messageID: UUID().uuidString.lowercased(),
            type: type
        )
    }

    static func decode<Message: Decodable>(_ message: AMQPMessage, as type: Message.Type) throws -> Message {
        try JSONDecoder().decode(Message.self, from: Data(message.body))
    }
}
