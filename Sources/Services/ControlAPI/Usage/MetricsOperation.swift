internal import Hummingbird
internal import RunStore
internal import SlipwayCore

/// What a run took: time, resources, money.
struct MetricsOperation: Sendable {
    let store: RunStore
    let description: RunDescription
    let now: @Sendable () -> Timestamp

    var all: [Operation] {
        [Operation("GetJobRunMetrics", .get, "/runs/{id}/metrics", allows: .team(.viewer), metrics)]
    }

    private static let maximumPoints = 720

    @Sendable private func metrics(_ call: Call) async throws -> Response {
        let query = try call.query("points")
        let limit = try query.integer("points", default: 120, allowed: 0...Self.maximumPoints)
        let run = try await call.run(.viewer, in: store)
        let id = run.id
        async let tasks = store.tasks(id)
        async let events = description.events(id)
        let series = limit > 0 ? try await store.usageSeries(id) : [:]
        let stays = StateTimes.stays(try await events)
        let use = try await description.use(of: run, stays: stays, now: now(), needsSpec: true)
        let report = RunMetricsReport(
            run: run,
            stays: stays,
            tasks: try await tasks.filter { $0.carriedFrom == nil }.map(\.row),
            use: use,
            series: series.mapValues { UsageSeries.thinned($0, to: limit) },
            now: now()
        )
        return .json { $0.metrics(report) }
    }
}

/// What ``MetricsOperation`` answers.
struct RunMetricsReport: Sendable {
    var run: RunRecord
    var stays: [StateTimes.Stay]
    /// What the run executed itself.
    var tasks: [TaskRow]
    var use: RunUse
    /// By container.
    var series: [String: [UsagePoint]]
    var now: Timestamp
}

/// What a run used and cost.
struct RunUse: Sendable {
    /// The job as the run executes it; `nil` if nobody asked for it.
    var spec: JobSpec?
    var usage: [UsageSummary]
    /// `nil` if nothing has a price.
    var cost: RunCost?
}

extension JSONWriter {
    mutating func metrics(_ report: RunMetricsReport) {
        let run = report.run
        object { json in
            json.member("run", run.id)
            json.member("team", run.team)
            json.member("job", run.jobName)
            json.member("state", run.state)
            json.member("seconds", max(0, ((run.endedAt ?? report.now) - run.createdAt).secondsText))
            json.array("states", report.stays) { $0.stay($1, now: report.now) }
            json.array("tasks", report.tasks) { $0.timing($1, now: run.endedAt ?? report.now) }
            json.array("containers", report.containers) { $0.container($1, report) }
            json.cost(report.use.cost)
        }
    }

    private mutating func timing(_ task: TaskRow, now: Timestamp) {
        object { json in
            json.member("name", task.name)
            json.member("state", task.state)
            json.member("attempt", task.attempt)
            json.member("started_at", task.startedAt)
            json.member("ended_at", task.endedAt)
            if let start = task.startedAt {
                json.member("seconds", max(0, ((task.endedAt ?? now) - start).secondsText))
            }
        }
    }

    private mutating func container(_ name: String, _ report: RunMetricsReport) {
        object { json in
            json.member("name", name)
            if let requested = report.use.spec?.requestedResources.first(where: { $0.container == name })?.resources {
                json.object("requested") { json in
                    json.member("cpu_millicores", requested.cpuMillicores)
                    json.member("memory_bytes", requested.memoryBytes)
                }
            }
            if let usage = report.use.usage.first(where: { $0.container == name }) {
                json.object("used") { $0.members(of: usage) }
            }
            if let points = report.series[name], !points.isEmpty {
                json.object("series") { json in
                    json.array("at", points) { $0.value($1.at) }
                    json.array("cpu_millicores", points) { $0.value($1.millicores) }
                    json.array("memory_bytes", points) { $0.value($1.memoryBytes) }
                }
            }
        }
    }

    /// What each container used, in short.
    mutating func usage(_ usage: [UsageSummary]) {
        guard !usage.isEmpty else { return }
        object("usage") { json in
            for usage in usage { json.object(usage.container) { $0.members(of: usage) } }
        }
    }

    private mutating func members(of usage: UsageSummary) {
        member("samples", usage.samples)
        member("first_at", usage.firstAt)
        member("last_at", usage.lastAt)
        member("covered_seconds", usage.coveredSeconds.rounded(to: 3))
        member("cpu_seconds", usage.cpuSeconds.rounded(to: 3))
        member("average_cpu_millicores", usage.averageMillicores)
        member("peak_cpu_millicores", usage.peakMillicores)
        member("average_memory_bytes", usage.averageMemoryBytes)
        member("peak_memory_bytes", usage.peakMemoryBytes)
    }

    /// Nothing if nothing has a price.
    mutating func cost(_ cost: RunCost?) {
        guard let cost else { return }
        object("cost") { json in
            json.member("reserved", cost.reserved.rounded(to: 6))
            json.member("reserved_seconds", cost.reservedSeconds.rounded(to: 3))
            json.member("used", cost.used?.rounded(to: 6))
            json.member("currency", cost.currency.isEmpty ? nil : cost.currency)
        }
    }
}

extension RunMetricsReport {
    /// The names of the run's containers: those it asked for, and those that were seen.
    fileprivate var containers: [String] {
        let asked = use.spec?.requestedResources.map(\.container) ?? []
        return asked + use.usage.map(\.container).filter { !asked.contains($0) }
    }
}

extension Double {
    fileprivate func rounded(to digits: Int) -> Double {
        let scale = (0..<digits).reduce(1.0) { scale, _ in scale * 10 }
        return (self * scale).rounded() / scale
    }
}
