internal import Hummingbird
internal import RunStore
internal import SlipwayCore

/// What clients do with jobs.
struct JobOperations: Sendable {
    let store: RunStore
    let directory: JobDirectory
    let clusters: ClusterDirectory
    let identifiers: RunIdentifiers
    let schedules: JobSchedules
    let files: JobFileIntake
    let limits: ControlAPILimits
    let now: @Sendable () -> Timestamp

    var all: [Operation] {
        [
            Operation("ApplyJob", .post, "/jobs", allows: .team(.operator), apply),
            Operation("ListJobs", .get, "/jobs", allows: .team(.viewer), list),
            Operation("DescribeJob", .get, "/jobs/{team}/{name}", allows: .team(.viewer), describe),
            Operation("GetJobStatistics", .get, "/jobs/{team}/{name}/statistics", allows: .team(.viewer), statistics),
            Operation("ListJobVersions", .get, "/jobs/{team}/{name}/versions", allows: .team(.viewer), versions),
            Operation(
                "DescribeJobVersion",
                .get,
                "/jobs/{team}/{name}/versions/{version}",
                allows: .team(.viewer),
                version
            ),
        ]
            + JobAction.allCases.map { action in
                let verb = action.rawValue
                let name = verb.prefix(1).uppercased() + verb.dropFirst()
                return Operation("\(name)Job", .post, "/jobs/{team}/{name}/\(verb)", allows: .team(.operator)) {
                    try await act(action, $0)
                }
            }
    }

    private static let fileTypes = [
        "application/yaml", "application/x-yaml", "text/yaml", "application/json", "text/plain",
    ]

    /// Stores a job file, unless the job is already like that. `team` in the query replaces the file's.
    @Sendable private func apply(_ call: Call) async throws -> Response {
        let actor = try call.actor()
        let document = try await document(in: call, for: .operator)
        let spec = document.spec
        try schedules.check(document.schedules ?? [])
        if spec.clusterSelector == nil { try await clusters.check(spec) }
        if let job = try await store.job(team: spec.team, name: spec.name), job.archivedAt != nil {
            throw Problem.jobArchived(team: spec.team, name: spec.name)
        }
        let canonical = try spec.canonicalJSON()
        let applied = try await store.apply(spec, canonicalSpec: canonical, id: identifiers.next(), by: actor)
        guard let applied else { throw Problem.unknownTeamOrCluster(spec) }
        await directory.forget(team: spec.team, name: spec.name)
        let changes = try await schedules.apply(document.schedules, to: applied.id, by: actor)
        let link = Links.job(team: spec.team, name: spec.name)
        return .json(applied.change == .created ? .created : .ok, headers: [.location: link]) { json in
            json.object { json in
                json.member("id", applied.id)
                json.member("team", spec.team)
                json.member("name", spec.name)
                json.member("version", applied.version)
                json.member("change", applied.change)
                if !changes.isEmpty {
                    json.array("schedules", changes) { json, change in
                        json.object { json in
                            json.member("name", change.name)
                            json.member("change", change.change)
                        }
                    }
                }
                json.object("links") { $0.member("self", link) }
            }
        }
    }

    /// The job file that a request holds, for the team that the query may name instead of the file's.
    ///
    /// - Throws: ``Problem`` if it is wrong, or the caller has not this role in its team.
    func document(in call: Call, for role: TeamRole) async throws -> JobDocument {
        let team = try call.query("team").text("team")
        let text = try await call.text(contentTypes: Self.fileTypes)
        return try await files.document(of: text, team: team, for: role, of: call)
    }

