internal import PostgresClient
internal import SlipwayCore

/// What is written of a change, beside who asked for it and from where.
struct AuditEntry {
    /// What is longer is not kept, in bytes of JSON.
    static let longestValue = 64 << 10

    var action: String
    var team: String?
    /// What kind of thing was changed.
    var kind: String
    var subject: String
    var actor: String?
    var why: String?
    var before: PostgresJSON?
    var after: PostgresJSON?
    var details: PostgresJSON?

    init(
        _ action: String,
        team: String?,
        kind: String,
        subject: String,
        by actor: String?,
        why: String? = nil,
        details: JSONValue? = nil
    ) throws {
        self.action = action
        self.team = team
        self.kind = kind
        self.subject = subject
        self.actor = actor
        self.why = why
        self.details = try details.map { try postgresJSON($0) }
    }

    /// The same with the values before and after; `nil`: there was none, or will be none.
    func changing(from before: (some Encodable)?, to after: (some Encodable)?) throws -> AuditEntry {
        var entry = self
        entry.before = try before.map { try postgresJSON($0) }.flatMap(Self.kept)
        entry.after = try after.map { try postgresJSON($0) }.flatMap(Self.kept)
        return entry
    }

    private static func kept(_ json: PostgresJSON) -> PostgresJSON? {
        json.text.utf8.count <= longestValue ? json : nil
    }

    /// Writes it in the transaction of the change.
    func write(in transaction: some PostgresQuerying) async throws {
        try await transaction.query(
            """
            INSERT INTO audit_log (origin, actor, action, team, subject_kind, subject, why, details, before, after)
            VALUES (\(nullable: AuditOrigin.json)::jsonb, \(nullable: actor)::text, \(action), \(nullable: team)::text,
                \(kind), \(subject), \(nullable: why)::text, \(nullable: details)::jsonb, \(nullable: before)::jsonb,
                \(nullable: after)::jsonb)
            """
        )
    }
}
