/// Looks for a text within others, byte by byte.
package struct TextSearch: Sendable, Hashable {
    private let needle: [UInt8]
    package let ignoresCase: Bool

    /// - Returns: `nil` for an empty text, which would be found everywhere.
    package init?(_ text: String, ignoresCase: Bool) {
        guard !text.isEmpty else { return nil }
        needle = Array((ignoresCase ? text.lowercased() : text).utf8)
        self.ignoresCase = ignoresCase
    }

    package func isFound(in text: String) -> Bool {
        var text = ignoresCase ? text.lowercased() : text
        return text.withUTF8 { bytes in
            guard let first = needle.first, bytes.count >= needle.count else { return false }
            for start in 0...(bytes.count - needle.count) where bytes[start] == first {
                var length = 1
                while length < needle.count, bytes[start + length] == needle[length] { length += 1 }
                if length == needle.count { return true }
            }
            return false
        }
    }
}
