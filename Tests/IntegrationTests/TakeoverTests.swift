import DevStack
import Glibc
import PostgresClient
import TestSupport
import Testing

/// Two processes of each kind share the work, and one takes over what another leaves.
@Suite(.fleet, .explained, .serialized, .timeLimit(.minutes(4))) struct TakeoverTests {
    @Test("two of every process at once do each run once, whichever API it was given to")
    func twoOfEach() async throws {
        let site = try Site.current()
        let job = try await CountingJob("pairs", lines: 50, on: site)
        async let first = site.create(job.name, count: 50, api: 0)
        async let second = site.create(job.name, count: 50, api: 1)
        let runs = try await first + second
        try await job.checkSuccess(of: runs, endingWithin: .seconds(120))
    }

    @Test("a worker that is stopped hands its runs to the other at once, and user code goes on untouched")
    func handOver() async throws {
        let fleet = try Fleet.current()
        let site = fleet.site
        let job = try await CountingJob("handover", lines: 80, pause: 0.1, on: site)
        let runs = try await site.create(job.name, count: 10)
        try await waitUntilRunning(runs, on: site)

        let stopped = try await holder(of: runs, on: site)
        let held = try await site.number(Self.held(runs, by: stopped))
        let begin = ContinuousClock.now
        try fleet.process(stopped).send(SIGTERM)
        try await eventually(within: .seconds(10), "the other worker holds all runs") {
            let others = try await site.database.query(
                """
                SELECT count(*) FROM live_runs JOIN holders ON holders.id = holder_id
                WHERE live_runs.id::text = ANY(\(runs)) AND holders.name <> \(stopped) AND state = 'running'
                """
            )
            return try others.first?.value(at: 0, as: Int64.self) == 10
        }
        #expect(ContinuousClock.now - begin < .seconds(5))
        #expect(held > 0)
        _ = try await fleet.process(stopped).waitForExit()
        try await fleet.start([stopped])

        try await job.checkSuccess(of: runs, endingWithin: .seconds(60))
        #expect(try await silences(in: runs, on: site) == 0, "the runs were handed over, not found after a silence")
        #expect(
            try await site.number("SELECT count(*) FROM runs WHERE id::text = ANY(\(runs)) AND placement = 1") == 10
        )
    }

    @Test("restarting one process after the other, as an upgrade does, touches no run")
    func rollingRestart() async throws {
        let fleet = try Fleet.current()
        let site = fleet.site
        let job = try await CountingJob("rolling", lines: 100, pause: 0.1, on: site)
        let runs = try await site.create(job.name, count: 10)
        try await waitUntilRunning(runs, on: site)
        for name in Fleet.services {
            try fleet.process(name).send(SIGTERM)
            #expect(try await fleet.process(name).waitForExit() == .status(0), "\(name)")
            try await fleet.start([name])
        }
        try await job.checkSuccess(of: runs, endingWithin: .seconds(60))
        #expect(try await silences(in: runs, on: site) == 0)
    }

    @Test("a run that no dispatcher has taken is cancelled at once, and no pod was ever there")
    func cancelReady() async throws {
        let fleet = try Fleet.current()
        let site = fleet.site
        let job = try await CountingJob("cancel-ready", lines: 1, on: site)
        for name in ["dispatcher-1", "dispatcher-2"] { try await fleet.kill(name) }
        let run = try await site.create(job.name)[0]
        try await eventually(within: .seconds(30), "the run is ready") {
            try await site.number("SELECT count(*) FROM runs WHERE id::text = \(run) AND state = 'ready'") == 1
        }
        let answer = try await site.slipway("run", "cancel", run)
        #expect(answer.output.contains("run \(run) cancelled"))
        #expect(try await site.run(run).text("state") == "cancelled")
        #expect(try await site.slipway("run", "cancel", run).output.contains("was already cancelled"))

        // The dispatchers come back and find nothing to do for it.
        try await fleet.start(["dispatcher-1", "dispatcher-2"])
        let next = try await site.create(job.name)
        try await job.checkSuccess(of: next, endingWithin: .seconds(30))
        #expect(try await site.number("SELECT count(*) FROM runs WHERE id::text = \(run) AND placement = 0") == 1)
        #expect(job.executed == next)
    }

    @Test(
        "while schedulers are killed one after the other each tick is in the ledger once, and each that fired has one run"
    )
    func ticks() async throws {
        let fleet = try Fleet.current()
        let site = fleet.site
        let job = try await CountingJob("ticking", lines: 1, on: site)
        for name in ["a", "b", "c"] {
            let made = try await site.slipway("schedule", "create", job.name, name, "--every", "10s", "--missed", "all")
            #expect(made.status == 0, "\(made.notes)")
        }
        var decided = 0
        for _ in 0..<4 {
            try await kill(try await fleet.leader(), fleet)
            try await eventually(within: .seconds(40), "another one decides ticks") {
                try await site.number("SELECT count(*) FROM schedule_ticks") > decided
            }
            decided = try await site.number("SELECT count(*) FROM schedule_ticks")
        }
        for name in ["a", "b", "c"] { _ = try await site.slipway("schedule", "delete", job.name, name) }
        let rows = try await site.database.query(
            "SELECT schedule_name, tick, outcome, run_id::text FROM schedule_ticks ORDER BY schedule_name, tick"
        ).decode(String.self, PostgresTimestamp.self, String.self, String?.self)
        for (_, ticks) in Dictionary(grouping: rows, by: \.0) {
            let moments = ticks.map(\.1.microsecondsSince1970)
            // Each ten seconds, none left out.
            #expect(zip(moments, moments.dropFirst()).allSatisfy { $1 - $0 == 10_000_000 }, "\(moments)")
        }
        let fired = rows.compactMap(\.3)
        #expect(fired.count >= 9 && Set(fired).count == fired.count)
        try await job.checkSuccess(of: fired, endingWithin: .seconds(60))
        #expect(Set(job.executed) == Set(fired))
    }

    /// Who fails while runs are under way.
    enum Victim: String, CaseIterable, CustomTestStringConvertible {
        case scheduler, dispatcher, worker, api, everyService, kubernetes, broker, postgres, frozenScheduler,
            frozenWorker
        var testDescription: String { rawValue }

        /// A burst for the dispatcher, so that it dies with pods to create.
        var runCount: Int { self == .dispatcher ? 60 : 20 }

        /// Who is frozen misses for longer than its lease what goes on.
        var lines: Int { self == .frozenScheduler || self == .frozenWorker ? 70 : 30 }
    }

    @Test(
        "whoever is killed or frozen while runs are under way, all succeed, ran once, and lost no line",
        arguments: Victim.allCases
    )
    func failing(_ victim: Victim) async throws {
        let fleet = try Fleet.current()
        let site = fleet.site
        let job = try await CountingJob(
            "fail-\(victim.rawValue.lowercased())",
            lines: victim.lines,
            pause: 0.1,
            on: site
        )
        let runs = try await site.create(job.name, count: victim.runCount)
        if victim == .dispatcher {
            try await eventually(within: .seconds(30), "the first is placed") {
                try await site.number("SELECT count(*) FROM runs WHERE id::text = ANY(\(runs)) AND placement > 0") > 0
            }
        } else {
            // Some run already and some are on their way.
            try await eventually(within: .seconds(30), "some runs are running") { job.executed.count >= 5 }
        }
        try await strike(victim, fleet, runs)
        try await job.checkSuccess(of: runs, endingWithin: .seconds(90))
    }

    private func strike(_ victim: Victim, _ fleet: Fleet, _ runs: [String]) async throws {
        switch victim {
        case .scheduler:
            try await kill(try await fleet.leader(), fleet)
        case .dispatcher:
            for name in ["dispatcher-1", "dispatcher-2"] { try await fleet.kill(name) }
            try await fleet.start(["dispatcher-1", "dispatcher-2"])
        case .worker:
            try await kill(try await holder(of: runs, on: fleet.site), fleet)
        case .api:
            // Who reads a log meanwhile is not disturbed: the command finds the API again, and its place in the log.
            let reading = try fleet.site.slipway(api: 0).start(
                ["run", "logs", try await running(runs, on: fleet.site), "--stream", "count", "--follow"]
            )
            try await reading.process.waitForLine(containing: "line 1")
            try await kill("api-1", fleet)
            let answer = try await reading.answer(within: .seconds(90))
            #expect(answer.status == 0)
            #expect(answer.names == (1...victim.lines).map { "line \($0)" })
        case .everyService:
            for name in Fleet.services { try fleet.process(name).send(SIGKILL) }
            for name in Fleet.services { _ = try await fleet.process(name).waitForExit() }
            try await fleet.start(Fleet.services)
        case .kubernetes:
            try await kill("kubernetes", fleet)
        case .broker:
            await fleet.broker.kill9()
            try await fleet.broker.start()
        case .postgres:
            await fleet.postgres.kill9()
            try await fleet.postgres.start()
        case .frozenScheduler:
            let frozen = try await fleet.leader()
            try await freeze(frozen, fleet) { try await fleet.leader() != frozen }
        case .frozenWorker:
            let frozen = try await holder(of: runs, on: fleet.site)
            try await freeze(frozen, fleet) { try await fleet.site.number(Self.held(runs, by: frozen)) == 0 }
        }
    }

    /// Kills a process and starts it again.
    private func kill(_ name: String, _ fleet: Fleet) async throws {
        try await fleet.kill(name)
        try await fleet.start([name])
    }

    /// Freezes a process until others have taken its work over. Thawed, it still believes that the work is its own.
    private func freeze(_ name: String, _ fleet: Fleet, until isReplaced: () async throws -> Bool) async throws {
        try fleet.process(name).freeze()
        try await eventually(within: .seconds(30), "another took over from \(name)", isReplaced)
        try fleet.process(name).thaw()
    }

    // MARK: Who does what

    private func waitUntilRunning(_ runs: [String], on site: Site) async throws {
        try await eventually(within: .seconds(60), "all runs are running") {
            try await site.number("SELECT count(*) FROM runs WHERE id::text = ANY(\(runs)) AND state = 'running'")
                == runs.count
        }
    }

    /// One of the runs, whose user code executes.
    private func running(_ runs: [String], on site: Site) async throws -> String {
        try await eventually("a run is running") {
            try await site.database.query(
                "SELECT id::text FROM runs WHERE id::text = ANY(\(runs)) AND state = 'running' ORDER BY running_at DESC LIMIT 1"
            ).first?.value(at: 0, as: String.self)
        }
    }

    /// The name of the worker that holds most of the runs.
    private func holder(of runs: [String], on site: Site) async throws -> String {
        try await eventually("a worker holds runs") {
            try await site.database.query(
                """
                SELECT holders.name FROM live_runs JOIN holders ON holders.id = holder_id
                WHERE live_runs.id::text = ANY(\(runs)) AND holders.kind = 'worker'
                GROUP BY 1 ORDER BY count(*) DESC LIMIT 1
                """
            ).first?.value(at: 0, as: String.self)
        }
    }

    /// How often these runs were found without a supervisor, or lost their pod.
    private func silences(in runs: [String], on site: Site) async throws -> Int {
        try await site.number(
            """
            SELECT count(*) FROM run_events
            WHERE run_id::text = ANY(\(runs)) AND kind IN ('lease_expired', 'placement_lost')
            """
        )
    }

    private static func held(_ runs: [String], by name: String) -> PostgresQuery {
        """
        SELECT count(*) FROM live_runs JOIN holders ON holders.id = holder_id
        WHERE live_runs.id::text = ANY(\(runs)) AND holders.name = \(name)
        """
    }
}
