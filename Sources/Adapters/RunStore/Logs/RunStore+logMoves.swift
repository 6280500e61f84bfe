internal import ObjectStorage
internal import PostgresClient
package import SlipwayCore

/// How logs are moved into an object storage.
package struct LogMoveSettings: Sendable {
    /// The largest object, unless one chunk is larger.
    package var objectBytes = 8 << 20
    /// A run that still goes on has its full objects moved once so many bytes of its log are in Postgres.
    package var liveBytes = 64 << 20
    /// For how long a run is left to who moves it. Longer than moving one object may take.
    package var claim: Duration = .seconds(300)
    /// Runs looked at by one call.
    package var runs = 100

    package init() {}
}

/// What was moved.
package struct LogMoves: Sendable, Hashable {
    package var runs = 0
    package var objects = 0
    package var bytes = 0

    package init() {}
}

extension RunStore {
    /// Moves chunks of runs that are over, and of those whose log has grown large, out of Postgres.
    ///
    /// A run is claimed first, so that two processes do not move the same one. An object is stored before the rows that held
    /// its bytes name it instead, in one statement; interrupted between the two, the next attempt stores the same object again.
    ///
    /// - Parameter holder: who moves; any identifier of its own.
    package func moveLogs(holder: HolderID, settings: LogMoveSettings) async throws -> LogMoves {
        guard let logObjects else { throw NoObjectStorage() }
        var moves = LogMoves()
        var failure: (any Error)?
        for run in try await runsToMove(settings) {
            guard let isOver = try await claimMove(run, holder: holder, for: settings.claim) else { continue }
            do {
                let chunks = try await movableChunks(run)
                let packs = LogPack.packs(chunks, maximumBytes: settings.objectBytes, onlyFull: !isOver)
                for pack in packs {
                    guard try await move(pack, of: run, to: logObjects, holder: holder, claim: settings.claim) else {
                        break
                    }
                    moves.objects += 1
                    moves.bytes += pack.length
                }
                if !packs.isEmpty { moves.runs += 1 }
                try await giveUpMove(of: run, holder: holder)
            } catch {
                try Task.checkCancellation()
                try await postponeMove(of: run, holder: holder)
                // What one run has must not keep the others from being moved.
                failure = failure ?? error
            }
        }
        if let failure { throw failure }
        return moves
    }

    /// Lets anybody take the move over. The row stays: something may be stored, and a deletion must know.
    private func postponeMove(of run: RunID, holder: HolderID) async throws {
        try await pool.query(
            """
            UPDATE log_moves SET claimed_until = clock_timestamp() + interval '1 minute'
            WHERE run_id = \(run) AND claimed_by = \(holder)
            """
        )
    }

    private func giveUpMove(of run: RunID, holder: HolderID) async throws {
        try await pool.query("DELETE FROM log_moves WHERE run_id = \(run) AND claimed_by = \(holder)")
    }

    /// Removes the objects of runs that were deleted, and those of days that went. Safe to repeat.
    ///
    /// - Returns: how many runs are now without objects.
    package func removeLogObjects(limit: Int = 100) async throws -> Int {
        guard let logObjects else { throw NoObjectStorage() }
        // A move that was interrupted may have left an object of a run that was deleted meanwhile.
        try await pool.query(
            """
            WITH stale AS (
                DELETE FROM log_moves m WHERE claimed_until < clock_timestamp()
                    AND NOT EXISTS (SELECT FROM runs r WHERE r.id = m.run_id)
                RETURNING run_id
            )
            INSERT INTO log_removals (run_id) SELECT run_id FROM stale ON CONFLICT DO NOTHING
            """
        )
        let gone = try await pool.query(
            """
            SELECT run_id FROM log_removals r
            WHERE NOT EXISTS (SELECT FROM log_moves m WHERE m.run_id = r.run_id AND m.claimed_until > clock_timestamp())
            ORDER BY noted_at LIMIT \(limit)
            """
        ).decode(RunID.self)
        for run in gone {
            var token: String?
            repeat {
                let page = try await logObjects.client.list(prefix: logObjects.folder(of: run), after: token)
                for key in page.keys { try await logObjects.client.delete(key) }
                token = page.next
            } while token != nil
            try await pool.query("DELETE FROM log_removals WHERE run_id = \(run)")
        }
        try await removeUnnamedObjects()
        return gone.count
    }

