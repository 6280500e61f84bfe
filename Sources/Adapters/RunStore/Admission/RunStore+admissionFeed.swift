internal import FoundationEssentials
internal import PostgresClient
package import SlipwayCore

// What admission reads. A cursor is the snapshot of the look before: a row is new if the transaction that changed it was
// not over then. The index over `changed_in` is read from the oldest transaction on that was not.
extension RunStore: AdmissionFeed {
    /// Before every identifier.
    private static let nobody = Identifier(high: 0, low: 0)

    package func admissionLook(since cursor: AdmissionCursor?) async throws -> AdmissionLook {
        let heads = try await pool.query(Self.heads(since: cursor))
        guard let head = heads.first else { throw StoredValueError(what: "a snapshot", value: "nothing") }
        var look = AdmissionLook(
            cursor: AdmissionCursor(try head.value("snapshot")),
            now: try head.value("now")
        )
        look.hasRuns = try head.value("runs")
        look.hasEnds = try head.value("ends")
        if try head.value("teams", as: Bool.self) { try await readTeams(since: cursor, into: &look) }
        if try head.value("clusters", as: Bool.self) { try await readClusters(since: cursor, into: &look) }
        if try head.value("jobs", as: Bool.self) { try await readJobs(since: cursor, into: &look) }
        let hasRemovals = try head.value("removals", as: Bool.self)
        if try hasRemovals || head.value("credentials", as: Bool.self) {
            look.invalidCredentials = try await invalidCredentials(since: cursor)
        }
        if cursor != nil, hasRemovals { look.removals = try await removals(since: cursor) }
        if try head.value("usage", as: Bool.self) { look.usage = try await usageHistories() }
        if try head.value("settings", as: Bool.self) { look.settings = try await admissionSettings() }
        return look
    }

    /// Whether anything may be new in each table, told by the newest entry of its index.
    private static func heads(since cursor: AdmissionCursor?) -> PostgresQuery {
        func isNew(_ table: String) -> String {
            guard cursor != nil else { return "true" }
            return """
                coalesce((SELECT changed_in FROM \(table) WHERE changed_in < pg_snapshot_xmax(pg_current_snapshot())
                    ORDER BY changed_in DESC LIMIT 1) >= c.oldest, false)
                """
        }
        return """
            SELECT pg_current_snapshot()::text AS snapshot, clock_timestamp() AS now,
                \(unescaped: isNew("live_runs")) AS runs,
                \(unescaped: isNew("finished_runs")) AS ends,
                \(unescaped: isNew("teams")) AS teams,
                \(unescaped: isNew("clusters")) AS clusters,
                \(unescaped: isNew("jobs")) AS jobs,
                \(unescaped: isNew("credentials")) AS credentials,
                \(unescaped: isNew("admission_removals")) AS removals,
                \(unescaped: isNew("team_usage")) AS usage,
                \(unescaped: isNew("admission_settings")) AS settings
            FROM (SELECT pg_snapshot_xmin(\(text(cursor))::pg_snapshot) AS oldest) c
            """
    }

    /// Without a cursor a snapshot from before the first transaction, by which everything is new.
    private static func text(_ cursor: AdmissionCursor?) -> String { cursor?.text ?? "1:1:" }

    /// The part of a statement that conditions on `changed_in` ask, around the cursor's text.
    private static let cursorPart = "c AS (SELECT s AS since, pg_snapshot_xmin(s) AS oldest FROM (SELECT "
    private static let cursorPartEnd = "::pg_snapshot AS s) AS told)"

    /// A condition on the rows of a table by its alias. Without a cursor all are new: a database that was restored from a
    /// dump has rows of transactions that are still to come.
    private static func isNew(_ table: String, since cursor: AdmissionCursor?) -> String {
        guard cursor != nil else { return "true" }
        return """
            \(table).changed_in >= (SELECT oldest FROM c) AND \(table).changed_in < pg_snapshot_xmax(pg_current_snapshot())
                AND NOT pg_visible_in_snapshot(\(table).changed_in, (SELECT since FROM c))
            """
    }

    // MARK: Runs

