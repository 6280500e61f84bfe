internal import SlipwayCore

/// What a person pressed.
enum TopKey: Equatable, Sendable {
    case up, down, pageUp, pageDown, home, end, enter, escape, erase, interrupt
    case character(Character)

    /// The keys that a terminal's bytes mean. An escape that nothing follows is the key itself.
    static func read(_ bytes: [UInt8]) -> [TopKey] {
        var keys: [TopKey] = []
        var rest = String(decoding: bytes, as: UTF8.self).unicodeScalars[...]
        let sequences: [(String, TopKey)] = [
            ("\u{1B}[A", .up), ("\u{1B}OA", .up), ("\u{1B}[B", .down), ("\u{1B}OB", .down), ("\u{1B}[5~", .pageUp),
            ("\u{1B}[6~", .pageDown), ("\u{1B}[H", .home), ("\u{1B}[1~", .home), ("\u{1B}[F", .end),
            ("\u{1B}[4~", .end),
        ]
        while let first = rest.first {
            if let (text, key) = sequences.first(where: { rest.starts(with: $0.0.unicodeScalars) }) {
                keys.append(key)
                rest = rest.dropFirst(text.unicodeScalars.count)
                continue
            }
            rest = rest.dropFirst()
            switch first.value {
            case 3: keys.append(.interrupt)
            case 10, 13: keys.append(.enter)
            case 8, 127: keys.append(.erase)
            case 27 where rest.first == "[" || rest.first == "O":
                // A key that means nothing here: its sequence ends with a letter or a tilde.
                rest = rest.dropFirst()
                while let next = rest.first {
                    rest = rest.dropFirst()
                    if (0x40...0x7E).contains(next.value) { break }
                }
            case 27: keys.append(.escape)
            case ..<32: break
            default: keys.append(.character(Character(first)))
            }
        }
        return keys
    }
}

/// What the live view shows, and what keys do to it. Knows neither a terminal nor the API.
struct TopModel {
    enum Action: Equatable {
        case none
        case leave
        /// Show this run.
        case open(String)
    }

    private enum Mode {
        case list
        case filter(before: String)
        case run(id: String, lines: [String], offset: Int)
    }

    let address: String
    private var mode = Mode.list
    private var snapshot: TopSnapshot?
    private var failure = ""
    private var filter = ""
    /// The run that is chosen; a place in the list would slip as runs come and go.
    private var selected: String?
    /// The run whose text was asked for; what comes for another one, or after the person went back, is not shown.
    private var wanted: String?
    /// How many lines the part that moves had when it was drawn.
    private var page = 10

    init(address: String) { self.address = address }

    /// The run that is shown alone.
    var openRun: String? {
        if case .run(let id, _, _) = mode { id } else { nil }
    }

    private var shown: TopSnapshot? { snapshot?.filtered(filter) }

    // MARK: What happens

    mutating func take(_ snapshot: TopSnapshot) {
        self.snapshot = snapshot
        failure = ""
        keepSelection(near: nil)
    }

    mutating func take(failure: String) { self.failure = failure }

    /// The text of a run that was asked for.
    mutating func take(run id: String, text: String) {
        guard id == wanted else { return }
        var offset = 0
        if case .run(id, _, let before) = mode { offset = before }
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        mode = .run(id: id, lines: lines, offset: min(offset, max(0, lines.count - 1)))
        failure = ""
    }

    mutating func take(_ key: TopKey) -> Action {
        if key == .interrupt { return .leave }
        switch mode {
        case .list: return takeInList(key)
        case .filter(let before):
            takeInFilter(key, before)
            return .none
        case .run(let id, let lines, let offset):
            takeInRun(key, id, lines, offset)
            return .none
        }
    }

    private mutating func takeInList(_ key: TopKey) -> Action {
        switch key {
        case .character("q"): return .leave
        case .character("/"): mode = .filter(before: filter)
        case .escape: filter = ""
        case .up, .character("k"): move(-1)
        case .down, .character("j"): move(1)
        case .pageUp: move(-page)
        case .pageDown: move(page)
        case .home, .character("g"): move(-.max / 2)
        case .end, .character("G"): move(.max / 2)
        case .enter:
            wanted = selected
            if let selected { return .open(selected) }
        default: break
        }
        return .none
    }

    private mutating func takeInFilter(_ key: TopKey, _ before: String) {
        switch key {
        case .enter: mode = .list
        case .escape:
            filter = before
            mode = .list
        case .erase: if !filter.isEmpty { filter.removeLast() }
        case .character(let character): if filter.count < 100 { filter.append(character) }
        default: break
        }
        keepSelection(near: nil)
    }

