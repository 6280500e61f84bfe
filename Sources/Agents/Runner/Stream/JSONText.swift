/// Writing JSON by hand where a line is written for each line of a log.
enum JSONText {
    private static let hexadecimal = Array("0123456789abcdef".utf8)
    /// U+FFFD, which stands where bytes were no UTF-8.
    private static let replacement: [UInt8] = [0xEF, 0xBF, 0xBD]

    /// Appends the inside of a JSON string: escapes what must be, and replaces what is not UTF-8.
    static func appendEscaped(_ text: ArraySlice<UInt8>, to buffer: inout [UInt8]) {
        var plainStart = text.startIndex
        var index = text.startIndex
        while index < text.endIndex {
            let byte = text[index]
            if byte >= 0x20, byte < 0x7F, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\") {
                index += 1
                continue
            }
            if byte >= 0x80, let length = UTF8Text.sequenceLength(in: text, at: index) {
                index += length
                continue
            }
            buffer.append(contentsOf: text[plainStart..<index])
            if byte >= 0x80 { buffer.append(contentsOf: replacement) } else { appendEscape(of: byte, to: &buffer) }
            index += 1
            plainStart = index
        }
        buffer.append(contentsOf: text[plainStart..<text.endIndex])
    }

    private static func appendEscape(of byte: UInt8, to buffer: inout [UInt8]) {
        buffer.append(UInt8(ascii: "\\"))
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): buffer.append(byte)
        case .lineFeed: buffer.append(UInt8(ascii: "n"))
        case .carriageReturn: buffer.append(UInt8(ascii: "r"))
        case UInt8(ascii: "\t"): buffer.append(UInt8(ascii: "t"))
        default:
            buffer.append(contentsOf: "u00".utf8)
            buffer.append(hexadecimal[Int(byte >> 4)])
            buffer.append(hexadecimal[Int(byte & 15)])
        }
    }

    /// Appends decimal digits.
    static func append(_ value: Int64, to buffer: inout [UInt8]) {
        guard value >= 0 else {
            buffer.append(contentsOf: String(value).utf8)
            return
        }
        let start = buffer.count
        var rest = value
        repeat {
            buffer.append(UInt8(ascii: "0") + UInt8(rest % 10))
            rest /= 10
        } while rest > 0
        buffer[start...].reverse()
    }
}
