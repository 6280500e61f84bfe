import DevStack
import EventLoop
import Logging
import PostgresClient
import RunStore
import SlipwayCore
import TestSupport
import Testing

/// The API executable over a migrated database of its own, a command line that knows it, and hands to move runs on.
struct CommandLineFixture: Sendable {
    let command: CommandLine
    let store: RunStore
    let holder: Holder
    let server: String
    /// Its address.
    let database: String

    static let jobFile = """
        name: report
        description: Counts what was ordered, by country — 日本語の説明
        kind: nightly
        engine: none
        variables:
          country: NL
          days: {type: integer, default: 7, description: How many days are looked at}
        tasks:
          - name: extract
            command: ["true"]
        """

    /// - Parameter settings: more of the API's environment.
    static func with(
        token: String = "",
        settings: [String: String] = [:],
        _ body: (CommandLineFixture) async throws -> Void
    ) async throws {
        try await withFreshDatabase(copyOf: "migrated", preparedBy: migrate) { url in
            let port = try LoopbackPort.free(count: 1)[0]
            var environment = [
                "SLIPWAY_POSTGRES_URL": url, "SLIPWAY_AMQP_URL": "amqp://127.0.0.1:1",
                "SLIPWAY_API_LISTEN": "127.0.0.1:\(port)", "SLIPWAY_HTTP_LISTEN": "",
                "SLIPWAY_API_FOLLOW_INTERVAL": "20ms", "SLIPWAY_COST_CPU_HOUR": "360", "SLIPWAY_COST_CURRENCY": "EUR",
            ]
            if !token.isEmpty { environment["SLIPWAY_API_TOKEN"] = token }
            environment.merge(settings) { $1 }
            let api = try TestProcess(try BuiltExecutable.path("slipway-api"), environment: environment)
            try await api.waitForLine(containing: "The API is served")
            let loop = EventLoop(name: "test-postgres")
            defer { loop.shutdown() }
            var logger = Logger(label: "test")
            logger.logLevel = .critical
            let pool = PostgresPool(
                configuration: try PostgresConfiguration(url: url),
                eventLoop: loop,
                logger: logger
            )
            let store = RunStore(pool: pool)
            let holder = Holder(
                id: Identifier(high: 0x7000, low: 1 << 63),
                kind: .worker,
                name: "test",
                version: "0",
                clusters: ["default"]
            )
            try await store.register(holder, timeToLive: .seconds(600))
            let server = "http://127.0.0.1:\(port)"
            let command = CommandLine(environment: ["SLIPWAY_SERVER": server, "SLIPWAY_TOKEN": token])
            let result = await Self.result(
                CommandLineFixture(command: command, store: store, holder: holder, server: server, database: url),
                body
            )
            await pool.close()
            #expect(await api.stop() == .status(0))
            try result.get()
        }
    }

    private static func result(
        _ fixture: CommandLineFixture,
        _ body: (CommandLineFixture) async throws -> Void
    ) async -> Result<Void, any Error> {
        do {
            return .success(try await body(fixture))
        } catch {
            return .failure(error)
        }
    }

    @Sendable private static func migrate(_ url: String) async throws {
        let migrated = try await CommandLine(environment: ["SLIPWAY_POSTGRES_URL": url]).run("admin", "migrate")
        try #require(migrated.status == 0, "\(migrated.errors)")
    }

    // MARK: Steps that many tests take

    func applyJob() async throws {
        let applied = try await command.run("job", "apply", "-", input: Self.jobFile)
        try #require(applied.status == 0, "\(applied.errors)")
    }

    func createRun(_ arguments: String...) async throws -> RunID {
        let created = try await command.run(["run", "create", "report", "-o", "name"] + arguments)
        return try #require(RunID(created.lines.first ?? ""), "\(created.errors)")
    }

