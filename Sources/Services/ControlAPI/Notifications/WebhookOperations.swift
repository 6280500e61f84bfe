internal import Hummingbird
internal import RunStore
internal import SlipwayCore
internal import WebhookClient

/// Where teams want to be told of what happens, and what became of telling them.
struct WebhookOperations: Sendable {
    let store: RunStore
    let limits: ControlAPILimits
    /// Whether `http:` is allowed beside `https:`.
    let allowsPlainText: Bool

    var all: [Operation] {
        let path = "/webhooks/{team}/{name}"
        return [
            Operation("CreateWebhook", .post, "/webhooks", allows: .team(.admin), isSecret: true, create),
            Operation("ListWebhooks", .get, "/webhooks", allows: .team(.viewer), list),
            Operation("DescribeWebhook", .get, path, allows: .team(.viewer), describe),
            Operation("UpdateWebhook", .patch, path, allows: .team(.admin), update),
            Operation("DeleteWebhook", .delete, path, allows: .team(.admin), delete),
            Operation("TestWebhook", .post, path + "/test", allows: .team(.operator), test),
            Operation(
                "RotateWebhookSecret",
                .post,
                path + "/rotate-secret",
                allows: .team(.admin),
                isSecret: true,
                rotate
            ),
            Operation("ListWebhookDeliveries", .get, path + "/deliveries", allows: .team(.viewer), deliveries),
            Operation(
                "ResendWebhookDelivery",
                .post,
                path + "/deliveries/{id}/resend",
                allows: .team(.operator),
                resend
            ),
        ]
    }

    // MARK: Storing

    @Sendable private func create(_ call: Call) async throws -> Response {
        _ = try call.query()
        let (key, spec) = try Self.webhook(in: try await call.json(), allowsPlainText: allowsPlainText)
        try call.require(.admin, in: key.team)
        let secret = WebhookSecret.random()
        let outcome = try await store.createWebhook(
            spec,
            key: key,
            id: Self.identifier(),
            secret: secret.text,
            by: call.actor()
        )
        let record = try Self.stored(outcome, key)
        var headers = HTTPFields.revision(record.revision)
        headers[.location] = Links.webhook(key)
        return .json(.created, headers: headers) { json in
            json.webhook(record, isKnown: true, change: .created, secret: secret.text)
        }
    }

    private static func identifier() -> Identifier {
        Identifier(high: .random(in: 0 ... .max), low: .random(in: 0 ... .max))
    }

    private static func webhook(
        in body: JSONValue,
        allowsPlainText: Bool
    ) throws(Problem) -> (WebhookKey, WebhookSpec) {
        var reader = ObjectReader(body)
        let team = reader.string("team", default: "default")
        let name = reader.value("name", allowed: [TeamNames.name]) { TeamNames.isName($0) ? $0 : nil }
        if name == nil, !reader.has("name") { reader.refuse("name", message: "is required") }
        var change = WebhookChange(&reader, allowsPlainText: allowsPlainText)
        if change.url == nil, !reader.has("url") { reader.refuse("url", message: "is required") }
        if change.events == nil, change.form == .openlineage { change.events = WebhookChange.lineage }
        let spec = change.applied(to: WebhookSpec(url: ""))
        WebhookChange.checkForm(spec, &reader)
        try reader.check()
        return (WebhookKey(team: team, name: name ?? ""), spec)
    }

    // MARK: Reading

    @Sendable private func list(_ call: Call) async throws -> Response {
        let query = try call.query("team", "limit", "after")
        let page = try await call.page(query, default: 100)
        let after = try page.place { $0.count == 2 ? WebhookKey(team: $0[0], name: $0[1]) : nil }
        let teams = call.teams(.viewer).narrowed(to: query.list("team"))
        let found = try await store.webhooks(teams: teams, after: after, limit: page.limit)
        return .json { json in
            json.object { json in
                json.array("webhooks", found) { $0.webhook($1, isKnown: Self.knows(call, $1)) }
                json.member("next", page.next(found) { [$0.key.team, $0.key.name] })
            }
        }
    }

    @Sendable private func describe(_ call: Call) async throws -> Response {
        _ = try call.query()
        let record = try await found(call, .viewer)
        return .json(headers: .revision(record.revision)) { $0.webhook(record, isKnown: Self.knows(call, record)) }
    }

    /// Whether the caller is one of those who decide about a webhook. Addresses of receivers often are secrets.
    private static func knows(_ call: Call, _ webhook: WebhookRecord) -> Bool {
        call.teams(.admin).contains(webhook.key.team)
    }

    private func found(_ call: Call, _ role: TeamRole) async throws -> WebhookRecord {
        let key = try Self.key(call, role)
        guard let record = try await store.webhook(key) else { throw Problem.webhookNotFound(key) }
        return record
    }

    // MARK: Changing

