internal import PostgresClient
package import SlipwayCore

/// What an examination of an installation reads of its database: one snapshot.
package struct StoreInspection: Sendable, Hashable {
    package struct HolderFacts: Sendable, Hashable {
        package var holder: Holder
        package var expiresAt: Timestamp

        package init(holder: Holder, expiresAt: Timestamp) {
            self.holder = holder
            self.expiresAt = expiresAt
        }
    }

    /// A live run that is beyond waiting, or held.
    package struct ActiveRun: Sendable, Hashable {
        package var id: RunID
        package var state: RunState
        package var stateSince: Timestamp
        package var cluster: String
        package var namespace: String
        package var placement: Int
        package var holder: HolderID?
        /// When a supervisor was last looked for.
        package var hintedAt: Timestamp
        /// When a released run's pod is to be gone; `nil` for a run that is not released.
        package var releaseDeadline: Timestamp?

        package init(
            id: RunID,
            state: RunState,
            stateSince: Timestamp,
            cluster: String,
            namespace: String,
            placement: Int,
            holder: HolderID?,
            hintedAt: Timestamp,
            releaseDeadline: Timestamp? = nil
        ) {
            self.id = id
            self.state = state
            self.stateSince = stateSince
            self.cluster = cluster
            self.namespace = namespace
            self.placement = placement
            self.holder = holder
            self.hintedAt = hintedAt
            self.releaseDeadline = releaseDeadline
        }
    }

    /// A run that waits and does not say why.
    package struct SilentRun: Sendable, Hashable {
        package var id: RunID
        package var state: RunState
        package var stateSince: Timestamp

        package init(id: RunID, state: RunState, stateSince: Timestamp) {
            self.id = id
            self.state = state
            self.stateSince = stateSince
        }
    }

    /// Who has the scheduling term.
    package struct Term: Sendable, Hashable {
        package var holder: HolderID?
        package var expiresAt: Timestamp

        package init(holder: HolderID?, expiresAt: Timestamp) {
            self.holder = holder
            self.expiresAt = expiresAt
        }
    }

    /// By the database's clock.
    package var now: Timestamp
    package var installation: String
    package var holders: [HolderFacts]
    /// Those whose state is `active`.
    package var clusters: [String]
    /// Of all teams.
    package var namespaces: [String]
    package var term: Term?
    /// When leases were last looked at.
    package var sweptAt: Timestamp?
    package var activeRuns: [ActiveRun]
    /// The oldest of the runs that wait without a reason.
    package var silentRuns: [SilentRun]
    /// Pods to remove, and since when.
    package var cleanups: [CleanupAge]
    /// Not all runs were read.
    package var isCut: Bool

    package struct CleanupAge: Sendable, Hashable {
        package var run: RunID
        package var placement: Int
        package var since: Timestamp

        package init(run: RunID, placement: Int, since: Timestamp) {
            self.run = run
            self.placement = placement
            self.since = since
        }
    }

    package init(
        now: Timestamp,
        installation: String,
        holders: [HolderFacts] = [],
        clusters: [String] = [],
        namespaces: [String] = [],
        term: Term? = nil,
        sweptAt: Timestamp? = nil,
        activeRuns: [ActiveRun] = [],
        silentRuns: [SilentRun] = [],
        cleanups: [CleanupAge] = [],
        isCut: Bool = false
    ) {
        self.now = now
        self.installation = installation
        self.holders = holders
        self.clusters = clusters
        self.namespaces = namespaces
        self.term = term
        self.sweptAt = sweptAt
        self.activeRuns = activeRuns
        self.silentRuns = silentRuns
        self.cleanups = cleanups
        self.isCut = isCut
    }
}

/// What the database knows of the placement that a pod belongs to.
package struct PodStanding: Sendable, Hashable {
    package enum Kind: Sendable, Hashable {
        /// The present placement of a live run.
        case present
        /// Its run is live and has another placement, or waits for one.
        case givenUp
        case finished
        case unknown
    }

    package var run: RunID
    package var placement: Int
    package var kind: Kind
    /// Since when its removal is noted; `nil` if it is not.
    package var cleanupSince: Timestamp?

    package init(run: RunID, placement: Int, kind: Kind, cleanupSince: Timestamp? = nil) {
        self.run = run
        self.placement = placement
        self.kind = kind
        self.cleanupSince = cleanupSince
    }
}

extension RunStore {
    /// The most runs of a kind that one inspection reads.
    private static let inspectedRuns = 20_000
    private static let inspectedSilentRuns = 200

