import ObjectStorage
import PostgresClient
import RunStore
import SlipwayCore
import TestSupport
import Testing

/// Where a log is once its run is over.
enum LogHome: String, CaseIterable, CustomTestStringConvertible {
    case postgres, objects
    var testDescription: String { rawValue }
    static var available: [LogHome] { TestObjectStorage.isAvailable ? allCases : [.postgres] }

    func objects() async throws -> LogObjects? {
        guard self == .objects else { return nil }
        let server = try await TestObjectStorage.shared()
        let configuration = try ObjectStorageConfiguration(
            endpoint: server.endpoint,
            bucket: server.bucket,
            region: "us-east-1",
            accessKey: server.accessKey,
            secretKey: server.secretKey
        )
        return LogObjects(
            client: ObjectStorageClient(configuration: configuration),
            prefix: TestObjectStorage.freshPrefix()
        )
    }
}

@Suite("Logs, wherever they are kept") struct LogStorageTests {
    @Test("are read alike by stream, position and time", arguments: LogHome.available)
    func reading(home: LogHome) async throws {
        try await StoreFixture.with(logObjects: home.objects()) { fixture in
            let run = try await fixture.writtenRun(flushes: 5, linesEach: 20)
            let before = try await fixture.everyLine(of: run.id)
            #expect(before.count == 100)
            try await fixture.end(run, home)
            #expect(try await fixture.everyLine(of: run.id) == before)
            for (selection, count) in [
                (LogSelection.stream("task/a"), 50), (.streams(["task/a", "runner"]), 100), (.stream("none"), 0),
            ] {
                let chunks = try await fixture.store.logChunks(run.id, of: selection, after: .start)
                #expect(chunks.flatMap(\.lines).count == count)
            }
            let rest = try await fixture.store.logChunks(
                run.id,
                of: .numberedByRunner,
                after: LogPosition(placement: run.placement, sequence: 90)
            )
            #expect(Set(rest.flatMap(\.lines).map(\.sequence)) == Set(91...100))
            let late = try await fixture.store.logChunks(
                run.id,
                of: .numberedByRunner,
                after: .start,
                span: LogSpan(since: StoreFixture.time(ofLine: 81))
            )
            #expect(late.flatMap(\.lines).map(\.sequence).min() == 81)
            let early = try await fixture.store.logChunks(
                run.id,
                of: .numberedByRunner,
                after: .start,
                span: LogSpan(until: StoreFixture.time(ofLine: 20))
            )
            #expect(early.flatMap(\.lines).map(\.sequence).max() == 20)
            #expect(try await fixture.store.logStreams(run.id).map(\.lines) == [50, 50])
        }
    }

    @Test("have an end that is found without reading them", arguments: LogHome.available)
    func tail(home: LogHome) async throws {
        try await StoreFixture.with(logObjects: home.objects()) { fixture in
            let run = try await fixture.writtenRun(flushes: 5, linesEach: 20)
            try await fixture.end(run, home)
            // Chunks of two streams interleave: as many are taken as have enough lines.
            for (count, expected) in [(1, 81), (20, 80), (21, 61), (100, 0), (1000, 0)] {
                let start = try await fixture.store.logTail(run.id, of: .numberedByRunner, lines: count)
                #expect(start.sequence == Int64(expected), "\(count)")
            }
            #expect(try await fixture.store.logTail(run.id, of: .stream("none"), lines: 5) == .start)
        }
    }

    @Test("are frozen: nothing is appended after the run's end", arguments: LogHome.available)
    func frozen(home: LogHome) async throws {
        try await StoreFixture.with(logObjects: home.objects()) { fixture in
            let run = try await fixture.writtenRun(flushes: 2, linesEach: 20)
            let before = try await fixture.everyLine(of: run.id)
            try await fixture.end(run, home)
            #expect(try await fixture.store.store([fixture.flush(run, number: 2, lines: 20)]).isEmpty)
            _ = try await fixture.store.adopt([(run.id, run.leaseEpoch)], holder: fixture.holder.id)
            #expect(try await fixture.store.store([fixture.flush(run, number: 2, lines: 20)]).isEmpty)
            #expect(try await fixture.everyLine(of: run.id) == before)
        }
    }

