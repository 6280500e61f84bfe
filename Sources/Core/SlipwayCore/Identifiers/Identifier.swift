/// A 128-bit identifier whose text form sorts by the time it was made (UUID version 7, RFC 9562).
///
/// The time and the random bits are parameters: this module has neither clock nor randomness.
package struct Identifier: Sendable, Hashable, Comparable {
    package let high: UInt64
    package let low: UInt64

    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// - Parameters:
    ///   - millisecondsSince1970: the time; its low 48 bits are kept.
    ///   - randomHigh: 12 bits of it are used.
    ///   - randomLow: 62 bits of it are used.
    package init(millisecondsSince1970: UInt64, randomHigh: UInt64, randomLow: UInt64) {
        high = (millisecondsSince1970 << 16) | 0x7000 | (randomHigh & 0x0FFF)
        low = 0x8000_0000_0000_0000 | (randomLow & 0x3FFF_FFFF_FFFF_FFFF)
    }

    package static func < (left: Identifier, right: Identifier) -> Bool {
        (left.high, left.low) < (right.high, right.low)
    }
}

extension Identifier: LosslessStringConvertible {
    /// Lower-case hexadecimal in groups of 8-4-4-4-12.
    package var description: String {
        let digits = Array("0123456789abcdef".utf8)
        return String(unsafeUninitializedCapacity: 36) { buffer in
            var position = 0
            for (word, dashes) in [(high, [8, 12] as [Int]), (low, [0, 4])] {
                for nibble in 0..<16 {
                    if dashes.contains(nibble) {
                        buffer[position] = UInt8(ascii: "-")
                        position += 1
                    }
                    buffer[position] = digits[Int((word >> UInt64(60 - 4 * nibble)) & 0xF)]
                    position += 1
                }
            }
            return position
        }
    }

    /// Reads the 8-4-4-4-12 form in either case; `nil` for anything else.
    package init?(_ text: String) {
        var words: [UInt64] = [0, 0]
        var nibbles = 0
        var position = 0
        for byte in text.utf8 {
            defer { position += 1 }
            if position == 8 || position == 13 || position == 18 || position == 23 {
                guard byte == UInt8(ascii: "-") else { return nil }
                continue
            }
            let value: UInt64
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = UInt64(byte - UInt8(ascii: "0"))
            case UInt8(ascii: "a")...UInt8(ascii: "f"): value = UInt64(byte - UInt8(ascii: "a") + 10)
            case UInt8(ascii: "A")...UInt8(ascii: "F"): value = UInt64(byte - UInt8(ascii: "A") + 10)
            default: return nil
            }
            guard nibbles < 32 else { return nil }
            words[nibbles / 16] = words[nibbles / 16] << 4 | value
            nibbles += 1
        }
        guard nibbles == 32, position == 36 else { return nil }
        self.init(high: words[0], low: words[1])
    }
}

extension Identifier: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let value = Identifier(text) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a UUID")
        }
        self = value
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

package typealias RunID = Identifier
package typealias JobID = Identifier
package typealias HolderID = Identifier