    @Sendable private func update(_ call: Call) async throws -> Response {
        _ = try call.query()
        let key = try Self.key(call, .admin)
        var reader = ObjectReader(try await call.json())
        let change = WebhookChange(&reader, allowsPlainText: allowsPlainText)
        let why = reader.why()
        if let before = try await store.webhook(key) {
            WebhookChange.checkForm(change.applied(to: before.spec), &reader)
        }
        try reader.check()
        let outcome = try await store.updateWebhook(
            key,
            ifRevision: call.expectedRevision(),
            by: call.actor(),
            why: why
        ) { change.applied(to: $0) }
        let record = try Self.stored(outcome, key)
        return .json(headers: .revision(record.revision)) { $0.webhook(record, isKnown: true, change: .updated) }
    }

    @Sendable private func delete(_ call: Call) async throws -> Response {
        _ = try call.query()
        let key = try Self.key(call, .admin)
        let outcome = try await store.deleteWebhook(
            key,
            ifRevision: call.expectedRevision(),
            by: call.actor(),
            why: try await call.why()
        )
        _ = try Self.stored(outcome, key)
        return .json { json in
            json.object { json in
                json.member("team", key.team)
                json.member("name", key.name)
                json.member("change", "deleted")
            }
        }
    }

    /// Gives it another secret. The one before signs beside it for a while, so that receivers can be changed meanwhile.
    @Sendable private func rotate(_ call: Call) async throws -> Response {
        _ = try call.query()
        let key = try Self.key(call, .admin)
        var reader = ObjectReader(try await call.optionalJSON())
        let longest = 30 * 86_400
        let kept = reader.value("keep_previous", allowed: ["0s", "a duration such as 24h, up to 30d"]) { text in
            DurationText.seconds(text).flatMap { (0...longest).contains($0) ? $0 : nil }
        }
        try reader.check()
        let secret = WebhookSecret.random()
        let outcome = try await store.rotateWebhookSecret(
            key,
            to: secret.text,
            keepingPrevious: .seconds(kept ?? 86_400),
            by: call.actor()
        )
        let record = try Self.stored(outcome, key)
        return .json(headers: .revision(record.revision)) { json in
            json.webhook(record, isKnown: true, change: .updated, secret: secret.text)
        }
    }

    // MARK: Deliveries

    /// Has it told that this is a test, whatever it wants; the answer does not wait for that.
    @Sendable private func test(_ call: Call) async throws -> Response {
        _ = try call.query()
        let record = try await found(call, .operator)
        guard record.spec.isEnabled else { throw Problem.webhookIsOff(record.key) }
        guard record.spec.form != .openlineage else { throw Problem.webhookTakesNoTest(record.key) }
        let delivery = try await store.testWebhook(record, by: call.actor())
        return .json(.accepted) { $0.delivery(delivery) }
    }

    @Sendable private func deliveries(_ call: Call) async throws -> Response {
        let query = try call.query("state", "limit", "after")
        let page = try await call.page(query, default: 50)
        let states = DeliveryRecord.State.allCases.map(\.rawValue)
        let state = try query.choice("state", default: "", of: states)
        let record = try await found(call, .viewer)
        let found = try await store.deliveries(
            of: record.id,
            state: DeliveryRecord.State(rawValue: state),
            before: page.place { $0.first.flatMap(Identifier.init) },
            limit: page.limit
        )
        return .json { json in
            json.object { json in
                json.array("deliveries", found) { $0.delivery($1) }
                json.member("next", page.next(found) { [$0.id.description] })
            }
        }
    }

    @Sendable private func resend(_ call: Call) async throws -> Response {
        _ = try call.query()
        let record = try await found(call, .operator)
        let text = call.segment("id")
        guard let id = Identifier(text) else {
            throw Problem.invalidParameter(
                FieldError(
                    field: "id",
                    value: String(text.prefix(100)),
                    message: "is not a delivery's id",
                    allowed: ["a UUID"]
                )
            )
        }
        guard record.spec.isEnabled else { throw Problem.webhookIsOff(record.key) }
        guard let delivery = try await store.resend(id, of: record, by: call.actor()) else {
            throw Problem.deliveryNotFound(id, record.key)
        }
        return .json(.accepted) { $0.delivery(delivery) }
    }

    // MARK: Names

    /// The webhook that the path names, for a caller who has this role in its team.
    private static func key(_ call: Call, _ role: TeamRole) throws(Problem) -> WebhookKey {
        let key = WebhookKey(team: call.segment("team"), name: call.segment("name"))
        try call.require(role, in: key.team, orElse: Problem.webhookNotFound(key))
        return key
    }

    private static func stored(_ outcome: StoredWebhook, _ key: WebhookKey) throws(Problem) -> WebhookRecord {
        switch outcome {
        case .done(let record): return record
        case .teamNotFound: throw Problem.teamNotFound(key.team)
        case .exists: throw Problem.webhookExists(key)
        case .notFound: throw Problem.webhookNotFound(key)
        case .tooMany(let limit): throw Problem.limitReached("webhooks of team \"\(key.team)\"", limit: limit)
        case .otherRevision(let now): throw Problem.otherRevision("webhook \"\(key.name)\"", now: now)
        }
    }
}
