internal import RunStore
internal import SlipwayCore

/// Reads the logs of a run page by page, each line exactly once.
struct LogReader: Sendable {
    let store: RunStore
    let run: RunID
    /// `nil` reads all streams.
    let stream: String?
    let chunksPerPage: Int

    func page(after cursor: LogCursor) async throws -> LogPage {
        switch stream {
        case "sail"?: try await sail(after: cursor)
        case .some(let name): try await runner(.stream(name), after: cursor)
        case nil: try await all(after: cursor)
        }
    }

    /// Both numberings side by side, in the order of time as far as each numbering allows.
    private func all(after cursor: LogCursor) async throws -> LogPage {
        async let first = runner(.numberedByRunner, after: cursor)
        async let second = sail(after: cursor)
        let (runner, sail) = (try await first, try await second)
        return LogPage(
            lines: Self.merged(runner.lines, sail.lines),
            cursor: LogCursor(runner: runner.cursor.runner, sail: sail.cursor.sail),
            isFull: runner.isFull || sail.isFull
        )
    }

    private func sail(after cursor: LogCursor) async throws -> LogPage {
        let (lines, end, isFull) = try await read(.stream("sail"), after: cursor.sail)
        return LogPage(lines: lines, cursor: LogCursor(runner: cursor.runner, sail: end), isFull: isFull)
    }

    private func runner(_ selection: LogSelection, after cursor: LogCursor) async throws -> LogPage {
        let (lines, end, isFull) = try await read(selection, after: cursor.runner)
        return LogPage(lines: lines, cursor: LogCursor(runner: end, sail: cursor.sail), isFull: isFull)
    }

    private func read(
        _ selection: LogSelection,
        after position: LogPosition
    ) async throws -> (lines: [NamedLogLine], end: LogPosition, isFull: Bool) {
        var limit = chunksPerPage
        while true {
            let chunks = try await store.logChunks(run, of: selection, after: position, limit: limit)
            let part = Self.part(of: chunks, selection, after: position, isFull: chunks.count == limit)
            if !part.isFull || part.end > position || limit >= store.limits.page { return part }
            // So many streams are written side by side that a page holds only the beginnings of their chunks.
            limit = min(limit * 4, store.limits.page)
        }
    }

    private static func part(
        of chunks: [StoredLogChunk],
        _ selection: LogSelection,
        after position: LogPosition,
        isFull: Bool
    ) -> (lines: [NamedLogLine], end: LogPosition, isFull: Bool) {
        var lines = chunks.flatMap { chunk in
            chunk.lines.map { NamedLogLine(stream: chunk.stream, placement: chunk.placement, line: $0) }
        }
        lines.sort { ($0.placement, $0.line.sequence) < ($1.placement, $1.line.sequence) }
        var end = chunks.map(\.end).max() ?? position
        // Lines of several streams interleave over chunks. A chunk that did not fit may begin anywhere after the last one's
        // beginning, so lines from there on wait for the next page; a stream alone has no such gap.
        if isFull, selection == .numberedByRunner, let last = chunks.last {
            end = max(position, LogPosition(placement: last.placement, sequence: last.firstSequence - 1))
            lines.removeAll { LogPosition(placement: $0.placement, sequence: $0.line.sequence) > end }
        }
        return (lines, end, isFull)
    }

    /// Merges by time and keeps the order within each part.
    static func merged(_ left: [NamedLogLine], _ right: [NamedLogLine]) -> [NamedLogLine] {
        guard !left.isEmpty, !right.isEmpty else { return left + right }
        var merged: [NamedLogLine] = []
        merged.reserveCapacity(left.count + right.count)
        var (l, r) = (0, 0)
        while l < left.count, r < right.count {
            if (right[r].placement, right[r].line.milliseconds) < (left[l].placement, left[l].line.milliseconds) {
                merged.append(right[r])
                r += 1
            } else {
                merged.append(left[l])
                l += 1
            }
        }
        return merged + left[l...] + right[r...]
    }
}