    /// Places the waiting run and has its task run.
    func start(_ id: RunID) async throws -> ClaimedRun {
        let term = try #require(
            try await store.takeTerm(duty: "scheduling", holder: holder.id, timeToLive: .seconds(600))
        )
        _ = try await AdmissionShell(store, under: .init(holder: holder.id, number: term)).cycle()
        let claimed = try await store.claim(cluster: "default", holder: holder.id, limit: 500, window: 10_000).runs
        let run = try #require(claimed.first { $0.id == id })
        _ = try await store.apply([report(run, revision: 1)])
        try await write(run, [], tasks: [Self.task(.running)])
        return run
    }

    /// Stores lines of the task `extract` and perhaps an output.
    func write(
        _ run: ClaimedRun,
        _ texts: [String],
        outputs: [TaskOutput] = [],
        tasks: [TaskRow] = [],
        warnings: [RunWarning] = []
    ) async throws {
        let before = try #require(try await store.pulses([run.id]).first).streamSequence
        let lines = texts.enumerated().map { index, text in
            LogLine(
                sequence: before + Int64(index) + 1,
                milliseconds: Timestamp.now.microsecondsSince1970 / 1000,
                channel: .stdout,
                text: text
            )
        }
        let flush = StreamFlush(
            run: run.id,
            leaseEpoch: run.leaseEpoch,
            placement: run.placement,
            previousStreamSequence: before,
            previousSailLines: 0,
            streamSequence: before + Int64(texts.count) + (texts.isEmpty ? 1 : 0),
            sailLines: 0,
            chunks: lines.isEmpty ? [] : [LogChunk(stream: "task/extract", lines: lines)],
            outputs: outputs,
            tasks: tasks,
            warnings: warnings,
            countedWarnings: warnings.count { $0.isCounted }
        )
        try #require(try await store.store([flush]) == [run.id])
    }

    /// Stores what the runner used at moments ten seconds apart, in thousandths of a core and MiB.
    func use(_ run: ClaimedRun, _ points: [(millicores: Int, mebibytes: Int)]) async throws {
        for (index, point) in points.enumerated() {
            let sample = UsageSample(
                run: run.id,
                leaseEpoch: run.leaseEpoch,
                placement: run.placement,
                container: "runner",
                at: Timestamp(microsecondsSince1970: 1_772_359_200_000_000) + .seconds(10 * index),
                windowSeconds: 10,
                millicores: point.millicores,
                memoryBytes: point.mebibytes << 20
            )
            try #require(try await store.storeUsage([sample]) == 1)
        }
    }

    func end(_ run: ClaimedRun, _ end: PlacementEnd, warnings: Int = 0) async throws {
        try await write(run, [], tasks: [Self.task(end.outcome == .succeeded ? .succeeded : .failed)])
        var last = report(run, revision: 100)
        last.end = end
        last.warnings = warnings
        _ = try await store.apply([last])
    }

    private static func task(_ state: TaskState) -> TaskRow {
        TaskRow(name: "extract", position: 0, state: state, startedAt: .now, endedAt: state.isTerminal ? .now : nil)
    }

    private func report(_ run: ClaimedRun, revision: Int64) -> PlacementReport {
        PlacementReport(
            runID: run.id,
            placement: run.placement,
            leaseEpoch: run.leaseEpoch,
            revision: revision,
            timeline: [ObservedState(state: .starting, at: .now), ObservedState(state: .running, at: .now)],
            node: "node-1",
            podUID: "uid-1"
        )
    }

    static func ended(_ outcome: PlacementEnd.Outcome) -> PlacementEnd {
        switch outcome {
        case .succeeded: PlacementEnd(outcome: .succeeded, at: .now, hasUserCodeRun: true, reason: .completed)
        case .timeout: PlacementEnd(outcome: .timeout, at: .now, hasUserCodeRun: true, reason: .runTimeout)
        case .cancelled: PlacementEnd(outcome: .cancelled, at: .now, hasUserCodeRun: true, reason: .cancelRequested)
        case .failed, .lost:
            PlacementEnd(
                outcome: .failed,
                at: .now,
                hasUserCodeRun: true,
                reason: .taskFailed,
                message:
                    "[TABLE_OR_VIEW_NOT_FOUND] the table orders cannot be found in any of the catalogues that were looked at",
                failedTask: "extract",
                exitCode: 1,
                errorName: "AnalysisException",
                stackTrace: (1...30).map { "  at line \($0) of the script, in a function whose name goes on and on" }
                    .joined(separator: "\n"),
                evidence: .object(["pod": .object(["phase": .string("Failed"), "note": .string("x\u{1B}[31my")])])
            )
        }
    }
}