    /// Reads what an examination needs, in one snapshot and without a lock.
    package func inspect() async throws -> StoreInspection {
        let installation = try await installationID()
        return try await pool.transaction(isolation: .repeatableRead) { transaction in
            let clock = try await transaction.query(
                "SELECT clock_timestamp() AS now, (SELECT swept_at FROM sweeps WHERE name = 'leases') AS swept_at"
            )
            let holders = try await transaction.query(
                "SELECT id, kind, name, version, clusters, expires_at FROM holders ORDER BY started_at, id"
            ).decode(HolderID.self, String.self, String.self, String.self, [String].self, Timestamp.self)
            let clusters = try await transaction.query("SELECT name FROM clusters WHERE state = 'active' ORDER BY name")
                .decode(String.self)
            let namespaces = try await transaction.query(
                "SELECT namespace FROM teams UNION SELECT namespace FROM team_namespaces ORDER BY namespace"
            ).decode(String.self)
            let term = try await transaction.query(
                "SELECT holder_id, expires_at FROM terms WHERE duty = 'scheduling'"
            ).decode(HolderID?.self, Timestamp.self).first
            let active = try await transaction.query(
                """
                SELECT r.id, r.state, r.state_since, r.cluster, coalesce(r.namespace, t.namespace, ''), r.placement, r.holder_id,
                    r.hinted_at, r.release_deadline
                FROM live_runs r LEFT JOIN teams t ON t.name = r.team
                WHERE r.state = ANY(\(RunState.active)) OR r.holder_id IS NOT NULL
                ORDER BY r.id LIMIT \(Self.inspectedRuns)
                """
            ).decode(
                RunID.self,
                RunState.self,
                Timestamp.self,
                String.self,
                String.self,
                Int.self,
                HolderID?.self,
                Timestamp.self,
                Timestamp?.self
            )
            let silent = try await transaction.query(
                """
                SELECT id, state, state_since FROM live_runs
                WHERE state IN ('pending', 'paused', 'ready') AND reason IS NULL
                    AND (eligible_at IS NULL OR eligible_at <= clock_timestamp())
                ORDER BY state_since LIMIT \(Self.inspectedSilentRuns)
                """
            ).decode(RunID.self, RunState.self, Timestamp.self)
            let cleanups = try await transaction.query(
                "SELECT run_id, placement, created_at FROM cleanups ORDER BY created_at LIMIT \(Self.inspectedSilentRuns)"
            ).decode(RunID.self, Int.self, Timestamp.self)
            guard let clock = clock.first else { throw InstallationMissing() }
            return StoreInspection(
                now: try clock.value("now"),
                installation: installation,
                holders: holders.compactMap { row in
                    Holder.Kind(rawValue: row.1).map { kind in
                        StoreInspection.HolderFacts(
                            holder: Holder(id: row.0, kind: kind, name: row.2, version: row.3, clusters: row.4),
                            expiresAt: row.5
                        )
                    }
                },
                clusters: clusters,
                namespaces: namespaces,
                term: term.map { StoreInspection.Term(holder: $0.0, expiresAt: $0.1) },
                sweptAt: try clock.value("swept_at", as: Timestamp?.self),
                activeRuns: active.map { row in
                    StoreInspection.ActiveRun(
                        id: row.0,
                        state: row.1,
                        stateSince: row.2,
                        cluster: row.3,
                        namespace: row.4,
                        placement: row.5,
                        holder: row.6,
                        hintedAt: row.7,
                        releaseDeadline: row.8
                    )
                },
                silentRuns: silent.map { StoreInspection.SilentRun(id: $0.0, state: $0.1, stateSince: $0.2) },
                cleanups: cleanups.map { StoreInspection.CleanupAge(run: $0.0, placement: $0.1, since: $0.2) },
                isCut: active.count == Self.inspectedRuns
            )
        }
    }

    /// What the database knows of each of these pods' placements.
    package func standings(_ pods: [(run: RunID, placement: Int)]) async throws -> [PodStanding] {
        var standings: [PodStanding] = []
        for start in stride(from: 0, to: pods.count, by: limits.batch) {
            let part = pods[start..<min(start + limits.batch, pods.count)]
            standings += try await pool.query(
                """
                SELECT p.id, p.placement, r.id IS NOT NULL,
                    coalesce(r.placement = p.placement AND r.state = ANY(\(RunState.active)), false),
                    f.id IS NOT NULL, c.created_at
                FROM unnest(\(part.map(\.run)), \(part.map(\.placement))::int[]) AS p (id, placement)
                LEFT JOIN live_runs r ON r.id = p.id
                LEFT JOIN finished_runs f ON f.id = p.id
                LEFT JOIN cleanups c ON c.run_id = p.id AND c.placement = p.placement
                """
            ).decode(RunID.self, Int.self, Bool.self, Bool.self, Bool.self, Timestamp?.self).map { row in
                let kind: PodStanding.Kind =
                    row.3 ? .present : row.2 ? .givenUp : row.4 ? .finished : .unknown
                return PodStanding(run: row.0, placement: row.1, kind: kind, cleanupSince: row.5)
            }
        }
        return standings
    }

    /// The database's clock, now.
    package func databaseTime() async throws -> Timestamp {
        guard let row = try await pool.query("SELECT clock_timestamp() AS now").first else {
            throw InstallationMissing()
        }
        return try row.value("now")
    }
}