    @Sendable private func list(_ call: Call) async throws -> Response {
        let query = try call.query(
            "team",
            "kind",
            "owner",
            "tag",
            "text",
            "paused",
            "archived",
            "filter",
            "limit",
            "after"
        )
        let page = try await call.page(query, default: 100)
        let after = try page.place { $0.count == 2 ? (team: $0[0], name: $0[1]) : nil }
        let archived = try query.choice("archived", default: "false", of: ["true", "false", "all"])
        let filter = JobFilter(
            teams: call.teams(.viewer).narrowed(to: query.list("team")),
            kind: try query.text("kind"),
            owner: try query.text("owner"),
            tags: query.list("tag"),
            text: try query.text("text"),
            isPaused: try query.text("paused") == nil ? nil : query.flag("paused"),
            isArchived: archived == "all" ? nil : archived == "true",
            condition: try query.filter("filter", JobFilter.schema)
        )
        let jobs = try await store.jobs(filter, after: after, limit: page.limit)
        return .json { json in
            json.object { json in
                json.array("jobs", jobs) { $0.job($1) }
                json.member("next", page.next(jobs) { [$0.team, $0.name] })
            }
        }
    }

    @Sendable private func describe(_ call: Call) async throws -> Response {
        _ = try call.query()
        let job = try await call.job(.viewer, in: store)
        let spec = try job.spec.canonicalJSON()
        return .json { $0.job(job, spec: spec) }
    }

    @Sendable private func versions(_ call: Call) async throws -> Response {
        let query = try call.query("limit", "before", "after")
        let page = try await call.page(query, default: 50)
        let first = try query.integer("before", default: Int(Int32.max), allowed: 1...Int(Int32.max))
        let before = try page.place { Int($0[0]) } ?? first
        let job = try await call.job(.viewer, in: store)
        let versions = try await store.versions(job.id, before: before, limit: page.limit)
        return .json { json in
            json.object { json in
                json.array("versions", versions) { $0.jobVersion($1) }
                if versions.last?.version != 1 { json.member("next", page.next(versions) { [String($0.version)] }) }
            }
        }
    }

    @Sendable private func version(_ call: Call) async throws -> Response {
        _ = try call.query()
        let text = call.segment("version")
        guard let number = Int32(text), number > 0 else {
            throw Problem.invalidParameter(
                FieldError(
                    field: "version",
                    value: String(text.prefix(100)),
                    message: "is not a version",
                    allowed: ["1 to \(Int32.max)"]
                )
            )
        }
        let job = try await call.job(.viewer, in: store)
        let version = try await version(Int(number), of: job)
        let spec = try version.spec.canonicalJSON()
        return .json { $0.jobVersion(version, spec: spec) }
    }

    func version(_ number: Int, of job: JobRecord) async throws -> JobVersionRecord {
        guard let version = try await store.version(job.id, number) else {
            throw Problem.versionNotFound(job: job.name, version: number, newest: job.currentVersion)
        }
        return version
    }

    private func act(_ action: JobAction, _ call: Call) async throws -> Response {
        _ = try call.query()
        let (actor, why) = (try call.actor(), try await call.why())
        let (team, name) = (call.segment("team"), call.segment("name"))
        let unknown = Problem.jobNotFound(team: team, name: name)
        try call.require(.operator, in: team, orElse: unknown)
        guard let isChanged = try await store.act(action, onJob: name, of: team, by: actor, why: why) else {
            throw unknown
        }
        await directory.forget(team: team, name: name)
        let job = try await call.job(.viewer, in: store)
        return .json { json in
            json.object { json in
                json.member("team", team)
                json.member("name", name)
                json.member("change", isChanged ? "changed" : "unchanged")
                json.member("paused_at", job.pausedAt)
                json.member("archived_at", job.archivedAt)
                json.object("links") { $0.member("self", Links.job(team: team, name: name)) }
            }
        }
    }

    /// How the latest runs went, by their number or by days; both together narrow each other.
    @Sendable private func statistics(_ call: Call) async throws -> Response {
        let query = try call.query("runs", "days")
        let most = store.limits.statisticsRuns
        let runs = try query.integer("runs", default: most, allowed: 1...most)
        let days = try query.text("days") == nil ? nil : query.integer("days", default: 1, allowed: 1...3650)
        let job = try await call.job(.viewer, in: store)
        let since = days.map { now() + .seconds(-86_400 * $0) }
        let statistics = try await store.statistics(job.id, runs: runs, since: since)
        return .json { $0.statistics(statistics) }
    }
}
