internal import Hummingbird
internal import RunStore
internal import SlipwayCore

/// For how long what is kept, what would go now, and which runs stay.
struct RetentionOperations: Sendable {
    let store: RunStore
    let limits: ControlAPILimits

    var all: [Operation] {
        [
            Operation("DescribeRetention", .get, "/retention", allows: .anyone, describe),
            Operation("UpdateRetention", .patch, "/retention", allows: .team(.admin), update),
            Operation("ForecastRetention", .get, "/retention/forecast", allows: .installation(.viewer), forecast),
            Operation("ListPinnedRuns", .get, "/pinned-runs", allows: .team(.viewer), pins),
            Operation("PinJobRun", .post, "/runs/{id}/pin", allows: .team(.operator), pin),
            Operation("UnpinJobRun", .post, "/runs/{id}/unpin", allows: .team(.operator), unpin),
        ]
    }

    // MARK: Times

    @Sendable private func describe(_ call: Call) async throws -> Response {
        let query = try call.query("team")
        let team = try query.text("team")
        if let team {
            try call.require(.viewer, in: team)
            if try await store.team(team) == nil { throw Problem.teamNotFound(team) }
        }
        let policy = try await store.retentionPolicy()
        return .json { $0.retention(policy, team: team, shownTo: call.teams(.viewer)) }
    }

    @Sendable private func update(_ call: Call) async throws -> Response {
        _ = try call.query()
        let request = try RetentionRequest(try await call.json())
        if let team = request.team {
            try call.require(.admin, in: team)
            if !call.isOverAll(.admin) { try await checkOwn(request) }
        } else if !call.isOverAll(.admin) {
            throw Problem.forbidden("what is kept of all teams is set by an admin over all teams; name a team")
        }
        let policy = try await store.setRetention(
            team: request.team,
            request.days,
            by: call.actor(),
            why: request.why
        )
        guard let policy else { throw Problem.teamNotFound(request.team ?? "") }
        return .json { $0.retention(policy, team: request.team, shownTo: call.teams(.viewer)) }
    }

    /// What a team's own admin may say: less than what holds for all, and nothing of what others rely on.
    ///
    /// - Throws: ``Problem`` of what only an admin over all teams says: how long the record of who did what stays, and what has
    ///   partitions stay that all teams share.
    private func checkOwn(_ request: RetentionRequest) async throws {
        let policy = try await store.retentionPolicy()
        for (kind, days) in request.days.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            if kind == .audit || kind == .deliveries {
                throw Problem.forbidden("how long \(kind.rawValue) are kept is set by an admin over all teams")
            }
            guard let days, let most = policy.days(kind, team: nil), days == 0 || days > most else { continue }
            throw Problem.forbidden(
                "\(kind.rawValue) are kept for \(most) days; only an admin over all teams can keep them longer for a team"
            )
        }
    }

    /// Nothing goes.
    @Sendable private func forecast(_ call: Call) async throws -> Response {
        _ = try call.query()
        let forecast = try await store.forecastRetention(store.retentionPolicy())
        return .json { json in
            json.object { json in
                json.array("partitions", forecast.partitions) { json, partition in
                    json.object { json in
                        json.member("kind", partition.kind)
                        json.member("name", partition.name)
                        json.member("bytes", partition.bytes)
                        json.member("rows", partition.rows)
                        json.member("rows_are_counted", partition.isCounted)
                        json.member("kept_runs", partition.keptRuns)
                    }
                }
                json.array("rows", forecast.rows) { json, rows in
                    json.object { json in
                        json.member("kind", rows.kind)
                        json.member("team", rows.team.isEmpty ? nil : rows.team)
                        json.member("runs", rows.runs)
                        json.member("more", rows.isCut)
                    }
                }
                json.member("bytes", forecast.partitions.reduce(0) { $0 + $1.bytes })
            }
        }
    }

    // MARK: Pins

    @Sendable private func pins(_ call: Call) async throws -> Response {
        let query = try call.query("team", "limit", "after")
        let page = try await call.page(query, default: 100)
        let found = try await store.pins(
            teams: call.teams(.viewer).narrowed(to: query.list("team")),
            after: page.place { $0.first.flatMap(Identifier.init) },
            limit: page.limit
        )
        return .json { json in
            json.object { json in
                json.array("runs", found) { json, pin in
                    json.object { json in
                        json.member("id", pin.id)
                        json.member("team", pin.team)
                        json.member("pinned_by", pin.by)
                        json.member("why", pin.why)
                        json.member("pinned_at", pin.at)
                        json.object("links") { $0.member("run", Links.run(pin.id)) }
                    }
                }
                json.member("next", page.next(found) { [$0.id.description] })
            }
        }
    }

    @Sendable private func pin(_ call: Call) async throws -> Response {
        _ = try call.query()
        let id = try await call.run(.operator, in: store).id
        return try Self.answer(
            id,
            isPinned: true,
            try await store.pin(id, by: call.actor(), why: try await call.why())
        )
    }

    @Sendable private func unpin(_ call: Call) async throws -> Response {
        _ = try call.query()
        let id = try await call.run(.operator, in: store).id
        return try Self.answer(
            id,
            isPinned: false,
            try await store.unpin(id, by: call.actor(), why: try await call.why())
        )
    }

    private static func answer(
        _ id: RunID,
        isPinned: Bool,
        _ outcome: RunStore.PinOutcome
    ) throws(Problem) -> Response {
        switch outcome {
        case .done(let team, let isChanged):
            return .json { json in
                json.object { json in
                    json.member("id", id)
                    json.member("team", team)
                    json.member("pinned", isPinned)
                    json.member("change", isChanged ? StoreChange.updated : .unchanged)
                    json.object("links") { $0.member("run", Links.run(id)) }
                }
            }
        case .notFound: throw Problem.runNotFound(id)
        case .tooMany(let limit): throw Problem.limitReached("pinned runs of the team", limit: limit)
        }
    }
}

