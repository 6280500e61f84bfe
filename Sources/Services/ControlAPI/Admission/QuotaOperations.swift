internal import Hummingbird
internal import RunStore
internal import SlipwayCore
internal import Synchronization

/// What other quotas would do.
struct QuotaOperations: Sendable {
    /// One at a time: a simulation keeps a processor busy for a while.
    private final class Gate: Sendable {
        let isBusy = Mutex(false)
    }

    let store: RunStore
    let zones: @Sendable (String) -> ZoneRules?
    let now: @Sendable () -> Timestamp
    private let gate = Gate()

    init(
        store: RunStore,
        zones: @escaping @Sendable (String) -> ZoneRules?,
        now: @escaping @Sendable () -> Timestamp
    ) {
        self.store = store
        self.zones = zones
        self.now = now
    }

    var all: [Operation] {
        [Operation("SimulateQuotas", .post, "/quotas:simulate", allows: .installation(.viewer), simulate)]
    }

    @Sendable private func simulate(_ call: Call) async throws -> Response {
        _ = try call.query()
        let request = try Self.request(in: try await call.json())
        let isFree = gate.isBusy.withLock { isBusy in
            defer { isBusy = true }
            return !isBusy
        }
        guard isFree else { throw Problem.overloaded("another simulation is under way") }
        defer { gate.isBusy.withLock { $0 = false } }
        let end = now()
        let limits = QuotaSimulation.Limits.standard
        let start = end + .seconds(-3600 * request.hours)
        let demands = try await store.demands(since: start, limit: limits.demands + 1)
        let look = try await store.admissionLook(since: nil)
        var world = AdmissionSnapshot()
        world.teams = look.teams.map(Self.withoutCredits)
        world.clusters = look.clusters.map(Self.active)
        world.jobs = look.jobs.map { job($0, from: start, until: end) }
        world.settings = look.settings ?? AdmissionSettings()
        let before = try Self.replay(demands, in: world, until: end)
        let names = Set(world.teams.map(\.name))
        if let unknown = request.changes.first(where: { !names.contains($0.team) }) {
            throw Problem.invalidParameter(
                FieldError(field: "changes", value: unknown.team, message: "is not a team", allowed: names.sorted())
            )
        }
        for change in request.changes {
            world.teams = world.teams.map { $0.name == change.team ? change.applied(to: $0) : $0 }
        }
        let after = try Self.replay(demands, in: world, until: end)
        return .json { $0.simulation(request.hours, demands.count, before, after) }
    }

    // Inlined into an asynchronous function, reading a request makes the optimiser of Swift 6.3.1 crash.
    @inline(never)
    private static func request(in body: JSONValue) throws(Problem) -> QuotaSimulationRequest {
        var errors: [FieldError] = []
        let request = QuotaSimulationRequest(body, errors: &errors)
        guard errors.isEmpty else { throw Problem.invalid(errors) }
        return request
    }

    private static func replay(
        _ demands: [QuotaSimulation.Demand],
        in world: AdmissionSnapshot,
        until end: Timestamp
    ) throws(Problem) -> QuotaSimulationOutcome {
        do {
            return try QuotaSimulation(world: world).replay(demands, until: end)
        } catch {
            throw Problem.invalidParameter(FieldError(field: "hours", message: "\(error)"))
        }
    }

    /// Credits are spent by what was, not by what might have been.
    private static func withoutCredits(_ team: AdmissionTeam) -> AdmissionTeam {
        var team = team
        team.credits = nil
        return team
    }

    /// A cluster's state now says nothing about the time that is played again.
    private static func active(_ cluster: AdmissionCluster) -> AdmissionCluster {
        var cluster = cluster
        cluster.state = .active
        return cluster
    }

    private func job(_ job: AdmissionLook.Job, from start: Timestamp, until end: Timestamp) -> AdmissionJob {
        var told = AdmissionJob(
            id: job.id,
            concurrency: job.concurrency?.policy ?? .allow,
            maximumConcurrentRuns: job.concurrency?.maximumRuns,
            rateLimit: job.rateLimit.map { AdmissionJob.RateLimit(count: $0.runs, seconds: $0.perSeconds) }
        )
        // why: windows are checked when a job is applied; of a zone that is not known they are left out.
        guard let windows = job.windows, let zone = zones(windows.zone),
            // why: see above.
            let eligible = try? EligibleWindows(windows.open, zone: zone)
        else { return told }
        var spans: [AdmissionJob.Window] = []
        var moment = start
        while moment < end, let opens = eligible.nextOpening(after: moment), opens < end {
            guard let closes = eligible.nextClosing(after: opens) else { return told }
            spans.append(AdmissionJob.Window(opens: opens, closes: closes))
            moment = closes
        }
        told.windows = spans
        return told
    }
}

