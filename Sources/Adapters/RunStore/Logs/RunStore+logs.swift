internal import Compression
internal import ObjectStorage
internal import PostgresClient
package import SlipwayCore

/// Where a chunk's bytes are.
struct LogChunkRow {
    var stream: String
    var placement: Int
    var firstSequence: Int64
    var lastSequence: Int64
    var content: [UInt8]
    var object: ObjectPart?
}

/// A part of an object.
struct ObjectPart: Sendable, Hashable {
    var key: String
    var offset: Int
    var length: Int
    var end: Int { offset + length }
}

extension RunStore {
    /// The streams of a run that have lines, with how many.
    package func logStreams(_ id: RunID) async throws -> [(stream: String, lines: Int)] {
        try await pool.query(
            """
            SELECT stream, sum(line_count)::bigint FROM run_log_chunks
            WHERE run_id = \(id) AND \(unescaped: Self.daysOfRun("$1"))
            GROUP BY stream ORDER BY stream
            """
        ).decode(String.self, Int.self).map { ($0.0, $0.1) }
    }

    /// How much of the streams of these runs is stored, over all placements, and which were cut. Streams without a line are
    /// missing.
    package func storedStreams(_ ids: [RunID]) async throws -> [RunID: [String: StoredStream]] {
        guard !ids.isEmpty else { return [:] }
        let rows = try await pool.query(
            """
            SELECT run_id, stream, sum(coalesce(byte_count, octet_length(content)))::bigint, bool_or(is_cut)
            FROM run_log_chunks WHERE run_id = ANY(\(ids)) GROUP BY run_id, stream
            """
        ).decode(RunID.self, String.self, Int.self, Bool.self)
        var streams: [RunID: [String: StoredStream]] = [:]
        for (id, stream, bytes, isCut) in rows {
            streams[id, default: [:]][stream] = StoredStream(bytes: bytes, isCut: isCut)
        }
        return streams
    }

    /// Chunks of streams that share a numbering, after a position; at most `limit` chunks, in order of their numbers.
    ///
    /// - Throws: `ObjectStorageError` or `NoObjectStorage` if what is asked for was moved and cannot be read.
    package func logChunks(
        _ id: RunID,
        of selection: LogSelection,
        after position: LogPosition,
        span: LogSpan = LogSpan(),
        limit: Int = 64
    ) async throws -> [StoredLogChunk] {
        let page = min(max(limit, 1), limits.page)
        let names = selection.names
        let result = try await pool.query(
            """
            SELECT stream, placement, first_sequence, last_sequence, content, object_key, object_offset, object_length
            FROM run_log_chunks
            WHERE run_id = \(id) AND \(unescaped: Self.daysOfRun("$1"))
                AND CASE WHEN \(nullable: names)::text[] IS NULL THEN stream <> 'sail'
                    ELSE split_part(stream, '[', 1) = ANY(\(nullable: names)::text[])
                        OR stream = ANY(\(nullable: names)::text[]) END
                AND (placement, last_sequence) > (\(position.placement)::int, \(position.sequence)::bigint)
                AND (\(nullable: span.since)::timestamptz IS NULL OR coalesce(last_at, 'infinity') >= \(nullable: span.since))
                AND (\(nullable: span.until)::timestamptz IS NULL OR last_at IS NULL OR first_at <= \(nullable: span.until))
            ORDER BY placement, first_sequence, stream LIMIT \(page)
            """
        )
        let rows = try result.decode(
            String.self,
            Int.self,
            Int64.self,
            Int64.self,
            [UInt8].self,
            String?.self,
            Int?.self,
            Int?.self
        ).map { stream, placement, first, last, content, key, offset, length in
            LogChunkRow(
                stream: stream,
                placement: placement,
                firstSequence: first,
                lastSequence: last,
                content: content,
                object: key.map { ObjectPart(key: $0, offset: offset ?? 0, length: length ?? 0) }
            )
        }
        return try await chunks(of: rows, after: position)
    }

    func chunks(of rows: [LogChunkRow], after position: LogPosition) async throws -> [StoredLogChunk] {
        let moved = try await contents(of: rows.compactMap(\.object))
        return try rows.map { row in
            let content = row.object.flatMap { moved[$0] } ?? row.content
            var lines = try LogText.decode(content, firstSequence: row.firstSequence)
            if row.placement == position.placement { lines.removeAll { $0.sequence <= position.sequence } }
            return StoredLogChunk(
                stream: row.stream,
                placement: row.placement,
                firstSequence: row.firstSequence,
                lines: lines,
                end: LogPosition(placement: row.placement, sequence: row.lastSequence)
            )
        }
    }

    /// Parts of objects; those that touch each other are read by one request.
    private func contents(of parts: [ObjectPart]) async throws -> [ObjectPart: [UInt8]] {
        guard !parts.isEmpty else { return [:] }
        guard let logObjects else { throw NoObjectStorage() }
        var contents: [ObjectPart: [UInt8]] = [:]
        for (key, range) in Self.ranges(of: parts) {
            let bytes = try await logObjects.client.get(key, range: range)
            for part in parts where part.key == key && range.lowerBound <= part.offset && part.end <= range.upperBound {
                contents[part] = Array(bytes[(part.offset - range.lowerBound)..<(part.end - range.lowerBound)])
            }
        }
        return contents
    }

    /// The fewest ranges that hold all parts and nothing else.
    static func ranges(of parts: [ObjectPart]) -> [(key: String, range: Range<Int>)] {
        var ranges: [(key: String, range: Range<Int>)] = []
        for part in parts.sorted(by: { ($0.key, $0.offset) < ($1.key, $1.offset) }) {
            if let last = ranges.last, last.key == part.key, last.range.upperBound == part.offset {
                ranges[ranges.count - 1].range = last.range.lowerBound..<part.end
            } else {
                ranges.append((part.key, part.offset..<part.end))
            }
        }
        return ranges
    }

    /// A position after which there are at least so many lines, and not many more, without reading any; the start if there
    /// are fewer.
    package func logTail(_ id: RunID, of selection: LogSelection, lines: Int) async throws -> LogPosition {
        let names = selection.names
        // From the end, in order of the last numbers: as many chunks as have enough lines, and the earliest beginning among them.
        let rows = try await pool.query(
            """
            WITH newest AS (
                SELECT placement, first_sequence,
                    sum(line_count) OVER (ORDER BY placement DESC, last_sequence DESC, stream) - line_count AS lines_after
                FROM run_log_chunks
                WHERE run_id = \(id) AND \(unescaped: Self.daysOfRun("$1"))
                    AND CASE WHEN \(nullable: names)::text[] IS NULL THEN stream <> 'sail'
                        ELSE split_part(stream, '[', 1) = ANY(\(nullable: names)::text[])
                        OR stream = ANY(\(nullable: names)::text[]) END
            )
            SELECT placement, min(first_sequence) FROM newest WHERE lines_after < \(lines)
            GROUP BY placement ORDER BY placement LIMIT 1
            """
        ).decode(Int.self, Int64.self)
        return rows.first.map { LogPosition(placement: $0.0, sequence: $0.1 - 1) } ?? .start
    }

    /// Which partitions can hold lines of a run: none from before it, and none from after its end. A day more on either side
    /// for what happens around midnight.
    static func daysOfRun(_ id: String) -> String {
        """
        stored_on >= coalesce((SELECT (created_at AT TIME ZONE 'UTC')::date - 1 FROM runs WHERE id = \(id)), '-infinity')
            AND stored_on <= coalesce((SELECT logged_until + 1 FROM finished_runs WHERE id = \(id)), 'infinity')
        """
    }
}
