/// The few elements that are read of a server's XML, found by their names. What they hold is text without elements.
struct AnswerText {
    private let text: String

    init(_ bytes: [UInt8]) { text = String(decoding: bytes, as: UTF8.self) }

    /// What the first element of this name holds.
    func first(_ name: String) -> String? { all(name, limit: 1).first }

    /// What each element of this name holds, in order.
    func all(_ name: String, limit: Int = .max) -> [String] {
        var found: [String] = []
        var rest = text[...]
        while found.count < limit, let opening = rest.firstRange(of: "<\(name)>"),
            let closing = rest[opening.upperBound...].firstRange(of: "</\(name)>")
        {
            found.append(Self.unescaped(rest[opening.upperBound..<closing.lowerBound]))
            rest = rest[closing.upperBound...]
        }
        return found
    }

    private static func unescaped(_ text: Substring) -> String {
        guard text.contains("&") else { return String(text) }
        return [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&amp;", "&")]
            .reduce(String(text)) { $0.replacing($1.0, with: $1.1) }
    }
}
