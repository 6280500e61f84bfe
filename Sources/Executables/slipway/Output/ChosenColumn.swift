internal import SlipwayCore

/// One column of `-o custom-columns=TITLE:PATH,…`.
struct ChosenColumn: Equatable, Sendable {
    let title: String
    let path: JSONPath

    private static let most = 50

    /// Columns that are separated by commas; those in brackets belong to a path.
    static func list(_ text: String) throws(JSONPathError) -> [ChosenColumn] {
        var columns: [ChosenColumn] = []
        for part in parts(of: text) {
            guard let colon = part.firstIndex(of: ":"), colon != part.startIndex else {
                throw JSONPathError("\"\(part)\" is not of the form TITLE:PATH")
            }
            let path = String(part[part.index(after: colon)...])
            columns.append(ChosenColumn(title: String(part[..<colon]), path: try JSONPath(relaxed: path)))
        }
        guard (1...most).contains(columns.count) else {
            throw JSONPathError("there are \(columns.count) columns; allowed are 1 to \(most)")
        }
        return columns
    }

    private static func parts(of text: String) -> [String] {
        var parts = [""]
        var depth = 0
        for character in text {
            if character == "[" || character == "(" { depth += 1 }
            if character == "]" || character == ")" { depth -= 1 }
            if character == ",", depth == 0 {
                parts.append("")
            } else {
                parts[parts.count - 1].append(character)
            }
        }
        return parts
    }

    /// Never cut: who chose the columns wants what is in them.
    static func table(_ rows: [Document], _ columns: [ChosenColumn]) -> String {
        Table(
            titles: columns.map(\.title),
            rows: rows.map { row in
                columns.map { column in
                    let found = column.path.values(in: row).map(\.plainText).joined(separator: ",")
                    return found.isEmpty ? "<none>" : found
                }
            }
        ).text(width: nil)
    }
}
