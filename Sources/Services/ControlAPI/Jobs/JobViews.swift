internal import RunStore
internal import SlipwayCore

// How jobs look in answers.

extension JSONWriter {
    /// - Parameter spec: the whole file as JSON.
    mutating func job(_ job: JobRecord, spec: String) {
        object { json in
            json.member("id", job.id)
            json.member("team", job.team)
            json.member("name", job.name)
            json.member("version", job.currentVersion)
            json.member("kind", job.spec.kind)
            json.member("description", job.spec.description)
            json.member("owner", job.spec.owner)
            json.place(cluster: job.spec.cluster, selector: job.spec.clusterSelector)
            json.member("created_at", job.createdAt)
            json.member("updated_at", job.updatedAt)
            json.member("paused_at", job.pausedAt)
            json.member("paused_by", job.pausedBy)
            json.member("archived_at", job.archivedAt)
            if !job.spec.tags.isEmpty { json.array("tags", job.spec.tags) { $0.value($1) } }
            json.member("task_count", job.spec.tasks.count)
            json.array("tasks", job.spec.tasks) { $0.value($1.name) }
            json.object("variables") { json in
                for (name, variable) in job.spec.variables.sorted(by: { $0.key < $1.key }) {
                    json.object(name) { json in
                        json.member("type", variable.type)
                        json.member("default", variable.default)
                        json.member("description", variable.description)
                    }
                }
            }
            json.member("spec", VerbatimJSON(text: spec))
            json.links(team: job.team, job: job.name)
        }
    }

    /// As lists show it: the first names only.
    mutating func job(_ job: JobSummary) {
        object { json in
            json.member("id", job.id)
            json.member("team", job.team)
            json.member("name", job.name)
            json.member("version", job.currentVersion)
            json.member("kind", job.kind)
            json.member("description", job.description)
            json.member("owner", job.owner)
            json.place(cluster: job.cluster, selector: job.clusterSelector)
            json.member("created_at", job.createdAt)
            json.member("updated_at", job.updatedAt)
            json.member("paused_at", job.pausedAt)
            json.member("archived_at", job.archivedAt)
            if !job.tags.isEmpty { json.array("tags", job.tags) { $0.value($1) } }
            json.member("task_count", job.taskCount)
            json.array("tasks", job.taskNames) { $0.value($1) }
            json.array("variable_names", job.variableNames) { $0.value($1) }
            json.links(team: job.team, job: job.name)
        }
    }

    private mutating func place(cluster: String, selector: [String: String]?) {
        guard let selector else { return member("cluster", cluster) }
        object("cluster_selector") { json in
            for (key, value) in selector.sorted(by: { $0.key < $1.key }) { json.member(key, value) }
        }
    }

    private mutating func links(team: String, job: String) {
        let link = Links.job(team: team, name: job)
        object("links") { json in
            json.member("self", link)
            json.member("versions", link + "/versions")
            json.member("statistics", link + "/statistics")
            json.member("runs", "\(Links.root)/runs?team=\(team)&job=\(job)")
        }
    }

    mutating func statistics(_ statistics: JobStatistics) {
        object { json in
            json.member("runs", statistics.runs)
            json.member("succeeded", statistics.succeeded)
            json.member("failed", statistics.failed)
            json.member("timeout", statistics.timedOut)
            json.member("cancelled", statistics.cancelled)
            json.member("success_rate", statistics.successRate.map { ($0 * 10_000).rounded() / 10_000 })
            json.member("first_created_at", statistics.firstCreatedAt)
            json.member("last_created_at", statistics.lastCreatedAt)
            json.durations("running_seconds", statistics.running)
            json.durations("total_seconds", statistics.total)
        }
    }

    private mutating func durations(_ name: String, _ durations: JobStatistics.Durations?) {
        guard let durations else { return }
        func rounded(_ seconds: Double) -> Double { (seconds * 1000).rounded() / 1000 }
        object(name) { json in
            json.member("average", rounded(durations.average))
            json.member("p50", rounded(durations.median))
            json.member("p95", rounded(durations.p95))
        }
    }

    mutating func jobVersion(_ version: JobVersionSummary) {
        object { json in
            json.member("version", version.version)
            json.member("created_at", version.createdAt)
            json.member("created_by", version.createdBy)
            json.member("image", version.image)
            json.member("task_count", version.taskCount)
        }
    }

    mutating func jobVersion(_ version: JobVersionRecord, spec: String) {
        object { json in
            json.member("version", version.version)
            json.member("created_at", version.createdAt)
            json.member("created_by", version.createdBy)
            json.member("spec", VerbatimJSON(text: spec))
        }
    }
}

/// A text that is JSON already.
struct VerbatimJSON: JSONWritable {
    let text: String

    func write(to json: inout JSONWriter) { json.append(verbatim: text) }
}

/// Where things are found.
enum Links {
    static let root = "/api/v1"

    static func job(team: String, name: String) -> String { "\(root)/jobs/\(team)/\(name)" }
    static func cluster(_ name: String) -> String { "\(root)/clusters/\(name)" }
    static func run(_ id: RunID) -> String { "\(root)/runs/\(id)" }

    static func output(_ id: RunID, _ task: String, _ name: String) -> String {
        "\(run(id))/outputs/\(segment(task))/\(segment(name))"
    }

    /// A name as a part of a path: brackets, which items of a task have, are written in hexadecimal digits.
    private static func segment(_ name: String) -> String {
        name.replacing("[", with: "%5B").replacing("]", with: "%5D")
    }
}
