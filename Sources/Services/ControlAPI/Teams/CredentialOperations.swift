internal import Hummingbird
internal import RunMessaging
internal import RunStore
internal import SlipwayCore

/// What clients do with credentials. Their values are never seen here: they live in Kubernetes secrets.
struct CredentialOperations: Sendable {
    let store: RunStore
    let signals: ControlSignals
    let limits: ControlAPILimits

    var all: [Operation] {
        let path = "/credentials/{team}/{name}"
        return [
            Operation("ApplyCredential", .put, path, allows: .team(.operator), apply),
            Operation("ListCredentials", .get, "/credentials", allows: .team(.viewer), list),
            Operation("DescribeCredential", .get, path, allows: .team(.viewer), describe),
            Operation("UpdateCredential", .patch, path, allows: .team(.operator), updateOne),
            Operation("UpdateCredentials", .post, "/credentials:update", allows: .team(.operator), updateMany),
            Operation("DeleteCredential", .delete, path, allows: .team(.operator), delete),
            Operation("CheckCredential", .post, path + "/check", allows: .team(.operator), check),
        ]
    }

    // MARK: Storing

    @Sendable private func apply(_ call: Call) async throws -> Response {
        _ = try call.query()
        let key = try Self.newKey(call)
        try call.require(.operator, in: key.team)
        let (kind, spec) = try Self.credential(in: try await call.json())
        let outcome = try await store.apply(
            spec,
            kind: kind,
            credential: key,
            ifRevision: call.expectedRevision(),
            by: call.actor()
        )
        switch outcome {
        case .done(let credential, let change):
            var headers = HTTPFields.revision(credential.revision)
            headers[.location] = Links.credential(key)
            return .json(change == .created ? .created : .ok, headers: headers) {
                $0.credential(credential, change: change)
            }
        case .teamNotFound: throw Problem.teamNotFound(key.team)
        case .jobNotFound(let job): throw Problem.jobNotFound(team: key.team, name: job)
        case .tooMany(let limit): throw Problem.limitReached("credentials of team \"\(key.team)\"", limit: limit)
        case .otherRevision(let now): throw Problem.otherRevision("credential \"\(key.name)\"", now: now)
        }
    }

    @inline(never)
    private static func credential(in body: JSONValue) throws(Problem) -> (kind: String, spec: CredentialSpec) {
        var reader = ObjectReader(body)
        let kind = reader.value("kind", allowed: [TeamNames.label]) { TeamNames.isLabel($0) ? $0 : nil }
        if kind == nil, !reader.has("kind") { reader.refuse("kind", message: "is required") }
        let secret = reader.secret()
        let check = reader.nested("check") { reader -> CredentialSpec.Check? in
            let job = reader.value("job", allowed: [TeamNames.name]) { TeamNames.isName($0) ? $0 : nil }
            let range = CredentialSpec.Check.allowedEverySeconds
            let bounds = [range.lowerBound, range.upperBound].map(DurationText.text(seconds:))
            let allowed = "a duration such as 30m or 6h, from \(bounds[0]) to \(bounds[1])"
            let every = reader.value("every", allowed: [allowed]) { text in
                DurationText.seconds(text).flatMap { range.contains($0) ? $0 : nil }
            }
            let resumes = reader.flag("resume_paused_runs") ?? true
            for name in ["job", "every"] where !reader.has(name) { reader.refuse(name, message: "is required") }
            guard let job, let every else { return nil }
            return CredentialSpec.Check(job: job, everySeconds: every, resumesRuns: resumes)
        }
        try reader.check()
        return (kind ?? "", CredentialSpec(secret: secret, check: check ?? nil))
    }

    // MARK: Reading

    @Sendable private func list(_ call: Call) async throws -> Response {
        let query = try call.query("team", "valid", "limit", "after")
        let page = try await call.page(query, default: 100)
        let after = try page.place { $0.count == 2 ? CredentialKey(team: $0[0], name: $0[1]) : nil }
        let isValid = try query.text("valid") == nil ? nil : query.flag("valid")
        let found = try await store.credentials(
            teams: call.teams(.viewer).narrowed(to: query.list("team")),
            isValid: isValid,
            after: after,
            limit: page.limit
        )
        return .json { json in
            json.object { json in
                json.array("credentials", found) { $0.credential($1) }
                json.member("next", page.next(found) { [$0.key.team, $0.key.name] })
            }
        }
    }

    @Sendable private func describe(_ call: Call) async throws -> Response {
        _ = try call.query()
        let key = try Self.key(call, .viewer)
        guard let credential = try await store.credential(key) else {
            throw Problem.credentialNotFound([key.name], team: key.team)
        }
        return .json(headers: .revision(credential.revision)) { $0.credential(credential) }
    }

    // MARK: Changing

    @Sendable private func updateOne(_ call: Call) async throws -> Response {
        _ = try call.query()
        let key = try Self.key(call, .operator)
        let request = try CredentialRequest(try await call.json())
        let (credentials, resumed) = try await update(
            .named([key.name]),
            team: key.team,
            request,
            ifRevision: call.expectedRevision(),
            by: call.actor()
        )
        guard let credential = credentials.first else { throw Problem.credentialNotFound([key.name], team: key.team) }
        return .json(headers: .revision(credential.revision)) {
            $0.credential(credential, change: .updated, resumedRuns: resumed)
        }
    }

    /// Several of a team at once, by name or all that are not valid: all of them or none.
    @Sendable private func updateMany(_ call: Call) async throws -> Response {
        _ = try call.query()
        let request = try CredentialRequest(many: try await call.json())
        try call.require(.operator, in: request.team)
        guard try await store.team(request.team) != nil else { throw Problem.teamNotFound(request.team) }
        let (credentials, resumed) = try await update(
            request.selection,
            team: request.team,
            request,
            ifRevision: nil,
            by: call.actor()
        )
        return .json { json in
            json.object { json in
                json.array("credentials", credentials) { $0.credential($1) }
                json.member("resumed_runs", resumed)
            }
        }
    }