    private mutating func takeInRun(_ key: TopKey, _ id: String, _ lines: [String], _ offset: Int) {
        func scrolled(_ by: Int) -> Mode {
            .run(id: id, lines: lines, offset: min(max(0, offset + by), max(0, lines.count - page)))
        }
        switch key {
        case .character("q"), .escape, .erase:
            wanted = nil
            mode = .list
        case .up, .character("k"): mode = scrolled(-1)
        case .down, .character("j"): mode = scrolled(1)
        case .pageUp: mode = scrolled(-page)
        case .pageDown, .character(" "): mode = scrolled(page)
        case .home, .character("g"): mode = scrolled(-lines.count)
        case .end, .character("G"): mode = scrolled(lines.count)
        default: break
        }
    }

    private mutating func move(_ by: Int) {
        let ids = shown?.runs.map { $0.text("id") } ?? []
        guard !ids.isEmpty else { return }
        let place = ids.firstIndex { $0 == selected } ?? 0
        selected = ids[min(max(0, place + by), ids.count - 1)]
    }

    private mutating func keepSelection(near place: Int?) {
        let ids = shown?.runs.map { $0.text("id") } ?? []
        if selected.map({ !ids.contains($0) }) ?? true { selected = ids.first }
    }

    // MARK: What is seen

    /// The lines of the screen, none longer than it is wide and no more than it is high.
    mutating func lines(columns: Int, rows: Int, clock: String) -> [String] {
        let body: [String]
        let keys: String
        let room = max(1, rows - 3)
        switch mode {
        case .run(_, let lines, let offset):
            page = room
            body = lines.dropFirst(offset).prefix(room).map { fitted($0, columns) }
            keys = "j/k or arrows scroll   q back"
        case .filter:
            body = list(columns, room)
            keys = "/\(filter)_   enter keeps it, escape drops it"
        case .list:
            body = list(columns, room)
            keys = "j/k or arrows choose   enter shows a run   / filters   q leaves"
        }
        let filling = Array(repeating: "", count: max(0, room - body.count))
        let bottom = failure.isEmpty ? keys : "\(failure) – trying again   q leaves"
        let head = TextWidth.cut(header(clock), to: columns)
        return Array(
            ([Terminal.paint(head, .bold), ""] + body.prefix(room) + filling
                + [Terminal.paint(TextWidth.cut(bottom, to: columns), failure.isEmpty ? .dim : .red)]).prefix(
                    max(1, rows)
                )
        )
    }

    private func fitted(_ line: String, _ columns: Int) -> String { TextWidth.cut(line, to: columns) }

    private func header(_ clock: String) -> String {
        guard let snapshot else { return "slipway top   \(address)   asking …" }
        var facts = "\(snapshot.runCount) active, \(snapshot.waiting) waiting"
        if let holders = snapshot.holders {
            facts += ", \(holders.count { $0["alive"] == .bool(true) }) processes"
        }
        return "slipway top   \(address)   \(clock)   \(facts)" + (filter.isEmpty ? "" : "   filter: \(filter)")
    }

    private mutating func list(_ columns: Int, _ room: Int) -> [String] {
        guard let shown else { return [] }
        // The queue, clusters and processes get a part of the room each; runs get the rest.
        let part = max(1, room / 6)
        var lines = section("QUEUE", .holds, shown.holds, part, columns)
        let below =
            section("CLUSTERS", .clusters, shown.clusters, part, columns)
            + (shown.holders.map { section("PROCESSES", .holders, $0, part, columns) } ?? [])
        let space = max(1, room - lines.count - below.count - 3)
        page = space
        lines += runs(shown, space, columns)
        return lines + below
    }

    private func section(_ title: String, _ listing: Listing, _ rows: [Document], _ most: Int, _ columns: Int)
        -> [String]
    {
        let more = rows.count > most ? ", the first \(most)" : ""
        let heading = Terminal.paint("\(title) \(rows.count)\(more)", .cyan)
        guard !rows.isEmpty else { return [heading, ""] }
        let table = listing.table(Array(rows.prefix(most)), .table)
        return [heading] + table.text(width: columns).split(separator: "\n").map { fitted(String($0), columns) } + [""]
    }

    private func runs(_ shown: TopSnapshot, _ space: Int, _ columns: Int) -> [String] {
        let runs = shown.runs
        let place = runs.firstIndex { $0.text("id") == selected } ?? 0
        let first = min(max(0, place - space / 2), max(0, runs.count - space))
        let visible = Array(runs.dropFirst(first).prefix(space))
        let more = visible.count < runs.count ? ", \(first + 1) to \(first + visible.count)" : ""
        let heading = Terminal.paint("RUNS \(shown.runCount)\(more)", .cyan)
        guard !visible.isEmpty else { return [heading, ""] }
        let table = Listing.runs.table(visible, .table)
        let widths = table.widths(in: columns - 2)
        let rows = zip(visible, table.rows).map { run, row in
            let line = fitted(table.line(row, widths), columns - 2)
            // Chosen by a mark as well as by colour.
            guard run.text("id") == selected else { return "  \(line)" }
            return Terminal.paint("> \(line)", .reverse)
        }
        return [heading, "  " + fitted(table.line(table.titles, widths), columns - 2)] + rows + [""]
    }
}
