internal import PostgresClient
package import SlipwayCore

/// A warning as stored.
package struct StoredWarning: Sendable, Hashable {
    package var placement: Int
    package var warning: RunWarning
    package var at: Timestamp
}

extension RunStore {
    /// The warnings of a run, oldest first; behind them how many more each source had.
    package func warnings(_ id: RunID, limit: Int) async throws -> [StoredWarning] {
        let page = min(max(limit, 1), limits.page)
        let rows = try await pool.query(
            """
            SELECT placement, source, sequence, at, task, message, is_counted FROM run_warnings
            WHERE run_id = \(id) ORDER BY sequence = 0, placement, at, source, sequence LIMIT \(page)
            """
        ).decode(Int.self, String.self, Int64.self, Timestamp.self, String?.self, String.self, Bool.self)
        return try rows.map { placement, source, sequence, at, task, message, isCounted in
            guard let source = RunWarning.Source(rawValue: source) else {
                throw StoredValueError(what: "a warning from", value: source)
            }
            let warning = RunWarning(
                source: source,
                sequence: sequence,
                milliseconds: at.microsecondsSince1970 / 1000,
                task: task,
                message: message,
                isCounted: isCounted
            )
            return StoredWarning(placement: placement, warning: warning, at: at)
        }
    }
}
