/// The sequences with which programs drive a terminal (ECMA-48): colours, cursor movements, titles.
package enum ANSIText {
    /// The text without any of them.
    package static func stripped(_ text: String) -> String {
        guard text.utf8.contains(0x1B) else { return text }
        return pieces(text).reduce(into: "") { if case .text(let plain) = $1 { $0 += plain } }
    }

    /// The text with its colours, ended at the end of the text, and without whatever else it would do to a terminal.
    ///
    /// - Parameter harmless: makes other text safe to show, since it may hold further control characters.
    package static func colored(_ text: String, harmless: (String) -> String) -> String {
        guard text.utf8.contains(0x1B) else { return harmless(text) }
        var shown = ""
        var isColored = false
        for piece in pieces(text) {
            switch piece {
            case .text(let plain): shown += harmless(plain)
            case .color(let sequence):
                shown += sequence
                isColored = true
            case .other(let sequence): shown += harmless(sequence)
            }
        }
        return isColored ? shown + "\u{1B}[0m" : shown
    }

    private enum Piece {
        case text(String)
        /// `ESC [ numbers m`
        case color(String)
        case other(String)
    }

    private static func pieces(_ text: String) -> [Piece] {
        var pieces: [Piece] = []
        var rest = Array(text.utf8)[...]
        while let escape = rest.firstIndex(of: 0x1B) {
            if escape > rest.startIndex { pieces.append(.text(String(decoding: rest[..<escape], as: UTF8.self))) }
            let end = sequenceEnd(rest, from: escape)
            let sequence = rest[escape..<end]
            let string = String(decoding: sequence, as: UTF8.self)
            pieces.append(isColor(sequence) ? .color(string) : .other(string))
            rest = rest[end...]
        }
        if !rest.isEmpty { pieces.append(.text(String(decoding: rest, as: UTF8.self))) }
        return pieces
    }

    /// Where the sequence that begins with an escape ends; one that is not whole ends with what it has.
    private static func sequenceEnd(_ bytes: ArraySlice<UInt8>, from escape: Int) -> Int {
        var index = escape + 1
        guard index < bytes.endIndex else { return index }
        switch bytes[index] {
        case UInt8(ascii: "["):
            // Parameters and intermediates, then one final byte.
            index += 1
            while index < bytes.endIndex, (0x20...0x3F).contains(bytes[index]) { index += 1 }
            let hasFinal = index < bytes.endIndex && (0x40...0x7E).contains(bytes[index])
            return hasFinal ? index + 1 : index
        case UInt8(ascii: "]"), UInt8(ascii: "P"), UInt8(ascii: "_"), UInt8(ascii: "^"), UInt8(ascii: "X"):
            // A string, ended by BEL or by ESC and a backslash.
            while index < bytes.endIndex {
                if bytes[index] == 0x07 { return index + 1 }
                if bytes[index] == 0x1B {
                    let isEnd = index + 1 < bytes.endIndex && bytes[index + 1] == UInt8(ascii: "\\")
                    return isEnd ? index + 2 : index
                }
                index += 1
            }
            return index
        default:
            while index < bytes.endIndex, (0x20...0x2F).contains(bytes[index]) { index += 1 }
            // What is beyond ASCII is text.
            return index < bytes.endIndex && (0x30...0x7E).contains(bytes[index]) ? index + 1 : index
        }
    }

    private static func isColor(_ sequence: ArraySlice<UInt8>) -> Bool {
        sequence.count >= 3 && sequence.last == UInt8(ascii: "m") && sequence.dropFirst().first == UInt8(ascii: "[")
            && sequence.dropFirst(2).dropLast().allSatisfy {
                (UInt8(ascii: "0")...UInt8(ascii: ";")).contains($0)
            }
    }
}
