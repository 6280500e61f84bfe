internal import PostgresClient
package import SlipwayCore

extension RunStore {
    /// What a process must know of the clusters to serve them. At most a page.
    package func registeredClusters() async throws -> [RegisteredCluster] {
        try await pool.query(
            """
            SELECT name, coalesce(spec->>'kubeconfig_file', name), (spec->>'requests_per_second')::int
            FROM clusters ORDER BY name LIMIT \(limits.page)
            """
        ).decode(String.self, String.self, Int?.self).map {
            RegisteredCluster(name: $0.0, kubeconfigFile: $0.1, requestsPerSecond: $0.2)
        }
    }

    /// Notes how a live process found the clusters it serves, in its own rows only.
    ///
    /// - Parameter serving: all clusters it serves, for whoever asks which process serves what.
    package func reportHealth(_ findings: [ClusterFinding], serving: [String], holder: HolderID) async throws {
        let nodes = try findings.map { try $0.nodes.map { try postgresJSON($0) } }
        try await pool.query(
            """
            WITH serving AS (
                UPDATE holders SET clusters = \(serving) WHERE id = \(holder) AND clusters <> \(serving)
            )
            INSERT INTO cluster_health AS h (cluster, holder_id, is_healthy, healthy_at, message, nodes)
            SELECT f.cluster, \(holder), f.is_healthy, CASE WHEN f.is_healthy THEN clock_timestamp() END, f.message, f.nodes
            FROM unnest(\(findings.map(\.cluster)), \(findings.map(\.isHealthy)), \(findings.map(\.message))::text[],
                \(nodes)::jsonb[]) AS f (cluster, is_healthy, message, nodes)
            WHERE EXISTS (SELECT FROM clusters WHERE name = f.cluster)
                AND EXISTS (SELECT FROM holders WHERE id = \(holder) AND expires_at > clock_timestamp())
            ON CONFLICT (cluster, holder_id) DO UPDATE SET
                since = CASE WHEN h.is_healthy = excluded.is_healthy THEN h.since ELSE excluded.checked_at END,
                is_healthy = excluded.is_healthy, checked_at = excluded.checked_at,
                healthy_at = coalesce(excluded.healthy_at, h.healthy_at), message = excluded.message,
                nodes = coalesce(excluded.nodes, h.nodes)
            """
        )
    }

    /// Gives up what a process holds of a cluster that it serves no longer: others can adopt it at once.
    package func handBack(cluster: String, holder: HolderID) async throws -> [Unsupervised] {
        let freed = try await pool.query(
            """
            WITH cleanups_freed AS (
                UPDATE cleanups SET holder_id = NULL WHERE holder_id = \(holder) AND cluster = \(cluster)
            ), report_gone AS (
                DELETE FROM cluster_health WHERE holder_id = \(holder) AND cluster = \(cluster)
            ), held AS (
                SELECT id FROM live_runs WHERE holder_id = \(holder) AND cluster = \(cluster) ORDER BY id FOR UPDATE
            )
            UPDATE live_runs r SET holder_id = NULL, lease_epoch = r.lease_epoch + 1, hinted_at = clock_timestamp()
            FROM held WHERE r.id = held.id
            RETURNING r.id, r.cluster, r.lease_epoch
            """
        )
        return try freed.decode(RunID.self, String.self, Int64.self).map {
            Unsupervised(id: $0.0, cluster: $0.1, leaseEpoch: $0.2)
        }
    }

    /// Longer than a process remembers the clusters, and than it takes to store what it chose by that.
    private static let removalKnown = Duration.seconds(30)

    // MARK: The term holder

    /// What is known of each cluster, with the database's time. What a process that is gone has told is as if from long ago;
    /// when it was healthy last is remembered.
    package func clusterConditions() async throws -> (now: Timestamp, clusters: [ClusterCondition]) {
        let rows = try await pool.query(
            """
            SELECT clock_timestamp(), c.name, c.wanted, c.state, c.message, h.is_healthy, h.since, h.checked_at, h.healthy_at,
                h.message, EXISTS (SELECT FROM holders l WHERE l.id = h.holder_id AND l.expires_at > clock_timestamp())
            FROM clusters c LEFT JOIN cluster_health h ON h.cluster = c.name
            ORDER BY c.name
            """
        ).decode(
            Timestamp.self,
            String.self,
            String.self,
            String.self,
            String?.self,
            Bool?.self,
            Timestamp?.self,
            Timestamp?.self,
            Timestamp?.self,
            String?.self,
            Bool.self
        )
        var clusters: [ClusterCondition] = []
        for row in rows {
            if clusters.last?.name != row.1 {
                clusters.append(
                    ClusterCondition(
                        name: row.1,
                        wanted: try Self.known(row.2, "a cluster wanted"),
                        state: try Self.known(row.3, "a cluster in the state"),
                        message: row.4
                    )
                )
            }
            guard let isHealthy = row.5, let since = row.6, let checkedAt = row.7 else { continue }
            clusters[clusters.count - 1].reports.append(
                ClusterReport(
                    isHealthy: isHealthy,
                    since: since,
                    checkedAt: row.10 ? checkedAt : Timestamp(microsecondsSince1970: 0),
                    healthyAt: row.8,
                    message: row.9
                )
            )
        }
        return (rows.first?.0 ?? Timestamp(microsecondsSince1970: 0), clusters)
    }

