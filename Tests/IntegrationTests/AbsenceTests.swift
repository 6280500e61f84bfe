import DevStack
import Glibc
import PostgresClient
import SlipwayCore
import TestSupport
import Testing

/// Many runs, and processes that are gone for long.
@Suite(.fleet, .explained, .serialized, .timeLimit(.minutes(4))) struct AbsenceTests {
    @Test("when a worker dies with two hundred runs, another has all of them within a lease and two seconds")
    func deadWorker() async throws {
        let fleet = try Fleet.current()
        let site = fleet.site
        let job = try await CountingJob("two-hundred", lines: 45, pause: 1, on: site)
        // One worker has them all.
        try await fleet.kill("worker-2")
        let runs = try await site.create(job.name, count: 200)
        try await eventually(within: .seconds(90), "all are running") {
            try await site.number("SELECT count(*) FROM runs WHERE id::text = ANY(\(runs)) AND state = 'running'")
                == 200
        }
        try await fleet.start(["worker-2"])
        let processes = Set(ContainerProcesses.mentioning(job.ledger))
        let pods = try await uids(on: site)

        let begin = ContinuousClock.now
        try await fleet.kill("worker-1")
        try await eventually(within: .seconds(10), "the other worker has all") {
            try await site.number(
                """
                SELECT count(*) FROM live_runs JOIN holders ON holders.id = holder_id
                WHERE live_runs.id::text = ANY(\(runs)) AND holders.name = 'worker-2'
                """
            ) == 200
        }
        let taken = ContinuousClock.now - begin
        #expect(taken < .seconds(3 + 2), "the time to live is 3 s")
        #expect(try await uids(on: site) == pods)
        // The shells that count are the ones that were there; only the `sleep` of each comes and goes.
        let shells = processes.filter { kill($0, 0) == 0 }
        #expect(shells.count >= 200)
        try await fleet.start(["worker-1"])
        try await job.checkSuccess(of: runs, endingWithin: .seconds(90))
    }

    @Test("when the whole control plane is away for three leases, pods go on, and all states are right soon after")
    func nobody() async throws {
        let fleet = try Fleet.current()
        let site = fleet.site
        let long = try await CountingJob("absence-long", lines: 60, pause: 0.5, on: site)
        let short = try await CountingJob("absence-short", lines: 12, pause: 0.5, on: site)
        let longRuns = try await site.create(long.name, count: 25)
        let shortRuns = try await site.create(short.name, count: 25)
        try await eventually(within: .seconds(60), "all are running") {
            long.executed.count == 25 && short.executed.count == 25
        }
        for name in Fleet.services { try fleet.process(name).send(SIGKILL) }
        for name in Fleet.services { _ = try await fleet.process(name).waitForExit() }
        try await Task.sleep(for: .seconds(9))
        #expect(ContainerProcesses.mentioning(long.ledger).count >= 25, "nothing is killed while nobody watches")

        try await fleet.start(Fleet.services)
        try await eventually(within: .seconds(5), "the short runs have ended, the long ones are held and running") {
            let ended = try await site.number(
                "SELECT count(*) FROM runs WHERE id::text = ANY(\(shortRuns)) AND state = 'succeeded'"
            )
            let held = try await site.number(
                """
                SELECT count(*) FROM live_runs JOIN holders ON holders.id = holder_id AND expires_at > now()
                WHERE live_runs.id::text = ANY(\(longRuns)) AND state = 'running'
                """
            )
            return ended == 25 && held == 25
        }
        try await short.checkSuccess(of: shortRuns, endingWithin: .seconds(30))
        try await long.checkSuccess(of: longRuns, endingWithin: .seconds(60))
        let repeated = try await site.number(
            "SELECT count(*) FROM runs WHERE id::text = ANY(\(longRuns + shortRuns)) AND placement > 1"
        )
        #expect(repeated == 0)
    }

    /// The uid of each pod by its name.
    private func uids(on site: Site) async throws -> [String: String] {
        let pods = try await site.get(site.kubernetes, "/api/v1/pods")
        return Dictionary(
            (pods["items"]?.elements ?? []).map {
                ($0["metadata"]?.text("name") ?? "", $0["metadata"]?.text("uid") ?? "")
            },
            uniquingKeysWith: { first, _ in first }
        )
    }
}