/// For how long somebody wants what to be kept.
struct RetentionRequest: Sendable {
    /// `nil`: of all teams without numbers of their own.
    var team: String?
    /// `nil` takes back what was said of a kind.
    var days: [RetentionKind: Int?]
    var why: String?

    private static let standard = "standard"
    private static let forever = "forever"

    @inline(never)
    init(_ body: JSONValue) throws(Problem) {
        var reader = ObjectReader(body)
        team = reader.value("team", allowed: [TeamNames.name]) { TeamNames.isName($0) ? $0 : nil }
        why = reader.why()
        let range = 1...RetentionPolicy.mostDays
        let days = reader.nested("keep") { reader -> [RetentionKind: Int?] in
            var days: [RetentionKind: Int?] = [:]
            for kind in RetentionKind.allCases {
                let allowed = ["1d to \(RetentionPolicy.mostDays)d", Self.forever, Self.standard]
                let given = reader.value(kind.rawValue, allowed: allowed) { text -> Int?? in
                    switch text {
                    case Self.forever: return .some(0)
                    case Self.standard: return .some(nil)
                    default:
                        guard text.hasSuffix("d"), let number = Int(text.dropLast()), range.contains(number) else {
                            return nil
                        }
                        return .some(number)
                    }
                }
                if let given { days.updateValue(given, forKey: kind) }
            }
            return days
        }
        self.days = days ?? [:]
        if self.days.isEmpty, !reader.has("keep") || reader.errors.isEmpty {
            reader.refuse(
                "keep",
                message: "must name at least one kind",
                allowed: RetentionKind.allCases.map(\.rawValue)
            )
        }
        try reader.check()
    }
}

extension JSONWriter {
    /// - Parameter team: `nil`: what holds for all without numbers of their own.
    mutating func retention(_ policy: RetentionPolicy, team: String?, shownTo teams: TeamSelection) {
        func text(_ days: Int?) -> String { days.map { $0 == 0 ? "forever" : "\($0)d" } ?? "forever" }
        object { json in
            json.member("team", team)
            json.array("kinds", RetentionKind.allCases) { json, kind in
                json.object { json in
                    json.member("kind", kind)
                    json.member("keep", text(policy.days(kind, team: team)))
                    let own = team.map { policy.teams[$0]?[kind] } ?? policy.installation[kind]
                    json.member("said", (own ?? nil).map { text($0) })
                    json.member("standard", text(kind.standardDays))
                    json.member("by", kind.isInPartitions ? "partitions" : "rows")
                }
            }
            json.array("teams", policy.teams.keys.filter(teams.contains).sorted()) { $0.value($1) }
        }
    }
}