    /// Writes states under the caller's term, and forgets reports of processes that are long gone.
    ///
    /// - Returns: the clusters whose state or message changed; one that somebody else changed meanwhile is left alone.
    package func setStates(
        _ states: [ClusterStateChange],
        holder: HolderID,
        term: Int64
    ) async throws -> [String] {
        guard !states.isEmpty else { return [] }
        return try await pool.query(
            """
            WITH forgotten AS (
                DELETE FROM cluster_health h WHERE h.checked_at < clock_timestamp() - interval '10 minutes'
                    AND NOT EXISTS (SELECT FROM holders l WHERE l.id = h.holder_id)
            )
            UPDATE clusters c SET state = n.to_state, message = n.message,
                state_since = CASE WHEN c.state = n.to_state THEN c.state_since ELSE clock_timestamp() END
            FROM unnest(\(states.map(\.cluster)), \(states.map(\.from.rawValue)), \(states.map(\.wanted.rawValue)),
                \(states.map(\.to.rawValue)), \(states.map(\.message))::text[]) AS n (name, from_state, wanted, to_state, message)
            WHERE c.name = n.name AND c.state = n.from_state AND c.wanted = n.wanted
                AND EXISTS (SELECT FROM terms WHERE duty = 'scheduling' AND holder_id = \(holder) AND term = \(term)
                    AND expires_at > clock_timestamp() FOR SHARE)
            RETURNING c.name
            """
        ).decode(String.self)
    }

    /// Moves runs that are not placed away from clusters that take none now, to candidates that do.
    ///
    /// A batch at a time: the choice is made over a look at them, and each run is moved only if it is still as it was. What cannot
    /// be moved does not hold up what is behind it: the next batch begins where this one ended.
    ///
    /// - Parameter last: where the batch before ended; `nil` begins a pass over all clusters.
    /// - Returns: how many runs each cluster has more to place, and where to go on.
    package func moveRuns(after last: MovedRuns.Position? = nil, holder: HolderID, term: Int64) async throws
        -> MovedRuns
    {
        var rows = try await pool.query(
            """
            SELECT r.id, r.team, c.name, r.clusters, r.state = 'ready', r.cpu_millicores, r.memory_bytes, r.priority
            FROM clusters c CROSS JOIN LATERAL (
                SELECT l.id, l.team, l.clusters, l.state, l.cpu_millicores, l.memory_bytes, l.priority FROM live_runs l
                WHERE l.cluster = c.name AND l.clusters IS NOT NULL AND l.state IN ('pending', 'paused', 'ready')
                    AND l.id > CASE WHEN c.name = \(last?.cluster ?? "") THEN \(last?.run ?? Self.noRun) ELSE \(Self.noRun) END
                    AND EXISTS (SELECT FROM clusters o WHERE o.name = ANY(l.clusters) AND o.state = 'active'
                        AND \(unescaped: Self.admits(cluster: "o", team: "l.team")))
                ORDER BY l.id LIMIT \(limits.batch)
            ) AS r
            WHERE c.state <> 'active' AND c.name >= \(last?.cluster ?? "")
            ORDER BY c.name, r.id LIMIT \(limits.batch)
            """
        ).decode(RunID.self, String.self, String.self, [String].self, Bool.self, Int.self, Int.self, Int.self)
        guard let end = rows.last else { return MovedRuns() }
        let next = rows.count < limits.batch ? nil : MovedRuns.Position(cluster: end.2, run: end.0)
        // Room goes to those first that were let go already.
        rows.sort { left, right in
            if left.4 != right.4 { return left.4 }
            return left.7 != right.7 ? left.7 > right.7 : left.0 < right.0
        }
        var choice = try await clusterChoice()
        var moves: [(id: RunID, from: String, to: String)] = []
        for (id, team, cluster, candidates, isReady, cpu, memory, _) in rows {
            let demand = ResourceAmounts(runs: 1, cpuMillicores: cpu, memoryBytes: memory)
            let others = candidates.filter { $0 != cluster }
            let target = choice.destination(team: team, candidates: others, demand: demand, needsRoom: isReady)
            if let target { moves.append((id, cluster, target)) }
        }
        guard !moves.isEmpty else { return MovedRuns(next: next) }
        let moved = try await pool.query(
            """
            WITH wanted AS (
                SELECT r.id, r.cluster AS from_cluster, n.to_cluster FROM live_runs r
                JOIN unnest(\(moves.map(\.id)), \(moves.map(\.from)), \(moves.map(\.to))) AS n (id, from_cluster, to_cluster)
                    ON r.id = n.id AND r.cluster = n.from_cluster
                WHERE r.state IN ('pending', 'paused', 'ready')
                    AND EXISTS (SELECT FROM clusters t WHERE t.name = n.to_cluster AND t.state = 'active')
                    AND EXISTS (SELECT FROM clusters t WHERE t.name = n.from_cluster AND t.state <> 'active')
                    AND EXISTS (SELECT FROM terms WHERE duty = 'scheduling' AND holder_id = \(holder) AND term = \(term)
                        AND expires_at > clock_timestamp())
                ORDER BY r.id FOR UPDATE OF r
            ), moved AS (
                UPDATE live_runs r SET cluster = wanted.to_cluster, changed_in = pg_current_xact_id(),
                    hinted_at = clock_timestamp(),
                    reason = CASE WHEN r.state = 'ready' THEN NULL ELSE r.reason END,
                    message = CASE WHEN r.state = 'ready' THEN NULL ELSE r.message END
                FROM wanted WHERE r.id = wanted.id
                RETURNING r.id, r.state, r.placement, r.cluster, wanted.from_cluster
            ), told AS (
                INSERT INTO run_events (run_id, kind, state, at, message)
                SELECT m.id, 'moved', m.state, clock_timestamp(),
                    'from cluster ' || m.from_cluster || ', which is ' || c.state || ', to ' || m.cluster
                FROM moved m JOIN clusters c ON c.name = m.from_cluster
            )
            SELECT cluster, count(*) FROM moved GROUP BY cluster
            """
        ).decode(String.self, Int.self)
        return MovedRuns(runs: Dictionary(moved.map { ($0.0, $0.1) }, uniquingKeysWith: +), next: next)
    }