    @Test("go with their run", arguments: LogHome.available)
    func deletion(home: LogHome) async throws {
        let objects = try await home.objects()
        try await StoreFixture.with(logObjects: objects) { fixture in
            let run = try await fixture.writtenRun(flushes: 2, linesEach: 20)
            try await fixture.end(run, home)
            if let objects { #expect(try await objects.keys().count == 2) }
            _ = try await fixture.perform(.delete, on: [run.id])
            #expect(try await fixture.everyLine(of: run.id).isEmpty)
            guard let objects else { return }
            #expect(try await fixture.store.removeLogObjects() == 1)
            #expect(try await objects.keys().isEmpty)
            #expect(try await fixture.store.removeLogObjects() == 0)
        }
    }

    @Test("go with their day, unless their run is pinned", arguments: LogHome.available)
    func retention(home: LogHome) async throws {
        let objects = try await home.objects()
        try await StoreFixture.with(logObjects: objects) { fixture in
            let run = try await fixture.writtenRun(flushes: 2, linesEach: 20)
            try await fixture.end(run, home)
            let kept = try await fixture.writtenRun(flushes: 1, linesEach: 20)
            try await fixture.end(kept, home)
            _ = try await fixture.store.pin(kept.id, by: nil, why: nil)
            #expect(try await fixture.store.sweepLogPartitions(retention: .zero).dropped.isEmpty)
            #expect(try await fixture.store.sweepLogPartitions(retention: .seconds(86_400)).dropped.isEmpty)
            // Three days pass: the partition of today is that of three days ago.
            try await fixture.age(days: 3)
            #expect(try await fixture.store.sweepLogPartitions(retention: .seconds(4 * 86_400)).dropped.isEmpty)
            let sweep = try await fixture.store.sweepLogPartitions(retention: .seconds(2 * 86_400))
            #expect(sweep.dropped == ["run_log_chunks_old"])
            #expect(try await fixture.everyLine(of: run.id).isEmpty)
            #expect(try await fixture.store.run(run.id) != nil)
            #expect(try await fixture.count("run_log_chunks", of: kept.id) > 0)
            #expect(try await fixture.store.removeKeptRows(RetentionPolicy(installation: [.logs: 2])) == 0)
            if let objects { #expect(try await objects.keys().allSatisfy { $0.contains(kept.id.description) }) }
            _ = try await fixture.store.unpin(kept.id, by: nil, why: nil)
            #expect(try await fixture.store.removeKeptRows(RetentionPolicy(installation: [.logs: 2])) > 0)
            #expect(try await fixture.count("run_log_chunks", of: kept.id) == 0)
            guard let objects else { return }
            _ = try await fixture.store.removeLogObjects()
            #expect(try await objects.keys().isEmpty)
        }
    }

    @Test("are counted for who carries on, with what was cut")
    func counting() async throws {
        try await StoreFixture.with { fixture in
            let run = try #require(try await fixture.claimed().first)
            var flush = fixture.flush(run, number: 0, lines: 20)
            flush.chunks[1].isCut = true
            _ = try await fixture.store.store([flush])
            let stored = try await fixture.store.storedStreams([run.id])
            #expect(
                stored[run.id] == [
                    "task/a": StoredStream(bytes: flush.chunks[0].countedBytes, isCut: false),
                    "runner": StoredStream(bytes: flush.chunks[1].countedBytes, isCut: true),
                ]
            )
        }
    }

    @Test("take a fraction of their text")
    func ratio() async throws {
        try await StoreFixture.with { fixture in
            let run = try #require(try await fixture.claimed().first)
            let lines = (1...500).map { number in
                LogLine(
                    sequence: Int64(number),
                    milliseconds: 1_772_359_204_000 + Int64(number) * 37,
                    channel: .stdout,
                    text:
                        "2026-03-01 10:00:\(10 + number % 50),\(100 + number) INFO  etl.orders: batch \(number * 17) of 9000 "
                        + "written to s3://lake/orders/day=2026-03-01/part-\(number * 7919 % 100_003).parquet "
                        + "(\(number * 31 % 4096) rows, \(number * 977 % 65_536) bytes)"
                )
            }
            var flush = fixture.flush(run, number: 0, lines: 1)
            flush.streamSequence = 500
            flush.chunks = [LogChunk(stream: "task/a", lines: lines)]
            _ = try await fixture.store.store([flush])
            let stored = try await fixture.store.pool.query(
                "SELECT sum(octet_length(content))::bigint FROM run_log_chunks WHERE run_id = \(run.id)"
            ).decode(Int.self)[0]
            let text = lines.reduce(0) { $0 + $1.text.utf8.count + 1 }
            print("a log of \(text) bytes is stored in \(stored), \(text / max(1, stored)) to one")
            #expect(stored * 3 < text)
        }
    }
}

@Suite(
    "Moving logs into an object storage",
    .enabled(if: TestObjectStorage.isAvailable, "SLIPWAY_TEST_S3_ENV is not set")
)
struct LogMoveTests {
    @Test("two that move at once move each run once, and what is interrupted is repeated")
    func sideBySide() async throws {
        let objects = try #require(try await LogHome.objects.objects())
        try await StoreFixture.with(logObjects: objects) { fixture in
            var runs: [ClaimedRun] = []
            for _ in 0..<5 { runs.append(try await fixture.writtenRun(flushes: 1, linesEach: 20)) }
            for run in runs { _ = try await fixture.store.apply([fixture.report(run, end: StoreFixture.success())]) }
            // Somebody claimed the first and was killed: it is left alone until the claim is over.
            try await fixture.store.pool.query(
                """
                INSERT INTO log_moves VALUES (\(runs[0].id), \(StoreFixture.identifier()),
                    clock_timestamp() + interval '1 hour')
                """
            )
            let moved = try await withThrowingTaskGroup(of: LogMoves.self) { group in
                for _ in 0..<3 {
                    group.addTask {
                        try await fixture.store.moveLogs(holder: StoreFixture.identifier(), settings: LogMoveSettings())
                    }
                }
                return try await group.reduce(into: 0) { $0 += $1.objects }
            }
            #expect(moved == 8)
            try await fixture.store.pool.query("UPDATE log_moves SET claimed_until = clock_timestamp()")
            let rest = try await fixture.store.moveLogs(
                holder: StoreFixture.identifier(),
                settings: LogMoveSettings()
            )
            #expect(rest.objects == 2)
            for run in runs { #expect(try await fixture.everyLine(of: run.id).count == 20) }
            #expect(try await fixture.store.pool.query("SELECT FROM log_moves").rowCount == 0)
        }
    }

    @Test("of a run that goes on full objects are moved, and followers notice nothing")
    func live() async throws {
        let objects = try #require(try await LogHome.objects.objects())
        try await StoreFixture.with(logObjects: objects) { fixture in
            let run = try await fixture.writtenRun(flushes: 6, linesEach: 20)
            var settings = LogMoveSettings()
            settings.liveBytes = 1000
            settings.objectBytes = 250
            let before = try await fixture.everyLine(of: run.id)
            let moved = try await fixture.store.moveLogs(holder: StoreFixture.identifier(), settings: settings)
            #expect(moved.runs == 1 && moved.objects > 2)
            let left = try await fixture.store.pool.query(
                "SELECT FROM run_log_chunks WHERE run_id = \(run.id) AND object_key IS NULL"
            ).rowCount
            #expect(left > 0)
            #expect(try await fixture.everyLine(of: run.id) == before)
            _ = try await fixture.store.store([fixture.flush(run, number: 6, lines: 20)])
            #expect(try await fixture.everyLine(of: run.id).count == 140)
            try await fixture.end(run, .objects)
            #expect(try await fixture.everyLine(of: run.id).count == 140)
        }
    }

    @Test("a log that was moved is an error where no object storage is known, not an empty log")
    func unknownStorage() async throws {
        let objects = try #require(try await LogHome.objects.objects())
        try await StoreFixture.with(logObjects: objects) { fixture in
            let run = try await fixture.writtenRun(flushes: 1, linesEach: 20)
            try await fixture.end(run, .objects)
            let blind = RunStore(pool: fixture.store.pool)
            await #expect(throws: NoObjectStorage.self) {
                try await blind.logChunks(run.id, of: .numberedByRunner, after: .start)
            }
        }
    }
}

extension LogObjects {
    /// Everything below the prefix.
    fileprivate func keys() async throws -> [String] { try await client.list(prefix: prefix).keys }
}

extension StoreFixture {
    /// Lines numbered on from the flush before, by turns of a task and of the runner.
    func flush(_ run: ClaimedRun, number: Int, lines: Int) -> StreamFlush {
        let first = Int64(number * lines) + 1
        let all = (first..<(first + Int64(lines))).map {
            LogLine(
                sequence: $0,
                milliseconds: Self.milliseconds(ofLine: $0),
                channel: $0 % 3 == 0 ? .stderr : .stdout,
                text: "line\t\($0) äöü \u{1B}[31m"
            )
        }
        return StreamFlush(
            run: run.id,
            leaseEpoch: run.leaseEpoch,
            placement: run.placement,
            previousStreamSequence: first - 1,
            previousSailLines: 0,
            streamSequence: first + Int64(lines) - 1,
            sailLines: 0,
            chunks: [
                LogChunk(stream: "task/a", lines: all.filter { $0.sequence % 2 == 1 }),
                LogChunk(stream: "runner", lines: all.filter { $0.sequence % 2 == 0 }),
            ],
            outputs: []
        )
    }

