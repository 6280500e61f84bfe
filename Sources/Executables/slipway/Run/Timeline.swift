internal import SlipwayCore

/// When a run was in which state, and when each of its tasks was executed.
struct Timeline {
    struct Span {
        var start: Timestamp
        /// `nil`: it goes on.
        var end: Timestamp?
    }

    struct Row {
        var name: String
        /// The state that the row is of, or that the task is in.
        var state: String
        var spans: [Span]
    }

    let id: String
    let job: String
    let state: String
    let begin: Timestamp
    let end: Timestamp
    let states: [Row]
    let tasks: [Row]

    /// - Parameter now: how far what is not over goes.
    init(run: Document, tasks: [Document], now: Timestamp) {
        id = run.text("id")
        job = run.text("job")
        state = run.text("state")
        states = Self.states(run.elements("states"))
        self.tasks = tasks.map { task in
            let start = Moments.parse(task.text("started_at"))
            // A task that was cut off has no end of its own: it ended with the run.
            let isOver = task.text("state") != "running"
            let end = Moments.parse(task.text("ended_at")) ?? (isOver ? Moments.parse(run.text("ended_at")) : nil)
            return Row(
                name: task.text("name"),
                state: task.text("state"),
                spans: start.map { [Span(start: $0, end: end)] } ?? []
            )
        }
        let moments = (states + self.tasks).flatMap(\.spans).flatMap { [$0.start, $0.end].compactMap(\.self) }
        let created = Moments.parse(run.text("created_at"))
        begin = ([created].compactMap(\.self) + moments).min() ?? now
        let ended = Moments.parse(run.text("ended_at"))
        end = max(ended.map { max($0, moments.max() ?? $0) } ?? now, begin)
    }

    /// One row a state, in the order in which they were entered first.
    private static func states(_ stays: [Document]) -> [Row] {
        var rows: [Row] = []
        for stay in stays {
            guard stay["seconds"] != nil, let start = Moments.parse(stay.text("entered_at")) else { continue }
            let name = stay.text("state")
            let span = Span(start: start, end: Moments.parse(stay.text("left_at")))
            if let index = rows.firstIndex(where: { $0.name == name }) {
                rows[index].spans.append(span)
            } else {
                rows.append(Row(name: name, state: name, spans: [span]))
            }
        }
        return rows
    }

    // MARK: For programs

    var document: Document {
        .object([
            "run": .string(id), "state": .string(state), "begin": .string(begin.description),
            "end": .string(end.description), "states": .array(states.map(document)),
            "tasks": .array(tasks.map(document)),
        ])
    }

    private func document(_ row: Row) -> Document {
        .object([
            "name": .string(row.name), "state": .string(row.state), "seconds": .number(seconds(row)),
            "spans": .array(
                row.spans.map { span in
                    var members = ["start": Document.string(span.start.description)]
                    members["end"] = span.end.map { .string($0.description) }
                    return .object(members)
                }
            ),
        ])
    }

    private func seconds(_ row: Row) -> Double {
        row.spans.reduce(0) { $0 + Self.seconds(from: $1.start, to: $1.end ?? end) }
    }

    private static func seconds(from start: Timestamp, to end: Timestamp) -> Double {
        Double(max(0, end.microsecondsSince1970 - start.microsecondsSince1970)) / 1_000_000
    }

    // MARK: For people

    /// Names, bars, and how long each took.
    ///
    /// - Parameter width: in columns, at least 40.
    func text(width: Int, isASCII: Bool) -> String {
        let whole = Self.seconds(from: begin, to: end)
        let rows = states + tasks
        let names = min(rows.map { TextWidth.of(TextWidth.singleLine($0.name)) }.max() ?? 0, max(12, width / 4))
        let bars = max(10, width - names - 2 - 10)
        let length = "\(Moments.duration(whole)) from \(begin.description)"
        var lines = [
            "run \(id)", TextWidth.cut("job \(TextWidth.singleLine(job)), \(state), \(length)", to: width), "",
        ]
        lines += states.map { line($0, names, bars, isASCII) }
        if !tasks.isEmpty { lines.append("") }
        lines += tasks.map { line($0, names, bars, isASCII) }
        lines += ["", scale(names, bars, whole)]
        let text = lines.joined(separator: "\n")
        // What is cut ends with a sign of the same width.
        return isASCII ? text.replacing("…", with: "~") : text
    }

    private func line(_ row: Row, _ names: Int, _ bars: Int, _ isASCII: Bool) -> String {
        let name = TextWidth.cut(TextWidth.singleLine(row.name), to: names)
        let padding = String(repeating: " ", count: names - TextWidth.of(name))
        let label = row.spans.isEmpty ? row.state : Moments.duration(seconds(row))
        let bar = Terminal.paint(cells(row, bars, isASCII), Terminal.color(ofState: row.state))
        return "\(name)\(padding)  \(bar) \(label)"
    }

    /// A character for each part of the time; what took any time at all has at least one.
    private func cells(_ row: Row, _ bars: Int, _ isASCII: Bool) -> String {
        var cells = Array(repeating: Character(isASCII ? "." : "·"), count: bars)
        let whole = max(Self.seconds(from: begin, to: end), 0.000_001)
        for span in row.spans {
            let from = Self.seconds(from: begin, to: span.start) / whole * Double(bars)
            let until = Self.seconds(from: begin, to: span.end ?? end) / whole * Double(bars)
            let first = min(max(Int(from), 0), bars - 1)
            let last = min(max(Int(until.rounded(.up)) - 1, first), bars - 1)
            for index in first...last { cells[index] = glyph(row, isASCII) }
            // What goes on has no end yet.
            if span.end == nil { cells[last] = isASCII ? ">" : "▶" }
        }
        return String(cells)
    }

    /// How a task ended can be told without colours.
    private func glyph(_ row: Row, _ isASCII: Bool) -> Character {
        switch row.state {
        case "failed", "timeout", "upstream_failed": isASCII ? "x" : "▓"
        case "cancelled", "cancelling", "paused": isASCII ? "-" : "▒"
        default: isASCII ? "#" : "█"
        }
    }

    private func scale(_ names: Int, _ bars: Int, _ whole: Double) -> String {
        let (left, right) = ("0s", Moments.duration(whole))
        let gap = String(repeating: " ", count: max(1, bars - left.count - right.count))
        return String(repeating: " ", count: names + 2) + left + gap + right
    }
}
