/// The lines of a Swift file with comments and the contents of string literals blanked out, so that rules about code
/// do not stumble over prose.
struct SwiftSource {
    private(set) var codeLines: [String] = []

    private enum Context: Equatable {
        case code
        case lineComment
        case blockComment(depth: Int)
        case string(pounds: Int, isMultiline: Bool)
        /// Inside `\( … )` of a string, with the number of parentheses open.
        case interpolation(open: Int)
    }

    init(_ text: String) {
        var stack: [Context] = [.code]
        var line: [UInt8] = []
        let bytes = Array(text.utf8)
        var index = 0

        func starts(_ word: String, at offset: Int) -> Bool {
            let word = word.utf8
            return offset + word.count <= bytes.count && bytes[offset..<(offset + word.count)].elementsEqual(word)
        }

        func finishLine() {
            codeLines.append(String(decoding: line, as: UTF8.self))
            line = []
        }

        while index < bytes.count {
            let byte = bytes[index]
            guard byte != UInt8(ascii: "\n") else {
                if stack.last == .lineComment { stack.removeLast() }
                finishLine()
                index += 1
                continue
            }
            switch stack[stack.count - 1] {
            case .lineComment:
                index += 1
            case .blockComment(let depth):
                if starts("*/", at: index) {
                    stack.removeLast()
                    if depth > 1 { stack.append(.blockComment(depth: depth - 1)) }
                    index += 2
                } else if starts("/*", at: index) {
                    stack[stack.count - 1] = .blockComment(depth: depth + 1)
                    index += 2
                } else {
                    index += 1
                }
            case .string(let pounds, let isMultiline):
                let escape = "\\" + String(repeating: "#", count: pounds)
                let end = (isMultiline ? "\"\"\"" : "\"") + String(repeating: "#", count: pounds)
                if starts(escape + "(", at: index) {
                    stack.append(.interpolation(open: 1))
                    index += escape.count + 1
                } else if starts(escape, at: index) {
                    index += escape.count + 1
                } else if starts(end, at: index) {
                    stack.removeLast()
                    line.append(UInt8(ascii: "\""))
                    index += end.count
                } else {
                    index += 1
                }
            case .code, .interpolation:
                if starts("//", at: index) {
                    stack.append(.lineComment)
                    index += 2
                } else if starts("/*", at: index) {
                    stack.append(.blockComment(depth: 1))
                    index += 2
                } else if let opening = Self.stringOpening(bytes, index) {
                    stack.append(.string(pounds: opening.pounds, isMultiline: opening.isMultiline))
                    line.append(UInt8(ascii: "\""))
                    index += opening.length
                } else {
                    if case .interpolation(let open) = stack[stack.count - 1] {
                        let now = open + (byte == UInt8(ascii: "(") ? 1 : byte == UInt8(ascii: ")") ? -1 : 0)
                        if now == 0 { stack.removeLast() } else { stack[stack.count - 1] = .interpolation(open: now) }
                    }
                    line.append(byte)
                    index += 1
                }
            }
        }
        finishLine()
    }

    /// A string literal that begins here: its number signs, its kind, and how long its opening is.
    private static func stringOpening(
        _ bytes: [UInt8],
        _ start: Int
    ) -> (pounds: Int, isMultiline: Bool, length: Int)? {
        let quote = UInt8(ascii: "\"")
        var index = start
        while index < bytes.count, bytes[index] == UInt8(ascii: "#") { index += 1 }
        guard index < bytes.count, bytes[index] == quote else { return nil }
        let pounds = index - start
        let isMultiline =
            index + 2 < bytes.count && bytes[index + 1] == quote && bytes[index + 2] == quote
            && (index + 3 >= bytes.count || bytes[index + 3] == UInt8(ascii: "\n"))
        return (pounds, isMultiline, pounds + (isMultiline ? 3 : 1))
    }
}
