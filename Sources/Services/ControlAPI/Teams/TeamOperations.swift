internal import Hummingbird
internal import RunStore
internal import SlipwayCore

/// What clients do with teams: their files, members, credits, suspension.
struct TeamOperations: Sendable {
    let store: RunStore
    let authenticator: Authenticator
    let limits: ControlAPILimits

    var all: [Operation] {
        [
            Operation("ApplyTeam", .post, "/teams", allows: .installation(.admin), apply),
            Operation("ListTeams", .get, "/teams", allows: .team(.viewer), list),
            Operation("DescribeTeam", .get, "/teams/{team}", allows: .team(.viewer), describe),
            Operation("DeleteTeam", .delete, "/teams/{team}", allows: .installation(.admin), delete),
            Operation("SuspendTeam", .post, "/teams/{team}/suspend", allows: .installation(.operator)) {
                try await suspend(true, $0)
            },
            Operation("ResumeTeam", .post, "/teams/{team}/resume", allows: .installation(.operator)) {
                try await suspend(false, $0)
            },
            Operation(
                "ChangeTeamCredits",
                .post,
                "/teams/{team}/credits",
                allows: .installation(.admin),
                isOnce: true,
                changeCredits
            ),
            Operation("ListTeamMembers", .get, "/teams/{team}/members", allows: .team(.viewer), members),
            Operation("SetTeamMember", .put, "/teams/{team}/members/{subject}", allows: .team(.admin), setMember),
            Operation(
                "RemoveTeamMember",
                .delete,
                "/teams/{team}/members/{subject}",
                allows: .team(.admin),
                removeMember
            ),
        ]
    }

    private static let fileTypes = [
        "application/yaml", "application/x-yaml", "text/yaml", "application/json", "text/plain",
    ]

    // MARK: Teams

    /// Stores a team file. What it leaves out of `namespace` and `suspended` stays as it is.
    @Sendable private func apply(_ call: Call) async throws -> Response {
        _ = try call.query()
        let revision = try call.expectedRevision()
        let actor = try call.actor()
        let (name, spec) = try Self.team(in: try await call.text(contentTypes: Self.fileTypes))
        switch try await store.apply(spec, team: name, ifRevision: revision, by: actor) {
        case .done(let team, let change):
            var headers = HTTPFields.revision(team.revision)
            headers[.location] = Links.team(name)
            return .json(change == .created ? .created : .ok, headers: headers) { $0.team(team, change: change) }
        case .unknownClusters(let clusters):
            throw Problem.invalid(
                clusters.map { FieldError(field: "namespaces", value: $0, message: "is not a registered cluster") }
            )
        case .takenNamespaces(let taken):
            throw Problem.invalid(
                taken.map { taken in
                    let owner = taken.team.map { "team \"\($0)\"" } ?? "the cluster itself"
                    return FieldError(
                        field: taken.field,
                        value: taken.namespace,
                        message: "is the namespace of \(owner); each team has its own"
                    )
                }
            )
        case .otherRevision(let now): throw Problem.otherRevision("team \"\(name)\"", now: now)
        }
    }

    private static func team(in text: String) throws(Problem) -> (String, TeamSpec) {
        do throws(JobFileErrors) {
            return try TeamFile.parse(text)
        } catch {
            throw Problem.invalidTeamFile(error)
        }
    }

    @Sendable private func list(_ call: Call) async throws -> Response {
        let page = try await call.page(try call.query("limit", "after"), default: 100)
        let teams = try await store.teams(
            call.teams(.viewer).narrowed(to: nil),
            after: page.name(),
            limit: page.limit
        )
        return .json { json in
            json.object { json in
                json.array("teams", teams) { $0.team($1) }
                json.member("next", page.next(teams) { [$0.name] })
            }
        }
    }

    @Sendable private func describe(_ call: Call) async throws -> Response {
        _ = try call.query()
        let team = try await call.team(.viewer, in: store)
        return .json(headers: .revision(team.revision)) { $0.team(team) }
    }

    @Sendable private func delete(_ call: Call) async throws -> Response {
        _ = try call.query()
        let name = call.segment("team")
        let why = try await Self.why(call)
        let outcome = try await store.deleteTeam(
            name,
            ifRevision: call.expectedRevision(),
            by: call.actor(),
            why: why
        )
        switch outcome {
        case .done: break
        case .notFound: throw Problem.teamNotFound(name)
        case .hasJobs(let count): throw Problem.teamHasJobs(name, count)
        case .hasLiveRuns: throw Problem.teamHasRuns(name)
        case .otherRevision(let now): throw Problem.otherRevision("team \"\(name)\"", now: now)
        }
        return .json { json in
            json.object { json in
                json.member("name", name)
                json.member("change", "deleted")
            }
        }
    }

