import EventLoop
import Logging
import PostgresClient
import RunStore
import SlipwayCore
import TestSupport
import Testing

/// A migrated database of its own, with one job in it.
struct StoreFixture: Sendable {
    /// Of its database.
    let url: String
    let store: RunStore
    let job: AppliedJob
    let holder: Holder

    static let spec = JobSpec(
        name: "report",
        engine: .none,
        tasks: [TaskSpec(name: "only", action: .command(["true"]))]
    )

    /// Runs `body` with the fixture and takes the database away afterwards.
    ///
    /// - Parameter logObjects: where logs are moved to.
    static func with(
        logObjects: LogObjects? = nil,
        _ body: (StoreFixture) async throws -> Void
    ) async throws {
        try await withFreshDatabase(copyOf: "migrated", preparedBy: migrate) { url in
            var configuration = try PostgresConfiguration(url: url)
            // All tests run side by side on one server.
            configuration.acquireTimeout = .seconds(60)
            let pool = PostgresPool(
                configuration: configuration,
                eventLoop: EventLoop(name: "test-postgres"),
                logger: Logger(label: "test")
            )
            let store = RunStore(pool: pool, logObjects: logObjects)
            let job = try #require(
                try await store.apply(spec, canonicalSpec: try spec.canonicalJSON(), id: identifier(), by: "tester")
            )
            let holder = Holder(id: identifier(), kind: .worker, name: "test", version: "0", clusters: ["default"])
            try await store.register(holder, timeToLive: .seconds(60))
            try await body(StoreFixture(url: url, store: store, job: job, holder: holder))
            await pool.close()
        }
    }

    @Sendable private static func migrate(_ url: String) async throws {
        let pool = PostgresPool(
            configuration: try PostgresConfiguration(url: url),
            eventLoop: EventLoop(name: "test-postgres"),
            logger: Logger(label: "test")
        )
        _ = try await RunStore(pool: pool).migrate()
        await pool.close()
    }

    static func identifier() -> Identifier {
        Identifier(
            millisecondsSince1970: UInt64(Timestamp.now.microsecondsSince1970 / 1000),
            randomHigh: .random(in: 0 ... .max),
            randomLow: .random(in: 0 ... .max)
        )
    }

    func newRun() -> NewRun {
        NewRun(
            id: Self.identifier(),
            jobID: job.id,
            jobVersion: job.version,
            team: "default",
            jobName: "report",
            kind: nil,
            cluster: "default",
            variables: ["day": .string("monday")],
            submittedBy: "tester"
        )
    }

    func created(_ count: Int = 1) async throws -> [RunID] {
        let runs = (0..<count).map { _ in newRun() }
        try await store.create(runs)
        return runs.map(\.id)
    }

    /// Creates runs and brings them to `starting`, held by `holder` or by another process.
    func claimed(_ count: Int = 1, by dispatcher: HolderID? = nil) async throws -> [ClaimedRun] {
        _ = try await created(count)
        let term = try #require(
            try await store.takeTerm(duty: "scheduling", holder: holder.id, timeToLive: .seconds(60))
        )
        let admitted = try await AdmissionShell(store, under: .init(holder: holder.id, number: term)).cycle().admitted
        #expect(admitted.count == count && admitted.allSatisfy { $0.cluster == "default" })
        let claimed = try await store.claim(
            cluster: "default",
            holder: dispatcher ?? holder.id,
            limit: 100,
            window: 1000
        ).runs
        #expect(claimed.count == count)
        return claimed
    }

    /// A report under the lease of a claimed run.
    func report(_ run: ClaimedRun, end: PlacementEnd? = nil, running: Bool = true) -> PlacementReport {
        let now = Timestamp.now
        var timeline = [ObservedState(state: .starting, at: now)]
        if running { timeline.append(ObservedState(state: .running, at: now)) }
        return PlacementReport(
            runID: run.id,
            placement: run.placement,
            leaseEpoch: run.leaseEpoch,
            timeline: timeline,
            node: "node-1",
            podUID: "uid-1",
            end: end
        )
    }

    /// Stores tasks, and warnings, as a worker does with one more line of the stream.
    func tell(_ run: ClaimedRun, _ tasks: [TaskRow], warnings: [RunWarning] = [], counted: Int = 0) async throws {
        let before = try #require(try await store.pulses([run.id]).first)
        let flush = StreamFlush(
            run: run.id,
            leaseEpoch: before.leaseEpoch,
            placement: before.placement,
            previousStreamSequence: before.streamSequence,
            previousSailLines: before.sailLines,
            streamSequence: before.streamSequence + 1,
            sailLines: before.sailLines,
            chunks: [],
            outputs: [],
            tasks: tasks,
            warnings: warnings,
            countedWarnings: counted
        )
        try #require(try await store.store([flush]) == [run.id])
    }

    static func success() -> PlacementEnd {
        PlacementEnd(outcome: .succeeded, at: .now, hasUserCodeRun: true, reason: .completed)
    }

    /// Ends the leases of silent processes as a scheduler does that looks often.
    func sweep(timeToLive: Duration) async throws -> [Unsupervised] {
        try await store.sweepLeases(timeToLive: timeToLive, expected: .seconds(30), isThorough: false)
    }
}