    package func admissionRuns(
        since cursor: AdmissionCursor?,
        after last: AdmissionRun.Position?,
        limit: Int
    ) async throws -> [AdmissionRun] {
        let columns = """
            r.changed_in::text::bigint AS change, r.id, r.state, r.is_promoted, r.state_since, r.admitted_at, r.team, r.job_id,
                r.cluster, r.priority, r.created_at, r.eligible_at, r.cpu_millicores, r.memory_bytes, r.limit_keys,
                r.credentials
            """
        let rows: PostgresResult
        if let cursor {
            rows = try await pool.query(
                """
                WITH \(unescaped: Self.cursorPart)\(Self.text(cursor))\(unescaped: Self.cursorPartEnd)
                SELECT \(unescaped: columns) FROM live_runs r
                WHERE \(unescaped: Self.isNew("r", since: cursor))
                    AND (r.changed_in, r.id) > (\(String(last?.change ?? 0))::xid8, \(last?.id ?? Self.nobody))
                ORDER BY r.changed_in, r.id LIMIT \(limit)
                """
            )
        } else {
            rows = try await pool.query(
                "SELECT \(unescaped: columns) FROM live_runs r WHERE r.id > \(last?.id ?? Self.nobody) ORDER BY r.id LIMIT \(limit)"
            )
        }
        return try rows.rows.map { row in
            let limitKeys: PostgresJSON = try row.value("limit_keys")
            let id: RunID = try row.value("id")
            return AdmissionRun(
                position: AdmissionRun.Position(change: try row.value("change"), id: id),
                state: try row.value("state"),
                isPromoted: try row.value("is_promoted"),
                stateSince: try row.value("state_since"),
                admittedAt: try row.value("admitted_at"),
                request: PendingRun(
                    id: id,
                    team: try row.value("team"),
                    job: try row.value("job_id"),
                    cluster: try row.value("cluster"),
                    priority: try row.value("priority"),
                    createdAt: try row.value("created_at"),
                    eligibleAt: try row.value("eligible_at"),
                    cpuMillicores: try row.value("cpu_millicores"),
                    memoryBytes: try row.value("memory_bytes"),
                    limitKeys: limitKeys.text == "[]" ? [] : try decoded(limitKeys),
                    credentials: try row.value("credentials")
                )
            )
        }
    }

    package func admissionEnds(
        since cursor: AdmissionCursor,
        after last: AdmissionRun.Position?,
        limit: Int
    ) async throws -> [AdmissionRun.Position] {
        try await pool.query(
            """
            WITH \(unescaped: Self.cursorPart)\(Self.text(cursor))\(unescaped: Self.cursorPartEnd)
            SELECT f.changed_in::text::bigint, f.id FROM finished_runs f
            WHERE \(unescaped: Self.isNew("f", since: cursor))
                AND (f.changed_in, f.id) > (\(String(last?.change ?? 0))::xid8, \(last?.id ?? Self.nobody))
            ORDER BY f.changed_in, f.id LIMIT \(limit)
            """
        ).decode(Int64.self, RunID.self).map { AdmissionRun.Position(change: $0.0, id: $0.1) }
    }

    // MARK: What limits them

    private func readTeams(since cursor: AdmissionCursor?, into look: inout AdmissionLook) async throws {
        let rows = try await pool.query(
            """
            WITH \(unescaped: Self.cursorPart)\(Self.text(cursor))\(unescaped: Self.cursorPartEnd)
            SELECT t.name, t.spec, t.credits FROM teams t WHERE \(unescaped: Self.isNew("t", since: cursor)) ORDER BY t.name
            """
        ).decode(String.self, PostgresJSON.self, Double?.self)
        for (name, spec, credits) in rows {
            do {
                look.teams.append(try Self.admissionTeam(name, spec: spec, credits: credits))
            } catch {
                look.teams.append(AdmissionTeam(name: name, isSuspended: true))
                look.unreadable.append(AdmissionLook.Unreadable("team \(name)", error))
            }
        }
    }

    private func readClusters(since cursor: AdmissionCursor?, into look: inout AdmissionLook) async throws {
        let rows = try await pool.query(
            """
            WITH \(unescaped: Self.cursorPart)\(Self.text(cursor))\(unescaped: Self.cursorPartEnd)
            SELECT k.name, k.state, k.spec FROM clusters k WHERE \(unescaped: Self.isNew("k", since: cursor)) ORDER BY k.name
            """
        ).decode(String.self, String.self, PostgresJSON.self)
        for (name, state, spec) in rows {
            do {
                let known: AdmissionCluster.State = try Self.known(state, "a cluster in the state")
                look.clusters.append(try Self.admissionCluster(name, state: known, spec: spec))
            } catch {
                look.clusters.append(AdmissionCluster(name: name, state: .failed))
                look.unreadable.append(AdmissionLook.Unreadable("cluster \(name)", error))
            }
        }
    }