    /// Before every run.
    private static let noRun = RunID(high: 0, low: 0)

    /// Whether a cluster's row lets a team's runs on it, as a condition: what ``ClusterSpec/allows(team:)`` says.
    static func admits(cluster: String, team: String) -> String {
        "coalesce(\(cluster).spec -> 'teams' ? \(team), true)"
    }

    /// Says of admitted runs that wait on a cluster which takes none now, or none of their team, why they do, a batch at a time.
    /// Being placed takes the reason away.
    package func noteUnavailable(holder: HolderID, term: Int64) async throws {
        try await pool.query(
            """
            WITH waiting AS (
                SELECT r.id, w.message FROM clusters c JOIN live_runs r ON r.cluster = c.name AND r.state = 'ready'
                CROSS JOIN LATERAL (SELECT 'cluster ' || c.name || CASE
                    WHEN \(unescaped: Self.admits(cluster: "c", team: "r.team")) THEN ' is ' || c.state
                    ELSE ' is not for team ' || r.team END AS message) AS w
                WHERE (c.state <> 'active' OR NOT \(unescaped: Self.admits(cluster: "c", team: "r.team")))
                    AND (r.reason IS DISTINCT FROM 'cluster_unavailable' OR r.message IS DISTINCT FROM w.message)
                    AND EXISTS (SELECT FROM terms WHERE duty = 'scheduling' AND holder_id = \(holder) AND term = \(term)
                        AND expires_at > clock_timestamp())
                ORDER BY r.id LIMIT \(limits.batch) FOR UPDATE OF r SKIP LOCKED
            )
            UPDATE live_runs r SET reason = 'cluster_unavailable', message = w.message FROM waiting w WHERE r.id = w.id
            """
        )
    }

    /// Forgets the clusters that are to be removed and on which nothing is left, but not before everybody knows that they are: until
    /// then a run may still be made for them.
    ///
    /// - Returns: their names.
    package func forgetDestroyed(holder: HolderID, term: Int64) async throws -> [String] {
        try await pool.query(
            """
            WITH forgotten AS (
                DELETE FROM clusters c WHERE c.wanted = 'destroying' AND c.state = 'destroying'
                    AND c.state_since < clock_timestamp() - \(Self.removalKnown.postgresInterval)
                    AND NOT EXISTS (SELECT FROM live_runs r WHERE r.cluster = c.name)
                    AND NOT EXISTS (SELECT FROM cleanups l WHERE l.cluster = c.name)
                    AND EXISTS (SELECT FROM terms WHERE duty = 'scheduling' AND holder_id = \(holder) AND term = \(term)
                        AND expires_at > clock_timestamp())
                RETURNING c.name
            ), audited AS (
                INSERT INTO audit_log (action, subject_kind, subject) SELECT 'forget', 'cluster', name FROM forgotten
            )
            SELECT name FROM forgotten
            """
        ).decode(String.self)
    }
}
