internal import PostgresClient
package import SlipwayCore

/// Some lines of one stream by their number within it.
package struct NumberedLogLines: Sendable {
    /// The number of the first one, from 0.
    package var first: Int
    /// How many the stream has.
    package var total: Int
    package var lines: [(placement: Int, line: LogLine)]
}

/// Where the lines of a stored chunk stand in their stream.
private struct LogChunkPlace {
    var placement: Int
    var firstSequence: Int64
    var lastSequence: Int64
    /// The number of its first line, from 0.
    var begin: Int
    var count: Int
    var end: Int { begin + count }
    var lastPosition: LogPosition { LogPosition(placement: placement, sequence: lastSequence) }
}

extension RunStore {
    /// Lines of one stream from a number on; the text of lines before them is not read.
    ///
    /// - Parameters:
    ///   - stream: exactly this one: a task's items have streams of their own.
    ///   - first: from 0.
    ///   - count: at most so many.
    /// - Throws: `ObjectStorageError` or `NoObjectStorage` if what is asked for was moved and cannot be read.
    package func logLines(_ id: RunID, stream: String, from first: Int, count: Int) async throws -> NumberedLogLines {
        let places = try await logPlaces(id, stream: stream)
        var answer = NumberedLogLines(first: first, total: places.last?.end ?? 0, lines: [])
        for place in places where place.end > first && place.begin < first + count {
            guard let chunk = try await chunk(id, stream: stream, at: place) else { continue }
            let wanted = chunk.lines.dropFirst(max(0, first - place.begin)).prefix(count - answer.lines.count)
            answer.lines += wanted.map { (chunk.placement, $0) }
        }
        return answer
    }

    /// The number, from 0, of the line at a position of a stream, or of the next one if there is none.
    package func logLineNumber(_ id: RunID, stream: String, at position: LogPosition) async throws -> Int {
        let places = try await logPlaces(id, stream: stream)
        guard let place = places.first(where: { position <= $0.lastPosition }) else { return places.last?.end ?? 0 }
        guard position > LogPosition(placement: place.placement, sequence: place.firstSequence) else {
            return place.begin
        }
        let chunk = try await chunk(id, stream: stream, at: place)
        return place.begin + (chunk?.lines.prefix { $0.sequence < position.sequence }.count ?? 0)
    }

    private func logPlaces(_ id: RunID, stream: String) async throws -> [LogChunkPlace] {
        let rows = try await pool.query(
            """
            SELECT placement, first_sequence, last_sequence, line_count FROM run_log_chunks
            WHERE run_id = \(id) AND \(unescaped: Self.daysOfRun("$1")) AND stream = \(stream)
            ORDER BY placement, first_sequence
            """
        ).decode(Int.self, Int64.self, Int64.self, Int.self)
        var end = 0
        return rows.map { placement, first, last, count in
            defer { end += count }
            return LogChunkPlace(
                placement: placement,
                firstSequence: first,
                lastSequence: last,
                begin: end,
                count: count
            )
        }
    }

    private func chunk(_ id: RunID, stream: String, at place: LogChunkPlace) async throws -> StoredLogChunk? {
        let rows = try await pool.query(
            """
            SELECT content, object_key, object_offset, object_length FROM run_log_chunks
            WHERE run_id = \(id) AND placement = \(place.placement) AND last_sequence = \(place.lastSequence)
                AND stream = \(stream)
            """
        ).decode([UInt8].self, String?.self, Int?.self, Int?.self).map { content, key, offset, length in
            LogChunkRow(
                stream: stream,
                placement: place.placement,
                firstSequence: place.firstSequence,
                lastSequence: place.lastSequence,
                content: content,
                object: key.map { ObjectPart(key: $0, offset: offset ?? 0, length: length ?? 0) }
            )
        }
        return try await chunks(of: rows, after: .start).first
    }
}