    static func milliseconds(ofLine number: Int64) -> Int64 { 1_772_359_204_000 + number }
    static func time(ofLine number: Int64) -> Timestamp {
        Timestamp(microsecondsSince1970: milliseconds(ofLine: number) * 1000)
    }

    func writtenRun(flushes: Int, linesEach: Int) async throws -> ClaimedRun {
        let run = try #require(try await claimed().first)
        for number in 0..<flushes {
            #expect(try await store.store([flush(run, number: number, lines: linesEach)]) == [run.id])
        }
        return run
    }

    /// Every line of the runner's numbering, in order, read in small pages.
    func everyLine(of run: RunID) async throws -> [LogLine] {
        var lines: [LogLine] = []
        for stream in ["runner", "task/a"] {
            var position = LogPosition.start
            while true {
                let chunks = try await store.logChunks(run, of: .stream(stream), after: position, limit: 2)
                guard let last = chunks.last else { break }
                lines += chunks.flatMap(\.lines)
                position = last.end
            }
        }
        return lines.sorted { $0.sequence < $1.sequence }
    }

    /// Ends the run, and moves its log if that is where it is to be.
    func end(_ run: ClaimedRun, _ home: LogHome) async throws {
        _ = try await store.apply([report(run, end: Self.success())])
        guard home == .objects else { return }
        let moved = try await store.moveLogs(holder: Self.identifier(), settings: LogMoveSettings())
        #expect(moved.objects > 0)
        let left = try await store.pool.query(
            "SELECT FROM run_log_chunks WHERE run_id = \(run.id) AND (object_key IS NULL OR octet_length(content) > 0)"
        )
        #expect(left.rowCount == 0)
    }

    /// Has what was stored today be stored some days ago: in a partition of that day.
    func age(days: Int) async throws {
        for statement in [
            "ALTER TABLE run_log_chunks DETACH PARTITION run_log_chunks_first",
            "ALTER TABLE run_log_chunks_first RENAME TO run_log_chunks_old",
            "UPDATE run_log_chunks_old SET stored_on = stored_on - \(days)",
            "UPDATE live_runs SET created_at = created_at - interval '\(days) days'",
            """
            ALTER TABLE run_log_chunks ATTACH PARTITION run_log_chunks_old
            FOR VALUES FROM (MINVALUE) TO ((now() AT TIME ZONE 'UTC')::date - \(days - 1))
            """,
        ] {
            try await store.pool.query(PostgresQuery(statement))
        }
    }
}