    private func update(
        _ selection: CredentialSelection,
        team: String,
        _ request: CredentialRequest,
        ifRevision revision: Int64?,
        by actor: String?
    ) async throws -> ([CredentialRecord], Int) {
        let outcome = try await store.updateCredentials(
            selection,
            team: team,
            request.update,
            resumes: request.resumes,
            ifRevision: revision,
            by: actor,
            why: request.why
        )
        switch outcome {
        case .done(let credentials, let resumed):
            signals.runsSubmitted()
            return (credentials, resumed)
        case .notFound(let names): throw Problem.credentialNotFound(names, team: team)
        case .otherRevision(let now): throw Problem.otherRevision("the credential", now: now)
        }
    }

    @Sendable private func delete(_ call: Call) async throws -> Response {
        _ = try call.query()
        let key = try Self.key(call, .operator)
        let why = try await TeamOperations.why(call)
        let outcome = try await store.deleteCredential(
            key,
            ifRevision: call.expectedRevision(),
            by: call.actor(),
            why: why
        )
        switch outcome {
        case .done: break
        case .notFound: throw Problem.credentialNotFound([key.name], team: key.team)
        case .isNeeded(let jobs): throw Problem.credentialIsNeeded(key, by: jobs)
        case .isAwaited(let runs): throw Problem.credentialIsNeeded(key, by: runs)
        case .otherRevision(let now): throw Problem.otherRevision("credential \"\(key.name)\"", now: now)
        }
        return .json { json in
            json.object { json in
                json.member("team", key.team)
                json.member("name", key.name)
                json.member("change", "deleted")
            }
        }
    }

    /// Has it checked now; the answer does not wait for that.
    @Sendable private func check(_ call: Call) async throws -> Response {
        _ = try call.query()
        let key = try Self.key(call, .operator)
        guard let found = try await store.requestCheck(key, by: call.actor()) else {
            throw Problem.credentialNotFound([key.name], team: key.team)
        }
        guard found.hasCheck else { throw Problem.credentialHasNoCheck(key) }
        return .json(.accepted) { $0.credential(found.credential) }
    }

    // MARK: Names

    /// - Throws: ``Problem`` if the caller has not this role in its team.
    private static func key(_ call: Call, _ role: TeamRole) throws(Problem) -> CredentialKey {
        let key = given(call)
        try call.require(role, in: key.team, orElse: Problem.credentialNotFound([key.name], team: key.team))
        return key
    }

    private static func given(_ call: Call) -> CredentialKey {
        CredentialKey(team: call.segment("team"), name: call.segment("name"))
    }

    private static func newKey(_ call: Call) throws(Problem) -> CredentialKey {
        let key = given(call)
        guard TeamNames.isName(key.name) else {
            throw Problem.invalidParameter(
                FieldError(
                    field: "name",
                    value: String(key.name.prefix(100)),
                    message: "is not a credential's name",
                    allowed: [TeamNames.name]
                )
            )
        }
        return key
    }
}

/// What a client says of credentials that exist.
struct CredentialRequest: Sendable {
    var team = ""
    var selection = CredentialSelection.named([])
    var update: CredentialUpdate
    var resumes: Bool
    var why: String?

    private static let mostNames = 1000

    /// For the one that the path names.
    @inline(never)
    init(_ body: JSONValue) throws(Problem) {
        var reader = ObjectReader(body)
        self.init(&reader)
        try reader.check()
    }

    /// For several of a team.
    @inline(never)
    init(many body: JSONValue) throws(Problem) {
        var reader = ObjectReader(body)
        self.init(&reader)
        team = reader.string("team", default: "default")
        let names = reader.list("names", allowed: [TeamNames.name]) { TeamNames.isName($0) ? $0 : nil }
        let isAllInvalid = reader.flag("all_invalid") ?? false
        if (names != nil) == isAllInvalid {
            reader.refuse("names", message: "or all_invalid: true is required, and only one of them")
        } else if let names {
            if !(1...Self.mostNames).contains(names.count) {
                let allowed = "1 to \(Self.mostNames)"
                reader.refuse("names", message: "has the wrong number of elements", allowed: [allowed])
            }
            selection = .named(names)
        } else {
            selection = .allInvalid
        }
        try reader.check()
    }

    private init(_ reader: inout ObjectReader) {
        let isValid = reader.flag("valid")
        let message = reader.optionalText("message", characters: 1...1000)
        update = CredentialUpdate(secret: reader.secret(), isValid: isValid, message: message)
        resumes = reader.flag("resume_paused_runs") ?? false
        why = reader.why()
    }
}

extension ObjectReader {
    /// The Kubernetes secret with a credential's value; `nil` if absent.
    fileprivate mutating func secret() -> CredentialSpec.Secret? {
        let secret = nested("secret") { reader -> CredentialSpec.Secret? in
            let name = reader.value("name", allowed: [TeamNames.secret]) { TeamNames.isSecret($0) ? $0 : nil }
            if name == nil, !reader.has("name") { reader.refuse("name", message: "is required") }
            let keys = reader.list("keys", allowed: [TeamNames.secretKey]) { TeamNames.isSecretKey($0) ? $0 : nil }
            if let keys, keys.count > 100 {
                reader.refuse("keys", message: "has too many elements", allowed: ["at most 100"])
            }
            return name.map { CredentialSpec.Secret(name: $0, keys: keys ?? []) }
        }
        return secret ?? nil
    }
}
