internal import Hummingbird
internal import RunStore
internal import SlipwayCore

/// What differs between versions of a job, and what applying a file would change.
struct JobComparisonOperations: Sendable {
    let jobs: JobOperations

    var all: [Operation] {
        [
            Operation("DiffJobVersions", .get, "/jobs/{team}/{name}/diff", allows: .team(.viewer), diff),
            Operation("PlanJob", .post, "/jobs:plan", allows: .team(.viewer), plan),
        ]
    }

    /// From `from` to `to`; the newest and the one before it unless said.
    @Sendable private func diff(_ call: Call) async throws -> Response {
        let query = try call.query("from", "to")
        let allowed = 1...Int(Int32.max)
        let job = try await call.job(.viewer, in: jobs.store)
        let to = try query.integer("to", default: job.currentVersion, allowed: allowed)
        let from = try query.integer("from", default: max(to - 1, 1), allowed: allowed)
        let (before, after) = (try await jobs.version(from, of: job), try await jobs.version(to, of: job))
        let differences = try Self.differences(before.spec, after.spec)
        return .json { json in
            json.object { json in
                json.member("team", job.team)
                json.member("name", job.name)
                json.member("from", from)
                json.member("to", to)
                json.differences(differences, limits: jobs.limits)
            }
        }
    }

    /// Changes nothing.
    @Sendable private func plan(_ call: Call) async throws -> Response {
        let document = try await jobs.document(in: call, for: .viewer)
        let spec = document.spec
        try jobs.schedules.check(document.schedules ?? [])
        let job = try await jobs.store.job(team: spec.team, name: spec.name)
        let differences = try job.map { try Self.differences($0.spec, spec) } ?? []
        let schedules = try await jobs.schedules.plan(document.schedules, for: job)
        let forecast = try await jobs.clusters.forecast(for: spec)
        let isSameVersion = job != nil && differences.isEmpty
        let isUnchanged = isSameVersion && schedules.allSatisfy { $0.change == "unchanged" }
        return .json { json in
            json.object { json in
                json.member("team", spec.team)
                json.member("name", spec.name)
                json.member("change", job == nil ? "created" : isUnchanged ? "unchanged" : "updated")
                json.member("from_version", job?.currentVersion)
                json.member("version", (job?.currentVersion ?? 0) + (isSameVersion ? 0 : 1))
                json.member("paused", job?.pausedAt != nil)
                json.member("archived", job?.archivedAt != nil)
                // The code with which applying the file is refused as the job is now.
                if job?.archivedAt != nil { json.member("refusal", Problem.Code.jobArchived.rawValue) }
                json.differences(differences, limits: jobs.limits)
                json.array("schedules", schedules) { json, change in
                    json.object { json in
                        json.member("name", change.name)
                        json.member("change", change.change)
                    }
                }
                json.object("placement") { json in
                    json.member("verdict", forecast.verdict)
                    json.member("cluster", forecast.cluster)
                    json.array("candidates", forecast.candidates) { $0.value($1) }
                    json.array("findings", forecast.findings) { json, finding in
                        json.object { json in
                            json.member("code", finding.code)
                            json.member("message", finding.message)
                        }
                    }
                }
            }
        }
    }

    private static func differences(_ before: JobSpec, _ after: JobSpec) throws -> [JobDifference] {
        try JobDifference.between(JSONValue(encoding: before), JSONValue(encoding: after))
    }
}

extension JSONWriter {
    fileprivate mutating func differences(_ differences: [JobDifference], limits: ControlAPILimits) {
        array("differences", differences.prefix(limits.differences)) { json, difference in
            json.object { json in
                json.member("path", difference.path)
                json.member("kind", difference.kind)
                let values = [difference.before, difference.after].compactMap(\.self)
                if values.contains(where: { $0.approximateBytes > limits.differenceBytes }) {
                    json.member("too_long", true)
                } else {
                    json.member("before", difference.before)
                    json.member("after", difference.after)
                }
            }
        }
        member("difference_count", differences.count)
    }
}
