internal import SlipwayCore

/// One output of a task as text.
struct OutputText {
    let output: Document

    /// A title and the value; rows as a table.
    func table(width: Int?) -> String {
        let title = "\(output.text("task")).\(output.text("name"))\(size)"
        guard output.text("kind") == "rows" else {
            return "\(title): \(TextWidth.harmless(output["value"]?.plainText ?? ""))"
        }
        guard !rows.isEmpty else { return "\(title)\n\(columns.joined(separator: "  "))" }
        let table = Table(titles: columns, rows: rows, rightAligned: numericColumns)
        return "\(title)\n\(table.text(width: width))"
    }

    private var size: String {
        guard output.text("kind") == "rows" else { return "" }
        let shown = rows.count
        let all = output.integer("row_count") ?? shown
        if output["truncated"] == .bool(true) { return " (\(shown) of \(all > shown ? String(all) : "more") rows)" }
        return " (\(all) row\(all == 1 ? "" : "s"))"
    }

    private var columns: [String] { output.elements("columns").map { $0.text("name") } }

    private var rows: [[String]] {
        output.elements("value").map { row in
            if case .array(let cells) = row { cells.map(\.plainText) } else { [row.plainText] }
        }
    }

    private var numericColumns: Set<Int> {
        let types = output.elements("columns").map { $0.text("type") }
        let numeric = ["tinyint", "smallint", "int", "bigint", "float", "double", "decimal"]
        return Set(types.indices.filter { index in numeric.contains { types[index].hasPrefix($0) } })
    }
}
