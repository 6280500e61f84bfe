internal import Hummingbird
internal import RunStore
internal import SlipwayCore

/// What clients do with jobs.
struct JobOperations: Sendable {
    let store: RunStore
    let directory: JobDirectory
    let identifiers: RunIdentifiers
    let files: JobFileIntake
    let schedules: JobSchedules
    let limits: ControlAPILimits
    let now: @Sendable () -> Timestamp

    var all: [Operation] {
        [
            Operation("ApplyJob", .post, "/jobs", apply),
            Operation("ListJobs", .get, "/jobs", list),
            Operation("DescribeJob", .get, "/jobs/{team}/{name}", describe),
            Operation("GetJobStatistics", .get, "/jobs/{team}/{name}/statistics", statistics),
            Operation("ListJobVersions", .get, "/jobs/{team}/{name}/versions", versions),
        ]
    }

    private static let fileTypes = [
        "application/yaml", "application/x-yaml", "text/yaml", "application/json", "text/plain",
    ]

    /// Stores a job file, unless the job is already like that. `team` in the query replaces the file's.
    @Sendable private func apply(_ call: Call) async throws -> Response {
        let team = try call.query("team").text("team")
        let actor = try call.actor()
        let text = try await call.text(contentTypes: Self.fileTypes)
        let document = try await files.document(of: text, team: team)
        let spec = document.spec
        try schedules.check(document.schedules ?? [])
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

    @Sendable private func list(_ call: Call) async throws -> Response {
        let query = try call.query("team", "limit", "after")
        let limit = try query.integer("limit", default: 100, allowed: 1...limits.pageRows)
        let after = try query.text("after").map { try Self.position($0) }
        let jobs = try await store.jobs(teams: query.list("team"), after: after, limit: limit)
        return .json { json in
            json.object { json in
                json.array("jobs", jobs) { $0.job($1) }
                if jobs.count == limit, let last = jobs.last { json.member("next", "\(last.team)/\(last.name)") }
            }
        }
    }

    /// `team/name` of the last job of the page before.
    private static func position(_ text: String) throws(Problem) -> (team: String, name: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2 else {
            throw Problem.invalidParameter(
                FieldError(
                    field: "after",
                    value: String(text.prefix(100)),
                    message: "is not a position",
                    allowed: ["the member next of the page before"]
                )
            )
        }
        return (String(parts[0]), String(parts[1]))
    }

    @Sendable private func describe(_ call: Call) async throws -> Response {
        _ = try call.query()
        let job = try await job(call)
        let spec = try job.spec.canonicalJSON()
        return .json { $0.job(job, spec: spec) }
    }

    @Sendable private func versions(_ call: Call) async throws -> Response {
        let query = try call.query("limit", "before")
        let limit = try query.integer("limit", default: 50, allowed: 1...limits.pageRows)
        let before = try query.integer("before", default: Int(Int32.max), allowed: 1...Int(Int32.max))
        let job = try await job(call)
        let versions = try await store.versions(job.id, before: before, limit: limit)
        let specs = try versions.map { try $0.spec.canonicalJSON() }
        return .json { json in
            json.object { json in
                json.array("versions", zip(versions, specs)) { $0.jobVersion($1.0, spec: $1.1) }
                if versions.count == limit, let last = versions.last, last.version > 1 {
                    json.member("next", last.version)
                }
            }
        }
    }

    /// How the latest runs went, by their number or by days; both together narrow each other.
    @Sendable private func statistics(_ call: Call) async throws -> Response {
        let query = try call.query("runs", "days")
        let most = store.limits.statisticsRuns
        let runs = try query.integer("runs", default: most, allowed: 1...most)
        let days = try query.text("days") == nil ? nil : query.integer("days", default: 1, allowed: 1...3650)
        let job = try await job(call)
        let since = days.map { now() + .seconds(-86_400 * $0) }
        let statistics = try await store.statistics(job.id, runs: runs, since: since)
        return .json { $0.statistics(statistics) }
    }

    private func job(_ call: Call) async throws -> JobRecord {
        let (team, name) = (call.segment("team"), call.segment("name"))
        guard let job = try await store.job(team: team, name: name) else {
            throw Problem.jobNotFound(team: team, name: name)
        }
        return job
    }
}
