internal import SlipwayCore

/// Reads the records a runner writes for each line of a log, exactly as it writes them: this is where the megabytes go through,
/// and a decoder for any JSON takes many times as long.
enum LogRecordText {
    /// - Returns: `nil` for every other record, and for every other way to write the same: they are for the decoder.
    static func line(_ bytes: [UInt8]) -> RunnerLine? {
        bytes.withUnsafeBufferPointer { bytes in
            var reader = Reader(bytes: bytes)
            return reader.line()
        }
    }

    private struct Reader {
        let bytes: UnsafeBufferPointer<UInt8>
        var index = 0

        init(bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

        /// `{"n":1,"ms":2,"log":{"task":"a","channel":"stderr","text":"…"}}`, the task and the channel only if need be.
        mutating func line() -> RunnerLine? {
            guard take("{\"n\":"), let sequence = number(), take(",\"ms\":"), let milliseconds = number(),
                take(",\"log\":{")
            else { return nil }
            var task: String?
            if take("\"task\":\"") {
                guard let name = rest(), take(",") else { return nil }
                task = name
            }
            let channel: LogChannel = take("\"channel\":\"stderr\",") ? .stderr : .stdout
            guard take("\"text\":\""), let text = rest(), take("}}"), index == bytes.count else { return nil }
            return RunnerLine(
                sequence: sequence,
                milliseconds: milliseconds,
                record: .log(task: task, channel: channel, text: text)
            )
        }

        private mutating func take(_ text: StaticString) -> Bool {
            let count = text.utf8CodeUnitCount
            guard bytes.count - index >= count else { return false }
            let isThere = text.withUTF8Buffer { expected in
                for offset in 0..<count where bytes[index + offset] != expected[offset] { return false }
                return true
            }
            if isThere { index += count }
            return isThere
        }

        /// Up to 18 digits, which always fit.
        private mutating func number() -> Int64? {
            let start = index
            var value: Int64 = 0
            while index < bytes.count, index - start < 18, case let digit = bytes[index] &- UInt8(ascii: "0"),
                digit < 10
            {
                value = value * 10 + Int64(digit)
                index += 1
            }
            return index > start ? value : nil
        }

        /// The rest of a string, and its closing quote.
        private mutating func rest() -> String? {
            let start = index
            while index < bytes.count, bytes[index] != UInt8(ascii: "\""), bytes[index] != UInt8(ascii: "\\"),
                bytes[index] >= 0x20
            {
                index += 1
            }
            guard index < bytes.count else { return nil }
            let plain = UnsafeBufferPointer(rebasing: bytes[start..<index])
            if bytes[index] == UInt8(ascii: "\"") {
                index += 1
                return String(validating: plain, as: UTF8.self)
            }
            return escaped(after: Array(plain))
        }

        private mutating func escaped(after beginning: [UInt8]) -> String? {
            var text = beginning
            while index < bytes.count {
                let byte = bytes[index]
                index += 1
                switch byte {
                case UInt8(ascii: "\""): return String(validating: text, as: UTF8.self)
                case UInt8(ascii: "\\"): guard appendEscape(to: &text) else { return nil }
                case 0..<0x20: return nil
                default: text.append(byte)
                }
            }
            return nil
        }

        private mutating func appendEscape(to text: inout [UInt8]) -> Bool {
            guard index < bytes.count else { return false }
            let letter = bytes[index]
            index += 1
            switch letter {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(letter)
            case UInt8(ascii: "b"): text.append(0x08)
            case UInt8(ascii: "f"): text.append(0x0C)
            case UInt8(ascii: "n"): text.append(0x0A)
            case UInt8(ascii: "r"): text.append(0x0D)
            case UInt8(ascii: "t"): text.append(0x09)
            case UInt8(ascii: "u"):
                guard index + 4 <= bytes.count, take("00"), let high = digit(bytes[index]), high < 8,
                    let low = digit(bytes[index + 1])
                else { return false }
                index += 2
                text.append(high << 4 | low)
            default: return false
            }
            return true
        }

        private func digit(_ byte: UInt8) -> UInt8? {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
            case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
            default: nil
            }
        }
    }
}
