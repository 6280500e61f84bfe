internal import PostgresClient
package import SlipwayCore

/// Names a credential.
package struct CredentialKey: Sendable, Hashable, Comparable {
    package var team: String
    package var name: String

    package init(team: String, name: String) {
        self.team = team
        self.name = name
    }

    package static func < (left: CredentialKey, right: CredentialKey) -> Bool {
        (left.team, left.name) < (right.team, right.name)
    }
}

/// A credential as it is stored.
package struct CredentialRecord: Sendable, Hashable {
    package var key: CredentialKey
    /// A free label, such as `postgres` or `oauth`.
    package var kind: String
    package var spec: CredentialSpec
    package var isValid: Bool
    /// When a person or a check last said whether it is valid.
    package var checkedAt: Timestamp?
    /// What they said.
    package var message: String?
    /// `nil`: it has no check.
    package var checkDueAt: Timestamp?
    /// The run that checks it now.
    package var checkRunID: RunID?
    /// Grows with each change.
    package var revision: Int64
    package var createdAt: Timestamp
    package var updatedAt: Timestamp

    static let columns = """
        team, name, kind, spec, is_valid, checked_at, message, check_due_at, check_run_id, revision, created_at, updated_at
        """

    init(row: PostgresRow) throws {
        key = CredentialKey(team: try row.value("team"), name: try row.value("name"))
        kind = try row.value("kind")
        spec = try decoded(row.value("spec"))
        isValid = try row.value("is_valid")
        checkedAt = try row.value("checked_at")
        message = try row.value("message")
        checkDueAt = try row.value("check_due_at")
        checkRunID = try row.value("check_run_id")
        revision = try row.value("revision")
        createdAt = try row.value("created_at")
        updatedAt = try row.value("updated_at")
    }
}

/// What became of a credential that somebody stored.
package enum AppliedCredential: Sendable, Hashable {
    case done(CredentialRecord, StoreChange)
    case teamNotFound
    /// The job of its check does not exist in the team.
    case jobNotFound(String)
    case tooMany(limit: Int)
    /// It has this one now, 0 if it does not exist.
    case otherRevision(Int64)
}

package enum DeletedCredential: Sendable, Hashable {
    case done
    case notFound
    /// Jobs of the team need it; the first of them.
    case isNeeded(by: [String])
    /// Runs that are not placed yet need it; the first of them.
    case isAwaited(by: [RunID])
    case otherRevision(Int64)
}

/// What a person says of credentials that exist; what is `nil` stays.
package struct CredentialUpdate: Sendable, Hashable {
    package var secret: CredentialSpec.Secret?
    package var isValid: Bool?
    package var message: String?

    package init(secret: CredentialSpec.Secret? = nil, isValid: Bool? = nil, message: String? = nil) {
        self.secret = secret
        self.isValid = isValid
        self.message = message
    }
}

/// Which credentials of a team are meant.
package enum CredentialSelection: Sendable, Hashable {
    case named([String])
    /// Those that are not valid.
    case allInvalid
}

package enum UpdatedCredentials: Sendable, Hashable {
    /// By name, with how many paused runs wait again.
    case done([CredentialRecord], resumedRuns: Int)
    /// Nothing was changed.
    case notFound([String])
    case otherRevision(Int64)
}

/// What a due check does.
package struct DueCheck: Sendable, Hashable {
    package var key: CredentialKey
    package var check: CredentialSpec.Check
    /// The job that checks it; `nil` if the team has none of that name, or it is archived.
    package var job: JobVersionKey?
    package var jobSpec: JobSpec?
}

/// How the run of a check ended.
package struct EndedCheck: Sendable, Hashable {
    package var key: CredentialKey
    package var check: CredentialSpec.Check?
    package var runID: RunID
    /// `nil`: the run is not there any more.
    package var state: RunState?
    package var failureClass: FailureClass?
    package var message: String?
}
