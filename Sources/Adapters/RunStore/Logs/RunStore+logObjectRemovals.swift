internal import ObjectStorage
internal import PostgresClient
internal import SlipwayCore

// Objects whose rows go although their run, or other days of its log, may stay. Each is noted before its rows go, and goes once no
// row names it: whatever is interrupted in between is repeated, and what somebody pinned meanwhile stays.

extension RunStore {
    /// Notes every object that a partition of the logs names.
    func noteObjects(ofPartition name: String) async throws {
        let quoted = PostgresQuery.quotedIdentifier(name)
        if logObjects == nil {
            let hasObjects = try await pool.query(
                "SELECT EXISTS (SELECT FROM \(unescaped: quoted) WHERE object_key IS NOT NULL)"
            ).decode(Bool.self)[0]
            guard !hasObjects else { throw NoObjectStorage() }
        }
        let note: PostgresQuery = """
            INSERT INTO log_object_removals (object_key, run_id)
            SELECT DISTINCT object_key, run_id FROM \(unescaped: quoted) WHERE object_key IS NOT NULL
            ON CONFLICT DO NOTHING
            """
        // It reads the whole partition, of which nobody waits for it.
        try await pool.query(note.timeout(.seconds(300)))
    }

    /// Removes the objects that were noted and that no row names any more. Safe to repeat.
    ///
    /// - Returns: how many.
    @discardableResult
    package func removeUnnamedObjects() async throws -> Int {
        guard let logObjects else { throw NoObjectStorage() }
        var count = 0
        while true {
            let keys = try await pool.query(
                """
                SELECT object_key FROM log_object_removals r
                WHERE NOT EXISTS (SELECT FROM run_log_chunks c WHERE c.run_id = r.run_id AND c.object_key = r.object_key)
                ORDER BY object_key LIMIT \(limits.page)
                """
            ).decode(String.self)
            for key in keys { try await logObjects.client.delete(key) }
            try await pool.query("DELETE FROM log_object_removals WHERE object_key = ANY(\(keys))")
            count += keys.count
            if keys.count < limits.page { return count }
        }
    }
}
