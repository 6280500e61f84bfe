package import AMQPClient
internal import FoundationEssentials
package import SlipwayCore

/// A message that no consumer could be given: unreadable, or delivered too often.
package struct DeadLetter: Sendable, Hashable {
    /// The message's own id; of a message published without one, a digest of where it was and what it says.
    package var id: String
    /// Where it was before; `nil` if the broker does not tell.
    package var queue: String?
    /// The broker's word: `rejected`, `delivery_limit`, `expired` or `maxlen`.
    package var reason: String
    /// How often it became a dead letter for this reason.
    package var count: Int
    /// When it first did, in whole seconds.
    package var at: Timestamp?
    package var type: String?
    package var body: [UInt8]

    package init(_ message: AMQPMessage, routingKey: String) {
        // The newest of the broker's records comes first.
        let record = Self.tables(message.headers["x-death"]).first ?? [:]
        queue = record["queue"]?.stringValue ?? message.headers["x-first-death-queue"]?.stringValue
        if queue == nil, !routingKey.isEmpty { queue = routingKey }
        reason =
            record["reason"]?.stringValue ?? message.headers["x-first-death-reason"]?.stringValue ?? "unknown"
        count = record["count"]?.intValue ?? 1
        if case .timestamp(let seconds)? = record["time"] {
            at = Timestamp(microsecondsSince1970: Int64(clamping: seconds) &* 1_000_000)
        }
        type = message.type
        body = message.body
        id = message.messageID ?? Self.digest([UInt8]((queue ?? "").utf8) + [0] + message.body)
    }

    /// The body as text, in which what is not UTF-8 is replaced.
    package var text: String { String(decoding: body, as: UTF8.self) }

    /// The order in which they are numbered: by when they died, then by id.
    package static func isBefore(_ left: DeadLetter, _ right: DeadLetter) -> Bool {
        guard left.at == right.at else { return (left.at ?? .distantPast) < (right.at ?? .distantPast) }
        return left.id < right.id
    }

    private static func tables(_ value: AMQPValue?) -> [[String: AMQPValue]] {
        guard case .array(let elements)? = value else { return [] }
        return elements.compactMap { if case .table(let table) = $0 { table } else { nil } }
    }

    /// FNV-1a over 64 bits: to recognise a message, not to protect it.
    private static func digest(_ bytes: [UInt8]) -> String {
        let hash = bytes.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        let digits = String(hash, radix: 16)
        return "content-" + String(repeating: "0", count: 16 - digits.count) + digits
    }
}

extension Timestamp {
    fileprivate static let distantPast = Timestamp(microsecondsSince1970: .min)
}

extension AMQPMessage {
    /// Without what the broker wrote on it when it died, as a new message; with an id, if it had none.
    var revived: AMQPMessage {
        var message = self
        message.headers = headers.filter { name, _ in
            name != "x-death" && !name.hasPrefix("x-first-death-") && !name.hasPrefix("x-last-death-")
        }
        message.expiration = nil
        message.messageID = messageID ?? UUID().uuidString.lowercased()
        return message
    }
}
