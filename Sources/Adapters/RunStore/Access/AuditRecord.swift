internal import PostgresClient
package import SlipwayCore

/// An entry of the audit log.
package struct AuditRecord: Sendable, Hashable {
    package var id: Int64
    package var at: Timestamp
    /// `nil`: nobody said who they are, or the control plane did it by itself.
    package var actor: String?
    package var action: String
    package var team: String?
    package var subjectKind: String
    package var subject: String
    package var why: String?
    /// How they came who asked, and from where.
    package var origin: JSONValue?
    package var before: JSONValue?
    package var after: JSONValue?
    package var details: JSONValue?

    static let columns = "id, at, actor, action, team, subject_kind, subject, why, origin, before, after, details"

    init(row: PostgresRow) throws {
        id = try row.value("id")
        at = try row.value("at")
        actor = try row.value("actor")
        action = try row.value("action")
        team = try row.value("team")
        subjectKind = try row.value("subject_kind")
        subject = try row.value("subject")
        why = try row.value("why")
        func json(_ column: String) throws -> JSONValue? {
            try row.value(column, as: PostgresJSON?.self).map { try decoded($0) }
        }
        origin = try json("origin")
        before = try json("before")
        after = try json("after")
        details = try json("details")
    }
}

/// Which entries of the audit log a list shows. All that is set must hold.
package struct AuditFilter: Sendable, Hashable {
    package var teams: [String]?
    package var actor: String?
    package var actions: [String]?
    package var subjectKind: String?
    package var subject: String?
    /// Noted at this time or later.
    package var since: Timestamp?
    /// Noted earlier than this.
    package var until: Timestamp?

    package init(
        teams: [String]? = nil,
        actor: String? = nil,
        actions: [String]? = nil,
        subjectKind: String? = nil,
        subject: String? = nil,
        since: Timestamp? = nil,
        until: Timestamp? = nil
    ) {
        self.teams = teams
        self.actor = actor
        self.actions = actions
        self.subjectKind = subjectKind
        self.subject = subject
        self.since = since
        self.until = until
    }
}

extension RunStore {
    /// Entries of the audit log, newest first, older than `before`.
    ///
    /// - Parameter limit: 1 to `limits.page`; larger values are cut.
    package func audit(_ filter: AuditFilter, before: Int64? = nil, limit: Int) async throws -> [AuditRecord] {
        let page = min(max(limit, 1), limits.page)
        return try await pool.query(
            """
            SELECT \(unescaped: AuditRecord.columns) FROM audit_log
            WHERE id < \(before ?? Int64.max)
                AND (\(nullable: filter.teams)::text[] IS NULL OR team = ANY(\(nullable: filter.teams)::text[]))
                AND (\(nullable: filter.actor)::text IS NULL OR actor = \(nullable: filter.actor)::text)
                AND (\(nullable: filter.actions)::text[] IS NULL OR action = ANY(\(nullable: filter.actions)::text[]))
                AND (\(nullable: filter.subjectKind)::text IS NULL OR subject_kind = \(nullable: filter.subjectKind)::text)
                AND (\(nullable: filter.subject)::text IS NULL OR subject = \(nullable: filter.subject)::text)
                AND (\(nullable: filter.since)::timestamptz IS NULL OR at >= \(nullable: filter.since)::timestamptz)
                AND (\(nullable: filter.until)::timestamptz IS NULL OR at < \(nullable: filter.until)::timestamptz)
            ORDER BY id DESC LIMIT \(page)
            """
        ).rows.map(AuditRecord.init(row:))
    }
}
