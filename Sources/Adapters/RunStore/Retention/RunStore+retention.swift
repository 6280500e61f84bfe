internal import PostgresClient
package import SlipwayCore

extension RunStore {
    /// For how long what is kept, as it was said.
    package func retentionPolicy() async throws -> RetentionPolicy {
        let rows = try await pool.query("SELECT team, kind, days FROM retention_settings")
            .decode(String.self, String.self, Int.self)
        var policy = RetentionPolicy()
        for (team, kind, days) in rows {
            // One that a newer version knows is its concern.
            guard let kind = RetentionKind(rawValue: kind) else { continue }
            if team.isEmpty { policy.installation[kind] = days } else { policy.teams[team, default: [:]][kind] = days }
        }
        return policy
    }

    /// Says for how long what is kept.
    ///
    /// - Parameters:
    ///   - team: `nil`: of all that have no number of their own.
    ///   - days: by kind; 0: for ever; `nil` takes back what was said.
    /// - Returns: what holds by now; `nil` if there is no such team.
    package func setRetention(
        team: String?,
        _ days: [RetentionKind: Int?],
        by actor: String?,
        why: String? = nil
    ) async throws -> RetentionPolicy? {
        let isKnown = try await pool.transaction { transaction in
            if let team {
                let found = try await transaction.query("SELECT FROM teams WHERE name = \(team) FOR KEY SHARE")
                guard found.rowCount > 0 else { return false }
            }
            let kinds = days.keys.map(\.rawValue).sorted()
            let before = try await transaction.query(
                """
                SELECT kind, days FROM retention_settings WHERE team = \(team ?? "") AND kind = ANY(\(kinds)) FOR UPDATE
                """
            ).decode(String.self, Int.self)
            for (kind, days) in days.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
                if let days {
                    try await transaction.query(
                        """
                        INSERT INTO retention_settings (team, kind, days, updated_by)
                        VALUES (\(team ?? ""), \(kind.rawValue), \(days)::int, \(nullable: actor))
                        ON CONFLICT (team, kind) DO UPDATE SET days = excluded.days, updated_by = excluded.updated_by,
                            updated_at = now()
                        """
                    )
                } else {
                    try await transaction.query(
                        "DELETE FROM retention_settings WHERE team = \(team ?? "") AND kind = \(kind.rawValue)"
                    )
                }
            }
            // A longer time means that what was passed over is looked at again; and a team may count as one of all others from
            // now on, whose runs were passed over.
            try await transaction.query(
                "DELETE FROM retention_progress WHERE \(team == nil) OR team IN ('', \(team ?? ""))"
            )
            let after = days.compactMapValues(\.self).map { ($0.key.rawValue, $0.value) }
            try await AuditEntry(
                "set_retention",
                team: team ?? "",
                kind: "retention",
                subject: team ?? "installation",
                by: actor,
                why: why
            ).changing(
                from: Dictionary(uniqueKeysWithValues: before),
                to: Dictionary(uniqueKeysWithValues: after)
            ).write(in: transaction)
            return true
        }
        return isKnown ? try await retentionPolicy() : nil
    }

    // MARK: Pins

    /// How many runs of a team may be pinned.
    package static let pinsPerTeam = 1000

    /// What became of a run that somebody pinned or unpinned.
    package enum PinOutcome: Sendable, Hashable {
        case done(team: String, isChanged: Bool)
        case notFound
        case tooMany(limit: Int)
    }

    /// Keeps a run, with all that belongs to it, whatever its age. Safe to repeat.
    package func pin(_ run: RunID, by actor: String?, why: String?) async throws -> PinOutcome {
        try await pool.transaction { transaction in
            // First the pin, then the look at the run: who takes old runs away meanwhile has either seen the pin, or had this
            // wait until the run is gone.
            let pinned = try await transaction.query(
                """
                INSERT INTO run_pins (run_id, team, pinned_by, why)
                SELECT id, team, \(nullable: actor)::text, \(nullable: why)::text FROM runs WHERE id = \(run)
                ON CONFLICT (run_id) DO NOTHING RETURNING team
                """
            ).decode(String.self)
            let found = try await transaction.query("SELECT team FROM runs WHERE id = \(run)").decode(String.self)
            guard let team = found.first else {
                try await transaction.query("DELETE FROM run_pins WHERE run_id = \(run)")
                return .notFound
            }
            guard !pinned.isEmpty else { return .done(team: team, isChanged: false) }
            try await transaction.query("SELECT FROM teams WHERE name = \(team) FOR NO KEY UPDATE")
            let count = try await transaction.query("SELECT count(*) FROM run_pins WHERE team = \(team)").decode(
                Int.self
            )[0]
            guard count <= Self.pinsPerTeam else {
                try await transaction.query("DELETE FROM run_pins WHERE run_id = \(run)")
                return .tooMany(limit: Self.pinsPerTeam)
            }
            try await Self.audit(
                "pin",
                team: team,
                kind: "run",
                subject: run.description,
                by: actor,
                why: why,
                in: transaction
            )
            return .done(team: team, isChanged: true)
        }
    }

    /// Lets a run go when it is old enough. Safe to repeat.
    package func unpin(_ run: RunID, by actor: String?, why: String?) async throws -> PinOutcome {
        try await pool.transaction { transaction in
            let rows = try await transaction.query(
                """
                SELECT r.team, r.ended_at, EXISTS (SELECT FROM run_pins p WHERE p.run_id = r.id) FROM runs r
                WHERE r.id = \(run)
                """
            ).decode(String.self, Timestamp?.self, Bool.self)
            guard let (team, ended, isPinned) = rows.first else { return .notFound }
            guard isPinned else { return .done(team: team, isChanged: false) }
            try await transaction.query("DELETE FROM run_pins WHERE run_id = \(run)")
            if let ended {
                // It was passed over: it is looked at again.
                try await transaction.query(
                    """
                    UPDATE retention_progress SET ended_at = least(ended_at, \(ended) - interval '1 second')
                    WHERE team IN ('', \(team)) AND ended_at >= \(ended)
                    """
                )
            }
            try await Self.audit(
                "unpin",
                team: team,
                kind: "run",
                subject: run.description,
                by: actor,
                why: why,
                in: transaction
            )
            return .done(team: team, isChanged: true)
        }
    }

    package func isPinned(_ run: RunID) async throws -> Bool {
        try await pool.query("SELECT EXISTS (SELECT FROM run_pins WHERE run_id = \(run))").decode(Bool.self)[0]
    }

    /// Pinned runs by id, after `run`.
    package func pins(
        teams: [String]? = nil,
        after run: RunID? = nil,
        limit: Int
    ) async throws -> [PinnedRun] {
        try await pool.query(
            """
            SELECT run_id, team, pinned_by, why, pinned_at FROM run_pins
            WHERE (\(nullable: teams)::text[] IS NULL OR team = ANY(\(nullable: teams)))
                AND run_id > \(run ?? Identifier(high: 0, low: 0))
            ORDER BY run_id LIMIT \(min(max(limit, 1), limits.page))
            """
        ).decode(RunID.self, String.self, String?.self, String?.self, Timestamp.self).map {
            PinnedRun(id: $0.0, team: $0.1, by: $0.2, why: $0.3, at: $0.4)
        }
    }
}

/// A run that is kept, whatever its age.
package struct PinnedRun: Sendable, Hashable {
    package var id: RunID
    package var team: String
    package var by: String?
    package var why: String?
    package var at: Timestamp
}
