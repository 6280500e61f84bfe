internal import Crypto
internal import FoundationEssentials

/// What a sender and a receiver share: Standard Webhooks' symmetric secrets, `whsec_` and 24 to 64 bytes in Base64.
///
/// See https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md.
package struct WebhookSecret: Sendable {
    /// The form in which people copy it.
    package let text: String
    private let key: SymmetricKey

    private static let prefix = "whsec_"
    private static let allowedBytes = 24...64

    /// - Returns: `nil` unless the text has the form above.
    package init?(_ text: String) {
        guard text.hasPrefix(Self.prefix), let bytes = Data(base64Encoded: String(text.dropFirst(Self.prefix.count))),
            Self.allowedBytes.contains(bytes.count)
        else { return nil }
        self.text = text
        key = SymmetricKey(data: bytes)
    }

    /// A new one of 256 bits.
    package static func random() -> WebhookSecret {
        // The system's generator is one for keys.
        let bytes = Data((0..<32).map { _ in UInt8.random(in: 0 ... .max) })
        return WebhookSecret(key: SymmetricKey(data: bytes), text: prefix + bytes.base64EncodedString())
    }

    private init(key: SymmetricKey, text: String) {
        self.key = key
        self.text = text
    }

    /// `v1,` and the signature of a message.
    ///
    /// - Parameters:
    ///   - id: the message's; the same for each attempt.
    ///   - seconds: when the attempt is made, in seconds since 1970.
    package func signature(id: String, seconds: Int64, body: some Collection<UInt8>) -> String {
        var signed = Array("\(id).\(seconds).".utf8)
        signed.append(contentsOf: body)
        let code = HMAC<SHA256>.authenticationCode(for: signed, using: key)
        return "v1,\(Data(code).base64EncodedString())"
    }

    /// The headers of an attempt; while a secret is being replaced, both sign.
    package static func headers(
        _ secrets: [WebhookSecret],
        id: String,
        seconds: Int64,
        body: some Collection<UInt8>
    ) -> [String] {
        let signatures = secrets.map { $0.signature(id: id, seconds: seconds, body: body) }.joined(separator: " ")
        return ["webhook-id: \(id)", "webhook-timestamp: \(seconds)", "webhook-signature: \(signatures)"]
    }
}