/// What is to be simulated.
struct QuotaSimulationRequest: Sendable {
    /// What is to be different for one team; what is absent stays.
    struct Change: Sendable {
        var team: String
        var weight: Double?
        var cohort: String?
        var runs: ResourceQuota?
        var cpuMillicores: ResourceQuota?
        var memoryBytes: ResourceQuota?
        /// In which it is to have no quota.
        var unlimited: [ResourceDimension] = []

        func applied(to team: AdmissionTeam) -> AdmissionTeam {
            var team = team
            if let weight { team.weight = weight }
            if let cohort { team.cohort = cohort.isEmpty ? nil : cohort }
            if let runs { team.runs = runs }
            if let cpuMillicores { team.cpuMillicores = cpuMillicores }
            if let memoryBytes { team.memoryBytes = memoryBytes }
            for dimension in unlimited {
                switch dimension {
                case .runs: team.runs = nil
                case .cpu: team.cpuMillicores = nil
                case .memory: team.memoryBytes = nil
                }
            }
            return team
        }
    }

    private static let mostHours = QuotaSimulation.Limits.standard.horizonSeconds / 3600
    private static let mostChanges = 100

    var hours = 24
    var changes: [Change] = []

    init(_ body: JSONValue, errors: inout [FieldError]) {
        var reader = ObjectReader(body)
        hours = reader.optionalInteger("hours", allowed: 1...Self.mostHours) ?? 24
        let wanted = reader.array("changes", count: 1...Self.mostChanges)
        errors += reader.finish()
        for (index, value) in wanted.prefix(Self.mostChanges).enumerated() {
            var reader = ObjectReader(value, path: "changes[\(index)]")
            var change = Change(team: reader.string("team"))
            if let weight = reader.optionalInteger("weight_thousandths", allowed: 1...1_000_000_000) {
                change.weight = Double(weight) / 1000
            }
            change.cohort = reader.optionalText("cohort", characters: 0...63)
            change.runs = Self.quota("runs", in: &reader)
            change.cpuMillicores = Self.quota("cpu_millicores", in: &reader)
            change.memoryBytes = Self.quota("memory_bytes", in: &reader)
            let dimensions: [String: ResourceDimension] = [
                "runs": .runs, "cpu_millicores": .cpu, "memory_bytes": .memory,
            ]
            change.unlimited =
                reader.list("unlimited", allowed: dimensions.keys.sorted()) { dimensions[$0] } ?? []
            errors += reader.finish()
            changes.append(change)
        }
    }

    private static func quota(_ name: String, in reader: inout ObjectReader) -> ResourceQuota? {
        let amounts = 0...(1 << 50)
        return reader.nested(name) { quota in
            let nominal = quota.optionalInteger("nominal", allowed: amounts)
            if nominal == nil, quota.errors.isEmpty { quota.refuse("nominal", message: "is required") }
            return ResourceQuota(
                nominal: nominal ?? 0,
                borrowingLimit: quota.optionalInteger("borrowing_limit", allowed: amounts),
                lendingLimit: quota.optionalInteger("lending_limit", allowed: amounts)
            )
        }
    }
}

extension JSONWriter {
    fileprivate mutating func simulation(
        _ hours: Int,
        _ demands: Int,
        _ before: QuotaSimulationOutcome,
        _ after: QuotaSimulationOutcome
    ) {
        let names = Set(before.teams.keys).union(after.teams.keys).sorted()
        object { json in
            json.member("hours", hours)
            json.member("runs", demands)
            json.array("teams", names) { json, name in
                json.object { json in
                    json.member("team", name)
                    json.object("before") { $0.members(of: before.teams[name] ?? QuotaSimulationOutcome.Team()) }
                    json.object("after") { $0.members(of: after.teams[name] ?? QuotaSimulationOutcome.Team()) }
                }
            }
        }
    }

    fileprivate mutating func members(of team: QuotaSimulationOutcome.Team) {
        member("runs", team.runs)
        member("unfinished_waits", team.unfinishedWaits)
        member("skipped", team.skipped)
        member("average_wait_seconds", team.averageWaitSeconds)
        member("median_wait_seconds", team.medianWaitSeconds)
        member("p95_wait_seconds", team.p95WaitSeconds)
        member("longest_wait_seconds", team.longestWaitSeconds)
        member("average_runs", team.averageRuns)
        member("average_cpu_millicores", team.averageCPUMillicores)
        member("average_memory_bytes", team.averageMemoryBytes)
        member("runs_utilisation", team.runsUtilisation)
        member("cpu_utilisation", team.cpuUtilisation)
        member("memory_utilisation", team.memoryUtilisation)
    }
}
