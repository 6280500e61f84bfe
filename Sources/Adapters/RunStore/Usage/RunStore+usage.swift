internal import PostgresClient
package import SlipwayCore

extension RunStore {
    /// Stores samples of runs that are held under the samples' leases; others, and moments that are stored already, are left out.
    ///
    /// A sample speaks for the time since the one before it, also one that another worker stored; after more than
    /// `limits.usageGap` only for its own window. Once a container has `limits.usagePoints` points they are thinned to half.
    ///
    /// - Returns: how many were stored.
    package func storeUsage(_ samples: [UsageSample]) async throws -> Int {
        var stored = 0
        for start in stride(from: 0, to: samples.count, by: limits.usageBatch) {
            let part = samples[start..<min(start + limits.usageBatch, samples.count)]
            let rows = try await pool.query(appending(Array(part))).decode(RunID.self, Int.self, String.self, Int.self)
            stored += rows.count
            // What is not thinned now is at one of the next samples.
            for row in rows.filter({ $0.3 >= limits.usagePoints }).prefix(limits.batch) {
                try await thinUsage(UsageSeriesKey(run: row.0, placement: row.1, container: row.2))
            }
        }
        return stored
    }

    private func appending(_ samples: [UsageSample]) -> PostgresQuery {
        let millicores = samples.map { Int(Int32(clamping: max(0, $0.millicores))) }
        return """
            WITH told AS (
                SELECT DISTINCT ON (id, placement, container) *
                FROM unnest(\(samples.map(\.run)), \(samples.map(\.leaseEpoch)), \(samples.map(\.placement))::int[],
                    \(samples.map(\.container)), \(samples.map(\.at)), \(samples.map { max(0, $0.windowSeconds) }),
                    \(millicores)::int[], \(samples.map { max(0, $0.memoryBytes) })::bigint[])
                    AS t (id, epoch, placement, container, at, seconds, millicores, memory_bytes)
                ORDER BY id, placement, container, at DESC
            ), fresh AS (
                SELECT t.id, t.placement, t.container, t.at, t.millicores, t.memory_bytes,
                    CASE WHEN l.points < \(limits.usageChunkPoints)::int THEN l.chunk ELSE coalesce(l.chunk + 1, 0) END
                        AS chunk,
                    CASE WHEN l.points < \(limits.usageChunkPoints)::int THEN l.earlier_points
                        ELSE coalesce(l.earlier_points + l.points, 0) END AS earlier_points,
                    CASE WHEN t.at - l.last_at <= \(limits.usageGap.postgresInterval)
                        THEN extract(epoch FROM t.at - l.last_at)::float8 ELSE t.seconds END AS seconds
                FROM told t
                JOIN live_runs r ON r.id = t.id AND r.lease_epoch = t.epoch AND r.placement = t.placement
                LEFT JOIN LATERAL (
                    SELECT u.chunk, u.last_at, u.earlier_points, cardinality(u.at) AS points FROM run_usage_chunks u
                    WHERE u.run_id = t.id AND u.placement = t.placement AND u.container = t.container
                    ORDER BY u.chunk DESC LIMIT 1
                ) l ON true
                WHERE l.last_at IS NULL OR t.at > l.last_at
            )
            INSERT INTO run_usage_chunks AS c (run_id, placement, container, chunk, earlier_points, first_at, last_at, at,
                millicores, memory_bytes, samples, covered_seconds, cpu_seconds, peak_millicores, memory_byte_seconds,
                peak_memory_bytes)
            SELECT id, placement, container, chunk, earlier_points, at, at, ARRAY[at], ARRAY[millicores],
                ARRAY[memory_bytes], 1, seconds, millicores * seconds / 1000, millicores, memory_bytes * seconds,
                memory_bytes
            FROM fresh
            ON CONFLICT (run_id, placement, container, chunk) DO UPDATE SET last_at = excluded.last_at,
                at = c.at || excluded.at, millicores = c.millicores || excluded.millicores,
                memory_bytes = c.memory_bytes || excluded.memory_bytes, samples = c.samples + 1,
                covered_seconds = c.covered_seconds + excluded.covered_seconds,
                cpu_seconds = c.cpu_seconds + excluded.cpu_seconds,
                peak_millicores = greatest(c.peak_millicores, excluded.peak_millicores),
                memory_byte_seconds = c.memory_byte_seconds + excluded.memory_byte_seconds,
                peak_memory_bytes = greatest(c.peak_memory_bytes, excluded.peak_memory_bytes)
                WHERE c.last_at < excluded.last_at
            RETURNING c.run_id, c.placement, c.container, c.earlier_points + cardinality(c.at)
            """
    }

