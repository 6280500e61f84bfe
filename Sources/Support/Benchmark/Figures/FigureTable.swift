/// Columns of figures, at most ``maximumWidth`` wide: the first column to the left, all others to the right.
package struct FigureTable: Sendable {
    package static let maximumWidth = 100
    private static let gap = 2

    package let titles: [String]
    package private(set) var rows: [[String]] = []

    package init(_ titles: String...) {
        self.titles = titles
    }

    package mutating func add(_ cells: String...) {
        rows.append(cells)
    }

    /// One line a row. What is too long in the first column ends with an ellipsis.
    package var text: String {
        let cells = [titles] + rows
        var widths = titles.indices.map { column in
            cells.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0
        }
        let excess = widths.reduce(0, +) + Self.gap * (widths.count - 1) - Self.maximumWidth
        if excess > 0 { widths[0] = max(8, widths[0] - excess) }
        return cells.map { line($0, widths) }.joined(separator: "\n")
    }

    private func line(_ cells: [String], _ widths: [Int]) -> String {
        var line = ""
        for (column, width) in widths.enumerated() {
            var cell = column < cells.count ? cells[column] : ""
            if cell.count > width { cell = cell.prefix(width - 1) + "…" }
            let padding = String(repeating: " ", count: width - cell.count)
            line += column == 0 ? cell + padding : String(repeating: " ", count: Self.gap) + padding + cell
        }
        while line.last == " " { line.removeLast() }
        return line
    }
}