    /// Of all jobs those with limits are told; of changed ones also those without, which may have had some.
    private func readJobs(since cursor: AdmissionCursor?, into look: inout AdmissionLook) async throws {
        var last = Self.nobody
        while true {
            let rows = try await pool.query(
                """
                WITH \(unescaped: Self.cursorPart)\(Self.text(cursor))\(unescaped: Self.cursorPartEnd)
                SELECT j.id, v.spec -> 'concurrency' AS concurrency, v.spec -> 'rate_limit' AS rate_limit,
                    v.spec -> 'windows' AS windows
                FROM jobs j JOIN job_versions v ON v.job_id = j.id AND v.version = j.current_version
                WHERE \(unescaped: Self.isNew("j", since: cursor)) AND j.id > \(last)
                    AND (\(cursor != nil) OR v.spec ?| ARRAY['concurrency', 'rate_limit', 'windows'])
                ORDER BY j.id LIMIT \(limits.jobPage)
                """
            ).rows
            for row in rows {
                let id: JobID = try row.value("id")
                do {
                    look.jobs.append(try Self.limits(of: id, in: row))
                } catch let error as PostgresError {
                    throw error
                } catch {
                    look.jobs.append(.closed(id))
                    look.unreadable.append(AdmissionLook.Unreadable("job \(id)", error))
                }
            }
            guard rows.count == limits.jobPage, let id = look.jobs.last?.id else { break }
            last = id
        }
    }

    private static func limits(of id: JobID, in row: PostgresRow) throws -> AdmissionLook.Job {
        func member<Value: Decodable>(_ name: String) throws -> Value? {
            try row.value(name, as: PostgresJSON?.self).map { try decoded($0) }
        }
        return AdmissionLook.Job(
            id: id,
            concurrency: try member("concurrency"),
            rateLimit: try member("rate_limit"),
            windows: try member("windows")
        )
    }

    package func pastAdmissions(of job: JobID, within span: Duration) async throws -> [PastAdmission] {
        try await pool.query(
            """
            SELECT id, admitted_at FROM (
                SELECT id, admitted_at FROM finished_runs WHERE job_id = \(job) ORDER BY id DESC
                LIMIT \(AdmissionLimits.standard.rateLimitCount)) latest
            WHERE admitted_at > clock_timestamp() - \(span.postgresInterval)
            """
        ).decode(RunID.self, Timestamp.self).map { PastAdmission(id: $0.0, admittedAt: $0.1) }
    }

    private func invalidCredentials(since cursor: AdmissionCursor?) async throws -> [String: Set<String>] {
        let rows = try await pool.query(
            """
            WITH \(unescaped: Self.cursorPart)\(Self.text(cursor))\(unescaped: Self.cursorPartEnd)
            SELECT t.name, i.name FROM teams t LEFT JOIN credentials i ON i.team = t.name AND NOT i.is_valid
            WHERE t.name IN (
                SELECT n.team FROM credentials n WHERE \(unescaped: Self.isNew("n", since: cursor))
                UNION
                SELECT r.key FROM admission_removals r WHERE r.kind = 'credential' AND \(unescaped: Self.isNew("r", since: cursor)))
            """
        ).decode(String.self, String?.self)
        return rows.reduce(into: [:]) { names, row in names[row.0, default: []].formUnion(row.1.map { [$0] } ?? []) }
    }

    private func removals(since cursor: AdmissionCursor?) async throws -> [AdmissionLook.Removal] {
        let rows = try await pool.query(
            """
            WITH \(unescaped: Self.cursorPart)\(Self.text(cursor))\(unescaped: Self.cursorPartEnd)
            SELECT r.kind, r.key FROM admission_removals r
            WHERE r.kind <> 'credential' AND \(unescaped: Self.isNew("r", since: cursor))
                AND NOT EXISTS (SELECT FROM teams t WHERE r.kind = 'team' AND t.name = r.key)
                AND NOT EXISTS (SELECT FROM clusters k WHERE r.kind = 'cluster' AND k.name = r.key)
            """
        ).decode(String.self, String.self)
        return rows.compactMap { kind, key in
            switch kind {
            case "team": .team(key)
            case "cluster": .cluster(key)
            case "job": JobID(key).map { .job($0) }
            case "run": RunID(key).map { .run($0) }
            default: nil
            }
        }
    }

    private func usageHistories() async throws -> [String: UsageHistory] {
        let rows = try await pool.query("SELECT team, value, updated_at FROM team_usage")
            .decode(String.self, Double.self, Timestamp.self)
        return Dictionary(rows.map { ($0.0, UsageHistory(value: $0.1, updatedAt: $0.2)) }) { first, _ in first }
    }

    /// What the scheduler that has the term works with; `nil` before any has had it.
    package func admissionSettings() async throws -> AdmissionSettings? {
        try await pool.query("SELECT settings FROM admission_settings").decode(PostgresJSON.self).first
            .map { try decoded($0) }
    }
}
