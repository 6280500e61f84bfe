internal import RunStore
internal import SlipwayCore

/// Lines of one numbering, in their order.
struct LogPart: Sendable, Hashable {
    var lines: [NamedLogLine]
    /// Where a reader stands who has taken all of them.
    var end: LogPosition
    /// Whether there may be more at once.
    var isFull: Bool
}

/// Puts numberings together by time, as far as each numbering's own order allows.
enum LogMerge {
    /// - Returns: the lines, and how many of each part are among them. What may have to come after lines that are not read yet
    ///   is left for the next page.
    static func merged(_ parts: [LogPart]) -> (lines: [NamedLogLine], taken: [Int]) {
        var taken = parts.map { _ in 0 }
        var lines: [NamedLogLine] = []
        lines.reserveCapacity(parts.reduce(0) { $0 + $1.lines.count })
        while true {
            var next: Int?
            for (index, part) in parts.enumerated() {
                guard taken[index] < part.lines.count else {
                    // Its next line is unknown, and may belong before those of the others.
                    if part.isFull { return (lines, taken) }
                    continue
                }
                if let best = next, key(parts[best].lines[taken[best]]) <= key(part.lines[taken[index]]) { continue }
                next = index
            }
            guard let next else { return (lines, taken) }
            lines.append(parts[next].lines[taken[next]])
            taken[next] += 1
        }
    }

    private static func key(_ line: NamedLogLine) -> (Int, Int64) { (line.placement, line.line.milliseconds) }

    /// Where a reader of one part stands who has taken so many of its lines.
    static func position(in part: LogPart, taken: Int, from start: LogPosition) -> LogPosition {
        if taken == part.lines.count { return max(part.end, start) }
        return taken == 0 ? start : part.lines[taken - 1].position
    }
}
