internal import PostgresClient
package import SlipwayCore

/// A run and the transaction that changed it last.
package struct RunChangeRecord: Sendable {
    package var run: RunRecord
    package var changedIn: Int64
}

/// From where on changes are read.
package enum RunChangePlace: Sendable {
    /// From this transaction on.
    case since(Int64)
    /// After the change of a run in a transaction.
    case after(Int64, RunID)
}

extension RunStore {
    /// The oldest transaction under way: whatever changes from now on is changed in it or a later one.
    package func changeHorizon() async throws -> Int64 {
        let rows = try await pool.query("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint").decode(
            Int64.self
        )
        return rows[0]
    }

    /// Runs that fit a filter and were changed there or later, by the transaction and the id.
    package func runs(_ filter: RunFilter, changed place: RunChangePlace, limit: Int) async throws -> [RunChangeRecord]
    {
        var conditions = filter.conditions
        switch place {
        case .since(let transaction): conditions.require(String(transaction)) { "changed_in >= \($0)::text::xid8" }
        case .after(let transaction, let run):
            let first = conditions.bind(String(transaction))
            conditions.require(run) { "(changed_in, id) > (\(first)::text::xid8, \($0)::uuid)" }
        }
        let query = PostgresQuery(
            """
            SELECT \(RunRecord.columns), changed_in::text::bigint AS changed FROM runs
            WHERE \(conditions.text) ORDER BY changed_in, id LIMIT \(min(max(limit, 1), limits.page))
            """,
            conditions.parameters
        )
        return try await pool.query(query).rows.map {
            RunChangeRecord(run: try RunRecord(row: $0), changedIn: try $0.value("changed"))
        }
    }
}
