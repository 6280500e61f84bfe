internal import Hummingbird
internal import RunStore
internal import SlipwayCore

/// What clients do with the programs of their teams.
struct ServiceAccountOperations: Sendable {
    let store: RunStore
    let authenticator: Authenticator
    let limits: ControlAPILimits

    var all: [Operation] {
        let path = "/service-accounts/{team}/{name}"
        return [
            Operation("ApplyServiceAccount", .put, path, allows: .team(.admin), apply),
            Operation("ListServiceAccounts", .get, "/service-accounts", allows: .team(.viewer), list),
            Operation("DescribeServiceAccount", .get, path, allows: .team(.viewer), describe),
            Operation("DeleteServiceAccount", .delete, path, allows: .team(.admin), delete),
        ]
    }

    @Sendable private func apply(_ call: Call) async throws -> Response {
        _ = try call.query()
        let (team, name) = (call.segment("team"), call.segment("name"))
        try call.require(.admin, in: team)
        guard TeamNames.isName(name) else {
            throw Problem.invalidParameter(
                FieldError(
                    field: "name",
                    value: String(name.prefix(100)),
                    message: "is not a service account's name",
                    allowed: [TeamNames.name]
                )
            )
        }
        let (role, description) = try Self.account(in: try await call.json())
        let outcome = try await store.applyServiceAccount(
            name,
            of: team,
            role: role,
            description: description,
            ifRevision: call.expectedRevision(),
            by: call.actor()
        )
        switch outcome {
        case .done(let account, let change):
            authenticator.forgetAll()
            var headers = HTTPFields.revision(account.revision)
            headers[.location] = Links.serviceAccount(team, name)
            return .json(change == .created ? .created : .ok, headers: headers) {
                $0.serviceAccount(account, change: change)
            }
        case .teamNotFound: throw Problem.teamNotFound(team)
        case .tooMany(let limit): throw Problem.limitReached("service accounts of team \"\(team)\"", limit: limit)
        case .otherRevision(let now): throw Problem.otherRevision("service account \"\(name)\"", now: now)
        }
    }

    @inline(never)
    private static func account(in body: JSONValue) throws(Problem) -> (TeamRole, String?) {
        var reader = ObjectReader(body)
        let role = reader.value("role", allowed: TeamRole.allCases.map(\.rawValue)) { TeamRole(rawValue: $0) }
        if role == nil, reader.errors.isEmpty { reader.refuse("role", message: "is required") }
        let description = reader.optionalText("description", characters: 1...500)
        try reader.check()
        return (role ?? .viewer, description)
    }

    @Sendable private func list(_ call: Call) async throws -> Response {
        let query = try call.query("team", "limit", "after")
        let page = try await call.page(query, default: 100)
        let after = try page.place { $0.count == 2 ? (team: $0[0], name: $0[1]) : nil }
        let teams = call.teams(.viewer).narrowed(to: query.list("team"))
        let accounts = try await store.serviceAccounts(teams: teams, after: after, limit: page.limit)
        return .json { json in
            json.object { json in
                json.array("service_accounts", accounts) { $0.serviceAccount($1) }
                json.member("next", page.next(accounts) { [$0.team, $0.name] })
            }
        }
    }

    @Sendable private func describe(_ call: Call) async throws -> Response {
        _ = try call.query()
        let (team, name) = (call.segment("team"), call.segment("name"))
        let unknown = Problem.serviceAccountNotFound(name, team: team)
        try call.require(.viewer, in: team, orElse: unknown)
        guard let account = try await store.serviceAccount(name, of: team) else { throw unknown }
        return .json(headers: .revision(account.revision)) { $0.serviceAccount(account) }
    }

    /// Its tokens go with it.
    @Sendable private func delete(_ call: Call) async throws -> Response {
        _ = try call.query()
        let (team, name) = (call.segment("team"), call.segment("name"))
        let unknown = Problem.serviceAccountNotFound(name, team: team)
        try call.require(.admin, in: team, orElse: unknown)
        let why = try await call.why()
        guard try await store.deleteServiceAccount(name, of: team, by: call.actor(), why: why) else { throw unknown }
        authenticator.forgetAll()
        return .json { json in
            json.object { json in
                json.member("team", team)
                json.member("name", name)
                json.member("change", "deleted")
            }
        }
    }
}
