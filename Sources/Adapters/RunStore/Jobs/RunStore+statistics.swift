internal import PostgresClient
package import SlipwayCore

/// How a job's latest runs went.
package struct JobStatistics: Sendable, Hashable {
    /// How long runs took, in seconds.
    package struct Durations: Sendable, Hashable {
        package var average: Double
        package var median: Double
        package var p95: Double
    }

    /// Finished runs that were looked at.
    package var runs: Int
    package var succeeded: Int
    package var failed: Int
    package var timedOut: Int
    package var cancelled: Int
    /// Creation of the oldest and of the newest of them.
    package var firstCreatedAt: Timestamp?
    package var lastCreatedAt: Timestamp?
    /// Of those that succeeded, from the beginning of the job's own code to the end.
    package var running: Durations?
    /// Of those that succeeded, from their creation to the end.
    package var total: Durations?

    /// The part of the runs that succeeded, among those that nobody cancelled; `nil` if there are none.
    package var successRate: Double? {
        let counted = succeeded + failed + timedOut
        return counted > 0 ? Double(succeeded) / Double(counted) : nil
    }
}

extension RunStore {
    /// How the latest finished runs of a job went.
    ///
    /// - Parameters:
    ///   - runs: how many are looked at, 1 to `limits.statisticsRuns`; larger values are cut.
    ///   - since: of these only those created at this time or later.
    package func statistics(_ job: JobID, runs: Int, since: Timestamp? = nil) async throws -> JobStatistics {
        let bound = min(max(runs, 1), limits.statisticsRuns)
        let row = try await pool.query(
            """
            WITH latest AS (
                SELECT state, created_at, extract(epoch FROM ended_at - running_at)::float8 AS running,
                    extract(epoch FROM ended_at - created_at)::float8 AS total
                FROM finished_runs WHERE job_id = \(job) ORDER BY id DESC LIMIT \(bound)
            ), counted AS (
                SELECT * FROM latest
                WHERE \(nullable: since)::timestamptz IS NULL OR created_at >= \(nullable: since)
            )
            SELECT count(*), count(*) FILTER (WHERE state = 'succeeded'), count(*) FILTER (WHERE state = 'failed'),
                count(*) FILTER (WHERE state = 'timeout'), count(*) FILTER (WHERE state = 'cancelled'),
                min(created_at), max(created_at),
                avg(running) FILTER (WHERE state = 'succeeded'),
                percentile_cont(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY running) FILTER (WHERE state = 'succeeded'),
                avg(total) FILTER (WHERE state = 'succeeded'),
                percentile_cont(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY total) FILTER (WHERE state = 'succeeded')
            FROM counted
            """
        ).decode(
            Int.self,
            Int.self,
            Int.self,
            Int.self,
            Int.self,
            Timestamp?.self,
            Timestamp?.self,
            Double?.self,
            [Double?]?.self,
            Double?.self,
            [Double?]?.self
        )[0]
        return JobStatistics(
            runs: row.0,
            succeeded: row.1,
            failed: row.2,
            timedOut: row.3,
            cancelled: row.4,
            firstCreatedAt: row.5,
            lastCreatedAt: row.6,
            running: Self.durations(row.7, row.8),
            total: Self.durations(row.9, row.10)
        )
    }

    private static func durations(_ average: Double?, _ parts: [Double?]?) -> JobStatistics.Durations? {
        guard let average, let parts, parts.count == 2, let median = parts[0], let p95 = parts[1] else { return nil }
        return JobStatistics.Durations(average: average, median: median, p95: p95)
    }
}
