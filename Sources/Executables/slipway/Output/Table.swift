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
        let widths = widths(in: width)
        return ([titles] + rows).map { line($0, widths) }.joined(separator: "\n")
    }

    /// How wide each column is.
    func widths(in width: Int?) -> [Int] {
        let cells = ([titles] + rows).map { $0.map(TextWidth.singleLine) }
        var widths = titles.indices.map { column in
            cells.map { column < $0.count ? TextWidth.of($0[column]) : 0 }.max() ?? 0
        }
        if let width { shrink(&widths, to: width) }
        return widths
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

    /// - Parameter cuts: whether what is too long is cut; else it makes its line longer.
    func line(_ row: [String], _ widths: [Int], cuts: Bool = true) -> String {
        var line = ""
        for (column, width) in widths.enumerated() {
            let whole = column < row.count ? TextWidth.singleLine(row[column]) : ""
            let cell = cuts ? TextWidth.cut(whole, to: width) : whole
            let padding = String(repeating: " ", count: max(0, width - TextWidth.of(cell)))
            line += rightAligned.contains(column) ? padding + cell : cell + padding
            if column < widths.count - 1 { line += String(repeating: " ", count: Self.gap) }
        }
        while line.last == " " { line.removeLast() }
        return line
    }
}
