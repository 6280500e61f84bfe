/// Looks for a text within others, byte by byte, in time that grows with their lengths and not with their product.
package struct TextSearch: Sendable, Hashable {
    private let part: [UInt8]
    /// For each beginning of the part: the length of its longest end that is a beginning of the part too.
    private let borders: [Int]
    package let ignoresCase: Bool

    /// - Returns: `nil` for an empty text, which would be found everywhere.
    package init?(_ text: String, ignoresCase: Bool) {
        guard !text.isEmpty else { return nil }
        let part = Array((ignoresCase ? text.lowercased() : text).utf8)
        var borders = [0]
        for position in part.indices.dropFirst() {
            borders.append(Self.extended(borders[position - 1], by: part[position], part, borders))
        }
        self.part = part
        self.borders = borders
        self.ignoresCase = ignoresCase
    }

    package func isFound(in text: String) -> Bool {
        var matched = 0
        for byte in (ignoresCase ? text.lowercased() : text).utf8 {
            matched = Self.extended(matched, by: byte, part, borders)
            if matched == part.count { return true }
        }
        return false
    }

    private static func extended(_ matched: Int, by byte: UInt8, _ part: [UInt8], _ borders: [Int]) -> Int {
        var matched = matched
        while matched > 0, part[matched] != byte { matched = borders[matched - 1] }
        return part[matched] == byte ? matched + 1 : 0
    }
}
