/// Reading bytes as UTF-8 without trusting them.
enum UTF8Text {
    /// The length of the well-formed sequence at `index`, 1 to 4; `nil` if there is none (Unicode 15, table 3-7).
    static func sequenceLength(in bytes: ArraySlice<UInt8>, at index: Int) -> Int? {
        let first = bytes[index]
        let length: Int
        var second: ClosedRange<UInt8> = 0x80...0xBF
        switch first {
        case 0x00...0x7F: return 1
        case 0xC2...0xDF: length = 2
        case 0xE0: (length, second) = (3, 0xA0...0xBF)
        case 0xED: (length, second) = (3, 0x80...0x9F)
        case 0xE1...0xEF: length = 3
        case 0xF0: (length, second) = (4, 0x90...0xBF)
        case 0xF1...0xF3: length = 4
        case 0xF4: (length, second) = (4, 0x80...0x8F)
        default: return nil
        }
        guard index + length <= bytes.endIndex, second.contains(bytes[index + 1]) else { return nil }
        for next in (index + 2)..<max(index + 2, index + length) where bytes[next] & 0xC0 != 0x80 { return nil }
        return length
    }

    /// The largest cut at or below `limit` that splits no sequence, if the bytes are UTF-8; at least 1.
    static func boundary(in bytes: [UInt8], atMost limit: Int) -> Int {
        var cut = min(limit, bytes.count)
        // A sequence has at most three continuation bytes; a longer row of them is not UTF-8 and may be cut anywhere.
        for back in 1...4 where cut - back > 0 {
            let byte = bytes[cut - back]
            if byte & 0xC0 == 0x80 { continue }
            let length = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC0 ? 2 : 1
            if length > back { cut -= back }
            break
        }
        return cut
    }

    /// The longest prefix of `text` that has at most `limit` bytes, ending at a character.
    static func prefix(of text: String, bytes limit: Int) -> String {
        guard text.utf8.count > limit else { return text }
        var end = text.utf8.index(text.utf8.startIndex, offsetBy: max(0, limit))
        while end > text.startIndex, String.Index(end, within: text) == nil { end = text.utf8.index(before: end) }
        return String(text[..<end])
    }

    /// The longest suffix of `text` that has at most `limit` bytes, beginning at a character.
    static func suffix(of text: String, bytes limit: Int) -> String {
        guard text.utf8.count > limit else { return text }
        var start = text.utf8.index(text.utf8.endIndex, offsetBy: -max(0, limit))
        while start < text.endIndex, String.Index(start, within: text) == nil { start = text.utf8.index(after: start) }
        return String(text[start...])
    }
}
