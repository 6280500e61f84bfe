/// Columns of text, aligned, and cut to a width if there is one.
struct Table {
    let titles: [String]
    let rows: [[String]]
    /// The columns that may be cut; all of them if none is named.
    var elastic: Set<Int> = []
    /// Columns aligned to the right.
    var rightAligned: Set<Int> = []

    private static let gap = 2
    private static let leastWidth = 8

    /// - Parameter width: in terminal columns; `nil` cuts nothing.
    func text(width: Int?) -> String {
        let cells = ([titles] + rows).map { $0.map(TextWidth.singleLine) }
        var widths = titles.indices.map { column in
            cells.map { column < $0.count ? TextWidth.of($0[column]) : 0 }.max() ?? 0
        }
        if let width { shrink(&widths, to: width) }
        return cells.map { row in line(row, widths) }.joined(separator: "\n")
    }

    /// Takes from the widest column that may be cut until all fit.
    private func shrink(_ widths: inout [Int], to width: Int) {
        var candidates = elastic.isEmpty ? Set(widths.indices) : elastic
        var excess = widths.reduce(0, +) + Self.gap * max(0, widths.count - 1) - width
        while excess > 0, let widest = candidates.max(by: { (widths[$0], $1) < (widths[$1], $0) }) {
            guard widths[widest] > Self.leastWidth else {
                if candidates.count == widths.count { return }
                candidates = Set(widths.indices)
                if candidates.allSatisfy({ widths[$0] <= Self.leastWidth }) { return }
                continue
            }
            widths[widest] -= 1
            excess -= 1
        }
    }

    private func line(_ row: [String], _ widths: [Int]) -> String {
        var line = ""
        for (column, width) in widths.enumerated() {
            let cell = TextWidth.cut(column < row.count ? row[column] : "", to: width)
            let padding = String(repeating: " ", count: width - TextWidth.of(cell))
            line += rightAligned.contains(column) ? padding + cell : cell + padding
            if column < widths.count - 1 { line += String(repeating: " ", count: Self.gap) }
        }
        while line.last == " " { line.removeLast() }
        return line
    }
}