    /// Puts all chunks of a container into one of half the points, whose sums are theirs.
    private func thinUsage(_ key: UsageSeriesKey) async throws {
        try await pool.transaction { transaction in
            let rows = try await transaction.query(
                """
                SELECT chunk, at, millicores, memory_bytes FROM run_usage_chunks
                WHERE run_id = \(key.run) AND placement = \(key.placement)::int AND container = \(key.container)
                ORDER BY chunk FOR UPDATE
                """
            ).decode(Int.self, [Timestamp].self, [Int].self, [Int].self)
            let points = rows.flatMap { Self.points($0.1, $0.2, $0.3) }
            guard points.count >= limits.usagePoints else { return }
            let thinned = UsageSeries.thinned(points, to: limits.usagePoints / 2)
            try await transaction.query(
                """
                WITH gone AS (
                    DELETE FROM run_usage_chunks WHERE run_id = \(key.run) AND placement = \(key.placement)::int
                        AND container = \(key.container) AND chunk = ANY(\(rows.map(\.0))::int[]) AND chunk > 0
                    RETURNING *
                ), added AS (
                    SELECT max(last_at) AS last_at, coalesce(sum(samples), 0) AS samples,
                        coalesce(sum(covered_seconds), 0) AS covered_seconds,
                        coalesce(sum(cpu_seconds), 0) AS cpu_seconds,
                        coalesce(sum(memory_byte_seconds), 0) AS memory_byte_seconds,
                        max(peak_millicores) AS peak_millicores, max(peak_memory_bytes) AS peak_memory_bytes
                    FROM gone
                )
                UPDATE run_usage_chunks c SET at = \(thinned.map(\.at)), millicores = \(thinned.map(\.millicores))::int[],
                    memory_bytes = \(thinned.map(\.memoryBytes))::bigint[], last_at = greatest(c.last_at, a.last_at),
                    samples = c.samples + a.samples, covered_seconds = c.covered_seconds + a.covered_seconds,
                    cpu_seconds = c.cpu_seconds + a.cpu_seconds,
                    memory_byte_seconds = c.memory_byte_seconds + a.memory_byte_seconds,
                    peak_millicores = greatest(c.peak_millicores, a.peak_millicores),
                    peak_memory_bytes = greatest(c.peak_memory_bytes, a.peak_memory_bytes)
                FROM added a
                WHERE c.run_id = \(key.run) AND c.placement = \(key.placement)::int AND c.container = \(key.container)
                    AND c.chunk = 0
                """
            )
        }
    }

    private static func points(_ times: [Timestamp], _ millicores: [Int], _ memory: [Int]) -> [UsagePoint] {
        zip(times, zip(millicores, memory)).map { UsagePoint(at: $0, millicores: $1.0, memoryBytes: $1.1) }
    }

    /// What each container of a run used, `runner` first.
    package func usage(_ id: RunID) async throws -> [UsageSummary] {
        try await pool.query(
            """
            SELECT container, samples, first_at, last_at, covered_seconds, cpu_seconds, peak_millicores,
                coalesce(average_memory_bytes, peak_memory_bytes), peak_memory_bytes
            FROM run_usage_summary WHERE run_id = \(id) ORDER BY container
            """
        ).decode(
            String.self,
            Int.self,
            Timestamp.self,
            Timestamp.self,
            Double.self,
            Double.self,
            Int.self,
            Int.self,
            Int.self
        ).map {
            UsageSummary(
                container: $0.0,
                samples: $0.1,
                firstAt: $0.2,
                lastAt: $0.3,
                coveredSeconds: $0.4,
                cpuSeconds: $0.5,
                peakMillicores: $0.6,
                averageMemoryBytes: $0.7,
                peakMemoryBytes: $0.8
            )
        }
    }

    /// The course of each container's use, by the container's name. Several placements follow each other.
    package func usageSeries(_ id: RunID) async throws -> [String: [UsagePoint]] {
        let rows = try await pool.query(
            """
            SELECT container, at, millicores, memory_bytes FROM run_usage_chunks WHERE run_id = \(id)
            ORDER BY container, placement, chunk
            """
        ).decode(String.self, [Timestamp].self, [Int].self, [Int].self)
        var series: [String: [UsagePoint]] = [:]
        for row in rows { series[row.0, default: []] += Self.points(row.1, row.2, row.3) }
        return series
    }
}
