internal import RunStore
internal import SlipwayCore

/// Reads the logs of a run page by page, each line exactly once.
struct LogReader: Sendable {
    let store: RunStore
    let run: RunID
    let streams: LogStreams
    let filter: LogFilter
    let chunksPerPage: Int
    /// Of text that a tail holds at most, beside its last line.
    let tailBytes: Int

    /// The next lines of all streams, in the order of time as far as each numbering allows. A page may have no line and yet be
    /// followed by others.
    func page(after cursor: LogCursor) async throws -> LogPage {
        async let first = runner(after: cursor.runner)
        async let second = sail(after: cursor.sail)
        async let third = events(after: cursor.event)
        let parts = [try await first, try await second, try await third]
        let (lines, taken) = LogMerge.merged(parts)
        let starts = [cursor.runner, cursor.sail, LogPosition(placement: 0, sequence: cursor.event)]
        let ends = parts.indices.map { LogMerge.position(in: parts[$0], taken: taken[$0], from: starts[$0]) }
        return LogPage(
            lines: lines,
            cursor: LogCursor(
                runner: ends[0],
                sail: ends[1],
                event: max(cursor.event, ends[2].sequence)
            ),
            isFull: parts.indices.contains { parts[$0].isFull || taken[$0] < parts[$0].lines.count }
        )
    }

    /// Pages until there are enough lines, or enough was looked at without finding them.
    func page(after cursor: LogCursor, enough lines: Int, pages: Int) async throws -> LogPage {
        var all = try await page(after: cursor)
        var looked = 1
        while all.isFull, all.lines.count < lines, looked < pages {
            let next = try await page(after: all.cursor)
            all.lines += next.lines
            all.cursor = next.cursor
            all.isFull = next.isFull
            looked += 1
        }
        return all
    }

    /// The last lines, fewer if they are long, without reading those before them, and the position they follow.
    func tail(_ count: Int) async throws -> (start: LogCursor, page: LogPage) {
        var start = LogCursor()
        if let selection = streams.runner { start.runner = try await store.logTail(run, of: selection, lines: count) }
        if streams.hasSail { start.sail = try await store.logTail(run, of: .stream(LogStreams.sail), lines: count) }
        var last = LogPage(lines: [], cursor: start, isFull: true)
        while last.isFull {
            let next = try await page(after: last.cursor)
            last.lines += next.lines
            let tooMany = last.lines.count - lastLines(of: last.lines, count)
            for line in last.lines.prefix(tooMany) { start.advance(past: line) }
            last.lines.removeFirst(tooMany)
            last.cursor = next.cursor
            last.isFull = next.isFull
        }
        return (start, last)
    }

    /// How many of the lines from the end on fit, at most so many.
    private func lastLines(of lines: [NamedLogLine], _ count: Int) -> Int {
        var bytes = 0
        let fitting = lines.reversed().prefix { named in
            defer { bytes += named.line.text.utf8.count }
            return bytes < tailBytes
        }
        return min(count, fitting.count)
    }

    // MARK: Parts

    private static let nothing = LogPart(lines: [], end: .start, isFull: false)

    private func sail(after position: LogPosition) async throws -> LogPart {
        guard streams.hasSail else { return Self.nothing }
        return try await read(.stream(LogStreams.sail), after: position)
    }

    private func runner(after position: LogPosition) async throws -> LogPart {
        guard let selection = streams.runner else { return Self.nothing }
        return try await read(selection, after: position)
    }

    private func events(after sequence: Int64) async throws -> LogPart {
        guard streams.hasEvents else { return Self.nothing }
        let events = try await store.events(run, after: sequence, limit: store.limits.page)
        var lines: [NamedLogLine] = []
        for event in events { lines.append(EventLine.line(event, after: lines.last?.placement ?? 0)) }
        return LogPart(
            lines: filter.applied(to: lines),
            end: LogPosition(placement: .max, sequence: events.last?.sequence ?? sequence),
            isFull: events.count == store.limits.page
        )
    }

    private func read(_ selection: LogSelection, after position: LogPosition) async throws -> LogPart {
        var limit = chunksPerPage
        while true {
            let chunks = try await store.logChunks(
                run,
                of: selection,
                after: position,
                span: filter.span,
                limit: limit
            )
            var part = Self.part(of: chunks, selection, after: position, isFull: chunks.count == limit)
            if !part.isFull || part.end > position || limit >= store.limits.page {
                part.lines = filter.applied(to: part.lines)
                return part
            }
            // So many streams are written side by side that a page holds only the beginnings of their chunks.
            limit = min(limit * 4, store.limits.page)
        }
    }

    private static func part(
        of chunks: [StoredLogChunk],
        _ selection: LogSelection,
        after position: LogPosition,
        isFull: Bool
    ) -> LogPart {
        var lines = chunks.flatMap { chunk in
            chunk.lines.map { NamedLogLine(stream: chunk.stream, placement: chunk.placement, line: $0) }
        }
        lines.sort { $0.position < $1.position }
        var end = chunks.map(\.end).max() ?? position
        // Lines of several streams interleave over chunks. A chunk that did not fit may begin anywhere after the last one's
        // beginning, so lines from there on wait for the next page; a stream alone has no such gap.
        if isFull, !selection.isOneStream, let last = chunks.last {
            end = max(position, LogPosition(placement: last.placement, sequence: last.firstSequence - 1))
            lines.removeAll { $0.position > end }
        }
        return LogPart(lines: lines, end: end, isFull: isFull)
    }
}

extension LogSelection {
    fileprivate var isOneStream: Bool {
        if case .stream = self { true } else { false }
    }
}