    private func suspend(_ isSuspended: Bool, _ call: Call) async throws -> Response {
        _ = try call.query()
        let name = call.segment("team")
        let why = try await Self.why(call)
        guard let done = try await store.suspend(team: name, isSuspended, by: call.actor(), why: why) else {
            throw Problem.teamNotFound(name)
        }
        return .json(headers: .revision(done.team.revision)) {
            $0.team(done.team, change: done.isChanged ? .updated : .unchanged)
        }
    }

    // MARK: Credits

    @Sendable private func changeCredits(_ call: Call) async throws -> Response {
        _ = try call.query()
        let name = call.segment("team")
        let (change, why) = try Self.creditChange(in: try await call.json())
        switch try await store.changeCredits(of: name, change, by: call.actor(), why: why) {
        case .done(let team): return .json(headers: .revision(team.revision)) { $0.team(team) }
        case .teamNotFound: throw Problem.teamNotFound(name)
        case .needsNone: throw Problem.teamNeedsNoCredits(name)
        }
    }

    @inline(never)
    private static func creditChange(in body: JSONValue) throws(Problem) -> (CreditChange, why: String?) {
        var reader = ObjectReader(body)
        let bounds = TeamLimits.standard.credits
        let allowed = Int(bounds.lowerBound)...Int(bounds.upperBound)
        let set = reader.optionalInteger("set", allowed: allowed)
        let add = reader.optionalInteger("add", allowed: allowed)
        let lift = reader.flag("lift") ?? false
        let why = reader.why()
        let changes = [set.map { CreditChange.set(Double($0)) }, add.map { .add(Double($0)) }, lift ? .lift : nil]
            .compactMap { $0 }
        if changes.count != 1, reader.errors.isEmpty {
            reader.refuse("set", message: "add or lift is required, and only one of them")
        }
        try reader.check()
        return (changes[0], why)
    }

    // MARK: Members

    @Sendable private func members(_ call: Call) async throws -> Response {
        let page = try await call.page(try call.query("limit", "after"), default: 100)
        let team = try await call.team(.viewer, in: store)
        let members = try await store.members(of: team.name, after: page.name(), limit: page.limit)
        return .json { json in
            json.object { json in
                json.array("members", members) { json, member in
                    json.object { json in
                        json.member("subject", member.subject)
                        json.member("role", member.role)
                        json.member("created_at", member.createdAt)
                    }
                }
                json.member("next", page.next(members) { [$0.subject] })
            }
        }
    }

    @Sendable private func setMember(_ call: Call) async throws -> Response {
        _ = try call.query()
        let (name, subject) = (call.segment("team"), try Self.subject(call))
        try call.require(.admin, in: name, orElse: Problem.teamNotFound(name))
        let role = try Self.role(in: try await call.json())
        switch try await store.setMember(subject, of: name, role: role, by: call.actor()) {
        case .teamNotFound: throw Problem.teamNotFound(name)
        case .tooMany(let limit): throw Problem.limitReached("members of team \"\(name)\"", limit: limit)
        case .done(let change):
            authenticator.forgetAll()
            return .json(change == .created ? .created : .ok) { json in
                json.object { json in
                    json.member("team", name)
                    json.member("subject", subject)
                    json.member("role", role)
                    json.member("change", change)
                }
            }
        }
    }

    @inline(never)
    private static func role(in body: JSONValue) throws(Problem) -> TeamRole {
        var reader = ObjectReader(body)
        let role = reader.value("role", allowed: TeamRole.allCases.map(\.rawValue)) { TeamRole(rawValue: $0) }
        if role == nil, reader.errors.isEmpty { reader.refuse("role", message: "is required") }
        try reader.check()
        return role ?? .viewer
    }

    @Sendable private func removeMember(_ call: Call) async throws -> Response {
        _ = try call.query()
        let (name, subject) = (call.segment("team"), try Self.subject(call))
        try call.require(.admin, in: name, orElse: Problem.memberNotFound(subject, team: name))
        guard try await store.removeMember(subject, of: name, by: call.actor()) else {
            throw Problem.memberNotFound(subject, team: name)
        }
        authenticator.forgetAll()
        return .json { json in
            json.object { json in
                json.member("team", name)
                json.member("subject", subject)
                json.member("change", "removed")
            }
        }
    }

    private static func subject(_ call: Call) throws(Problem) -> String {
        let subject = call.segment("subject")
        guard (1...200).contains(subject.unicodeScalars.count), !subject.utf8.contains(0) else {
            throw Problem.invalidParameter(
                FieldError(
                    field: "subject",
                    value: String(subject.prefix(100)),
                    message: "is not a member's name",
                    allowed: ["1 to 200 characters"]
                )
            )
        }
        return subject
    }

    // MARK: What several have

    /// Why somebody asks, from a body that may be absent.
    static func why(_ call: Call) async throws -> String? {
        var reader = ObjectReader(try await call.optionalJSON())
        let why = reader.why()
        try reader.check()
        return why
    }
}
