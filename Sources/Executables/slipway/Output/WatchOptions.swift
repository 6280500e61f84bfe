internal import ArgumentParser
internal import SlipwayCore

/// For lists that can be watched.
struct WatchOptions: ParsableArguments {
    @Flag(name: [.customShort("w"), .long], help: "Show the list, then each row that changes, until interrupted.")
    var watch = false
}

extension Listing {
    /// Shows a list once, or, watched, goes on with the rows that are new or changed.
    ///
    /// - Parameters:
    ///   - member: what the list is called in documents.
    ///   - news: tells when rows have changed; without it, and while it tells nothing, they are asked for now and then.
    ///   - fetch: gives all rows.
    func show(
        _ member: String,
        _ watching: WatchOptions,
        _ format: OutputFormat,
        empty: String,
        news: ListNews? = nil,
        fetch: () async throws -> [Document]
    ) async throws {
        let rows = try await fetch()
        show(rows, document: .object([member: .array(rows)]), format: format, empty: empty)
        guard watching.watch else { return }
        try await withThrowingTaskGroup(of: Void.self) { group in
            if let news { group.addTask { await news.run() } }
            try await watch(member, rows, format, news, fetch)
        }
    }

    private func watch(
        _ member: String,
        _ rows: [Document],
        _ format: OutputFormat,
        _ news: ListNews?,
        _ fetch: () async throws -> [Document]
    ) async throws {
        var known = ListChanges(listing: self, rows: rows)
        var pace = WatchPace()
        let first = table(rows, format)
        let widths = first.widths(in: format == .wide ? nil : Terminal.width)
        var hasTitles = !rows.isEmpty
        while true {
            try await pace.wait(for: news)
            let rows: [Document]
            do {
                rows = try await fetch()
            } catch let failure as Failure where failure.isPassing && pace.mayGoOn {
                if pace.failed() == 1 { Terminal.note("\(failure.message); watching goes on") }
                continue
            }
            let changes = known.take(rows)
            pace.took(isChanged: !changes.changed.isEmpty || !changes.gone.isEmpty)
            for name in changes.gone { Terminal.note("\(TextWidth.singleLine(name)) is not in the list any more") }
            guard !changes.changed.isEmpty else { continue }
            guard format.isForPeople else {
                let document = Document.object([member: .array(changes.changed)])
                Terminal.print(text(changes.changed, document: document, format: format))
                continue
            }
            let table = table(changes.changed, format)
            let layout = hasTitles ? widths : table.widths(in: nil)
            if !hasTitles { Terminal.print(table.line(table.titles, layout)) }
            hasTitles = true
            for row in table.rows {
                Terminal.print(table.line(row, layout, cuts: format == .table && Terminal.isOutputTerminal))
            }
        }
    }
}

/// What is new in a list that was seen before.
struct ListChanges {
    let listing: Listing
    private var known: [String: [String]] = [:]

    init(listing: Listing, rows: [Document]) {
        self.listing = listing
        _ = take(rows)
    }

    /// - Returns: the rows that are new or changed, and the names of those that are gone.
    mutating func take(_ rows: [Document]) -> (changed: [Document], gone: [String]) {
        var next: [String: [String]] = [:]
        var changed: [Document] = []
        for row in rows {
            let facts = listing.columns.filter { !$0.followsClock }.map { $0.value(row) }
            let name = listing.identity?(row) ?? listing.name(row)
            next[name] = facts
            if known[name] != facts { changed.append(row) }
        }
        let gone = known.keys.filter { next[$0] == nil }.sorted()
        known = next
        return (changed, gone)
    }
}

/// How often a watched list is asked for: soon after a change, then less and less often.
struct WatchPace {
    private(set) var pause = shortest
    private var failures = 0

    private static let shortest = Duration.milliseconds(500)
    private static let longest = Duration.seconds(5)
    private static let mostFailures = 20

    /// Waits until the list may be read again: after a while, or as soon as it has news, but not twice within the shortest pause.
    func wait(for news: ListNews?) async throws {
        guard let news else { return try await Task.sleep(for: pause) }
        try await Task.sleep(for: Self.shortest)
        try await news.wait(atMost: (news.isLive ? news.longestPause : pause) - Self.shortest)
    }

    var mayGoOn: Bool { failures < Self.mostFailures }

    mutating func took(isChanged: Bool) {
        failures = 0
        pause = isChanged ? Self.shortest : min(pause * 3 / 2, Self.longest)
    }

    /// - Returns: how many failed one after the other.
    mutating func failed() -> Int {
        failures += 1
        pause = Self.longest
        return failures
    }
}
