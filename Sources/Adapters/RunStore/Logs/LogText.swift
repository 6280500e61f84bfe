internal import Compression
internal import SlipwayCore

/// The form of stored lines: number, milliseconds and channel as text, a tab after each, then the line and a line feed; all of
/// it in gzip's form. What older versions stored is the same without gzip.
enum LogText {
    /// No chunk is larger; a longer content is not read.
    static let maximumBytes = 32 << 20

    static func encode(_ lines: [LogLine]) -> [UInt8] { Gzip.compress(plain(lines)) }

    static func plain(_ lines: [LogLine]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(lines.reduce(0) { $0 + $1.text.utf8.count + 40 })
        for line in lines {
            append(line.sequence, to: &bytes)
            append(line.milliseconds, to: &bytes)
            bytes.append(UInt8(ascii: line.channel == .stdout ? "o" : "e"))
            bytes.append(UInt8(ascii: "\t"))
            let start = bytes.count
            bytes.append(contentsOf: line.text.utf8)
            // A carriage return inside a line is kept; a line feed cannot occur, and would split the line if it did.
            if bytes[start...].contains(UInt8(ascii: "\n")) {
                for index in start..<bytes.count where bytes[index] == UInt8(ascii: "\n") {
                    bytes[index] = UInt8(ascii: " ")
                }
            }
            bytes.append(UInt8(ascii: "\n"))
        }
        return bytes
    }

    /// A number and a tab.
    private static func append(_ number: Int64, to bytes: inout [UInt8]) {
        bytes.append(contentsOf: String(number).utf8)
        bytes.append(UInt8(ascii: "\t"))
    }

    /// - Throws: `GzipError` if the stored bytes are damaged.
    static func decode(_ stored: [UInt8], firstSequence: Int64) throws -> [LogLine] {
        let bytes = Gzip.isMember(stored) ? try Gzip.decompress(stored, maximumBytes: maximumBytes) : stored
        return bytes.split(separator: UInt8(ascii: "\n")).map { line in
            let parts = line.split(separator: UInt8(ascii: "\t"), maxSplits: 3, omittingEmptySubsequences: false)
            guard parts.count == 4 else {
                return LogLine(
                    sequence: firstSequence,
                    milliseconds: 0,
                    channel: .stdout,
                    text: String(decoding: line, as: UTF8.self)
                )
            }
            return LogLine(
                sequence: number(parts[0]) ?? firstSequence,
                milliseconds: number(parts[1]) ?? 0,
                channel: parts[2].first == UInt8(ascii: "e") ? .stderr : .stdout,
                text: String(decoding: parts[3], as: UTF8.self)
            )
        }
    }

    private static func number(_ digits: ArraySlice<UInt8>) -> Int64? { Int64(String(decoding: digits, as: UTF8.self)) }
}
