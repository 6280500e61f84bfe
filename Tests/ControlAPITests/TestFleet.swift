import RunStore
import SlipwayCore
import Testing

/// Moves runs on as schedulers, dispatchers and workers would.
struct TestFleet: Sendable {
    let store: RunStore
    let holder: Holder

    init(_ store: RunStore) async throws {
        self.store = store
        let id = Identifier(
            millisecondsSince1970: UInt64(Timestamp.now.microsecondsSince1970 / 1000),
            randomHigh: .random(in: 0 ... .max),
            randomLow: .random(in: 0 ... .max)
        )
        holder = Holder(id: id, kind: .worker, name: "test", version: "0", clusters: ["default"])
        try await store.register(holder, timeToLive: .seconds(600))
    }

    /// Places every waiting run.
    func place() async throws -> [RunID: ClaimedRun] {
        let term = try #require(
            try await store.takeTerm(duty: "scheduling", holder: holder.id, timeToLive: .seconds(600))
        )
        _ = try await AdmissionShell(store, under: .init(holder: holder.id, number: term)).cycle()
        let claimed = try await store.claim(cluster: "default", holder: holder.id, limit: 500, window: 10_000).runs
        return Dictionary(uniqueKeysWithValues: claimed.map { ($0.id, $0) })
    }

    /// Tells that user code runs.
    func start(_ run: ClaimedRun, tasks: [TaskRow] = []) async throws {
        _ = try await store.apply([report(run, revision: 1, end: nil)])
        if !tasks.isEmpty { try await write(run, [], tasks: tasks) }
    }

    /// Tells that it is over.
    func end(_ run: ClaimedRun, tasks: [TaskRow] = [], warnings: Int = 0, _ end: PlacementEnd) async throws {
        if !tasks.isEmpty { try await write(run, [], tasks: tasks) }
        var last = report(run, revision: 100, end: end)
        last.warnings = warnings
        _ = try await store.apply([last])
    }

    private func report(
        _ run: ClaimedRun,
        revision: Int64,
        end: PlacementEnd?
    ) -> PlacementReport {
        PlacementReport(
            runID: run.id,
            placement: run.placement,
            leaseEpoch: run.leaseEpoch,
            revision: revision,
            timeline: [ObservedState(state: .starting, at: .now), ObservedState(state: .running, at: .now)],
            node: "node-1",
            podUID: "uid-1",
            end: end
        )
    }

    /// Tells that the runner used so much for so long, in three samples with growing memory.
    func use(_ run: ClaimedRun, seconds: Int, millicores: Int) async throws {
        for part in 1...3 {
            let sample = UsageSample(
                run: run.id,
                leaseEpoch: run.leaseEpoch,
                placement: run.placement,
                container: "runner",
                at: Timestamp(microsecondsSince1970: 1_772_359_200_000_000) + .seconds(seconds * part / 3),
                windowSeconds: Double(seconds) / 3,
                millicores: millicores,
                memoryBytes: part << 20
            )
            try #require(try await store.storeUsage([sample]) == 1)
        }
    }

    /// Writes lines, numbered from `first`; those of `sail` have numbers of their own. Tasks and warnings come with one more line.
    func write(
        _ run: ClaimedRun,
        _ lines: [(stream: String, text: String)],
        outputs: [TaskOutput] = [],
        tasks: [TaskRow] = [],
        warnings: [RunWarning] = []
    ) async throws {
        let before = try #require(try await store.pulses([run.id]).first)
        var sequence = before.streamSequence
        var sailLines = before.sailLines
        var chunks: [LogChunk] = []
        for (stream, text) in lines {
            let number: Int64
            if stream == "sail" {
                sailLines += 1
                number = sailLines
            } else {
                sequence += 1
                number = sequence
            }
            let line = LogLine(sequence: number, milliseconds: 1_760_000_000_000 + number, channel: .stdout, text: text)
            if let index = chunks.firstIndex(where: { $0.stream == stream }) {
                chunks[index].lines.append(line)
            } else {
                chunks.append(LogChunk(stream: stream, lines: [line]))
            }
        }
        if !tasks.isEmpty || !warnings.isEmpty { sequence += 1 }
        let flush = StreamFlush(
            run: run.id,
            leaseEpoch: run.leaseEpoch,
            placement: run.placement,
            previousStreamSequence: before.streamSequence,
            previousSailLines: before.sailLines,
            streamSequence: sequence,
            sailLines: sailLines,
            chunks: chunks,
            outputs: outputs,
            tasks: tasks,
            warnings: warnings,
            countedWarnings: warnings.count { $0.isCounted }
        )
        try #require(try await store.store([flush]) == [run.id])
    }

    static func success() -> PlacementEnd {
        PlacementEnd(outcome: .succeeded, at: .now, hasUserCodeRun: true, reason: .completed)
    }

    static func failure() -> PlacementEnd {
        PlacementEnd(
            outcome: .failed,
            at: .now,
            hasUserCodeRun: true,
            reason: .taskFailed,
            message: "no such table: orders",
            failedTask: "extract",
            exitCode: 1,
            errorName: "AnalysisException",
            stackTrace: "line 1\nline 2",
            evidence: .object(["pod": .object(["phase": .string("Failed")])])
        )
    }
}