    private func runsToMove(_ settings: LogMoveSettings) async throws -> [RunID] {
        try await pool.query(
            """
            (SELECT DISTINCT c.run_id FROM run_log_chunks c
                WHERE c.object_key IS NULL AND EXISTS (SELECT FROM finished_runs f WHERE f.id = c.run_id)
                    AND NOT EXISTS (SELECT FROM log_moves m WHERE m.run_id = c.run_id AND m.claimed_until > clock_timestamp())
                ORDER BY c.run_id LIMIT \(settings.runs))
            UNION ALL
            (SELECT c.run_id FROM run_log_chunks c
                WHERE c.object_key IS NULL AND c.run_id IN (SELECT id FROM live_runs WHERE stream_sequence + sail_lines > 0)
                GROUP BY c.run_id HAVING sum(c.byte_count) >= \(settings.liveBytes) LIMIT \(settings.runs))
            """
        ).decode(RunID.self)
    }

    /// - Returns: whether the run is over; `nil` if somebody else moves it, or it is gone.
    private func claimMove(_ run: RunID, holder: HolderID, for claim: Duration) async throws -> Bool? {
        try await pool.query(
            """
            WITH claimed AS (
                INSERT INTO log_moves AS m (run_id, claimed_by, claimed_until)
                SELECT id, \(holder), clock_timestamp() + \(claim.postgresInterval) FROM runs WHERE id = \(run)
                ON CONFLICT (run_id) DO UPDATE SET claimed_by = excluded.claimed_by, claimed_until = excluded.claimed_until
                    WHERE m.claimed_until <= clock_timestamp()
                RETURNING run_id
            )
            SELECT EXISTS (SELECT FROM finished_runs WHERE id = claimed.run_id) FROM claimed
            """
        ).decode(Bool.self).first
    }

    private func movableChunks(_ run: RunID) async throws -> [MovableChunk] {
        try await pool.query(
            """
            SELECT stream, placement, stored_on::text, first_sequence, last_sequence, octet_length(content)
            FROM run_log_chunks WHERE run_id = \(run) AND object_key IS NULL
            ORDER BY stream, placement, stored_on, last_sequence
            """
        ).decode(String.self, Int.self, String.self, Int64.self, Int64.self, Int.self).map {
            MovableChunk(
                stream: $0.0,
                placement: $0.1,
                day: $0.2,
                firstSequence: $0.3,
                lastSequence: $0.4,
                length: $0.5
            )
        }
    }

    /// - Returns: whether the rows now name the object; not so if the claim was lost or the run was deleted.
    private func move(
        _ pack: LogPack,
        of run: RunID,
        to objects: LogObjects,
        holder: HolderID,
        claim: Duration
    ) async throws -> Bool {
        let lasts = pack.chunks.map(\.lastSequence)
        let contents = try await pool.query(
            """
            SELECT content FROM run_log_chunks
            WHERE run_id = \(run) AND stream = \(pack.stream) AND placement = \(pack.placement)::int
                AND stored_on = \(pack.day)::text::date AND last_sequence = ANY(\(lasts)) AND object_key IS NULL
            ORDER BY last_sequence
            """
        ).decode([UInt8].self)
        let body = Array(contents.joined())
        guard contents.count == pack.chunks.count, body.count == pack.length else { return false }
        // Nothing is stored that nobody would know of: the claim is there, and lasts for this object.
        let isOurs =
            try await pool.query(
                """
                UPDATE log_moves SET claimed_until = clock_timestamp() + \(claim.postgresInterval)
                WHERE run_id = \(run) AND claimed_by = \(holder) AND claimed_until > clock_timestamp()
                RETURNING true
                """
            ).rowCount > 0
        guard isOurs else { return false }
        let key = objects.key(of: pack, run: run)
        try await objects.client.put(key, body, contentType: "application/gzip")
        let changed = try await pool.query(
            """
            WITH parts AS (
                SELECT * FROM unnest(\(lasts), \(pack.offsets), \(pack.chunks.map(\.length))::int[])
                    AS p (last_sequence, begins, length)
            )
            UPDATE run_log_chunks c SET content = '', object_key = \(key), object_offset = p.begins,
                object_length = p.length
            FROM parts p
            WHERE c.run_id = \(run) AND c.stream = \(pack.stream) AND c.placement = \(pack.placement)::int
                AND c.stored_on = \(pack.day)::text::date AND c.last_sequence = p.last_sequence AND c.object_key IS NULL
                AND EXISTS (SELECT FROM log_moves m
                    WHERE m.run_id = c.run_id AND m.claimed_by = \(holder) AND m.claimed_until > clock_timestamp())
            RETURNING c.last_sequence
            """
        ).rowCount
        if changed == pack.chunks.count { return true }
        // The run was deleted meanwhile: then nothing names the object, and it goes.
        try await pool.query(
            """
            INSERT INTO log_removals (run_id) SELECT \(run)::uuid
            WHERE NOT EXISTS (SELECT FROM runs WHERE id = \(run)) ON CONFLICT DO NOTHING
            """
        )
        return false
    }
}
