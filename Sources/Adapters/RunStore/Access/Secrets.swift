internal import Crypto
package import SlipwayCore

/// What secrets are made of and compared by.
package enum Secrets {
    package static func sha256(_ bytes: some Sequence<UInt8>) -> [UInt8] { Array(SHA256.hash(data: Array(bytes))) }

    package static func sha256(_ text: String) -> [UInt8] { sha256(text.utf8) }

    /// Bytes that nobody can guess.
    package static func random(bytes count: Int) -> [UInt8] {
        var source = SystemRandomNumberGenerator()
        return (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &source) }
    }

    /// Takes as long for wrong bytes as for the right ones of the same length.
    package static func areEqual(_ given: [UInt8], _ expected: [UInt8]) -> Bool {
        var difference: UInt8 = given.count == expected.count ? 0 : 1
        for index in given.indices {
            difference |= given[index] ^ expected[index % max(expected.count, 1)]
        }
        return difference == 0 && !expected.isEmpty
    }

    /// Two digits a byte.
    package static func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }

    /// The bytes of lower-case hexadecimal digits; `nil` if they are none.
    package static func bytes(hexadecimal text: some StringProtocol) -> [UInt8]? {
        func value(_ digit: UInt8) -> UInt8? {
            switch digit {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
            default: nil
            }
        }
        let digits = Array(text.utf8)
        guard digits.count.isMultiple(of: 2) else { return nil }
        var bytes: [UInt8] = []
        for index in stride(from: 0, to: digits.count, by: 2) {
            guard let high = value(digits[index]), let low = value(digits[index + 1]) else { return nil }
            bytes.append(high << 4 | low)
        }
        return bytes
    }
}

/// What somebody asks with: `slw_`, an id to look it up by, and a secret.
package struct APIToken: Sendable, Hashable {
    package static let prefix = "slw_"
    private static let idDigits = 32
    private static let secretBytes = 24

    package var id: Identifier
    /// Told once, to whoever asked for the token.
    package var secret: [UInt8]

    /// A new one.
    package init(id: Identifier) {
        self.id = id
        secret = Secrets.random(bytes: Self.secretBytes)
    }

    /// - Returns: `nil` for a text that has not the form of a token.
    package init?(_ text: String) {
        guard text.hasPrefix(Self.prefix), text.utf8.count == 4 + Self.idDigits + 1 + 2 * Self.secretBytes else {
            return nil
        }
        let parts = text.dropFirst(Self.prefix.count).split(separator: "_", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0].utf8.count == Self.idDigits, let id = Secrets.bytes(hexadecimal: parts[0]),
            let secret = Secrets.bytes(hexadecimal: parts[1])
        else { return nil }
        func number(_ bytes: ArraySlice<UInt8>) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }
        self.id = Identifier(high: number(id[0..<8]), low: number(id[8..<16]))
        self.secret = secret
    }

    package var text: String {
        let digits = id.description.filter { $0 != "-" }.lowercased()
        return "\(Self.prefix)\(digits)_\(Secrets.hexadecimal(secret))"
    }

    package var secretHash: [UInt8] { Secrets.sha256(secret) }
}
