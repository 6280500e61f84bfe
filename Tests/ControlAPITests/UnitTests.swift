import Hummingbird
import Observability
import PostgresClient
import RunStore
import SlipwayCore
import Synchronization
import TestSupport
import Testing

@testable import ControlAPI

@Suite struct RunIdentifiersTests {
    @Test("ids grow even when the clock stands still or goes back")
    func monotonic() {
        let milliseconds = Mutex<[Int64]>([5, 5, 5, 4, 6])
        let identifiers = RunIdentifiers(
            now: {
                Timestamp(microsecondsSince1970: milliseconds.withLock { $0.isEmpty ? 6 : $0.removeFirst() } * 1000)
            },
            random: { .max }
        )
        let ids = (0..<100).map { _ in identifiers.next() }
        #expect(zip(ids, ids.dropFirst()).allSatisfy(<))
        #expect(ids.allSatisfy { ($0.high >> 12) & 0xF == 7 && $0.low >> 62 == 2 })
    }
}

@Suite struct RunIntakeTests {
    struct Refused: Error {}

    /// Holds the first commit back until all others wait.
    private final class Gate: Sendable {
        let batches = Mutex<[[RunID]]>([])
        let (stream, open) = AsyncStream.makeStream(of: Void.self)
    }

    @Test("what arrives during a commit goes together with the next")
    func collects() async throws {
        let gate = Gate()
        let intake = RunIntake(limits: ControlAPILimits(), metrics: MetricsRegistry()) { runs in
            let isFirst = gate.batches.withLock { batches in
                batches.append(runs.map(\.id))
                return batches.count == 1
            }
            if isFirst { for await _ in gate.stream { break } }
        } committed: {
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await intake.submit([Self.run(0)]) }
            try await eventually { gate.batches.withLock { $0.count == 1 } }
            for number in 1...50 { group.addTask { try await intake.submit([Self.run(UInt64(number))]) } }
            try await eventually("50 wait") { await intake.waitingRunCount == 50 }
            gate.open.yield()
            try await group.waitForAll()
        }
        #expect(gate.batches.withLock { $0.map(\.count) } == [1, 50])
    }

    @Test("a caller whose runs are refused spares the others")
    func spares() async throws {
        let gate = Gate()
        let intake = RunIntake(limits: ControlAPILimits(), metrics: MetricsRegistry()) { runs in
            let isFirst = gate.batches.withLock { batches in
                batches.append(runs.map(\.id))
                return batches.count == 1
            }
            if isFirst { for await _ in gate.stream { break } }
            if runs.contains(where: { $0.id.low == 7 }) { throw Refused() }
        } committed: {
        }
        let results = try await withThrowingTaskGroup(of: (UInt64, Bool).self) { group in
            group.addTask {
                try await intake.submit([Self.run(0)])
                return (0, true)
            }
            try await eventually { gate.batches.withLock { $0.count == 1 } }
            for number in UInt64(1)...10 {
                group.addTask {
                    do {
                        try await intake.submit([Self.run(number)])
                        return (number, true)
                    } catch is Refused {
                        return (number, false)
                    }
                }
            }
            try await eventually("10 wait") { await intake.waitingRunCount == 10 }
            gate.open.yield()
            return try await group.reduce(into: [UInt64: Bool]()) { $0[$1.0] = $1.1 }
        }
        #expect(results.filter { !$0.value }.map(\.key) == [7] && results.count == 11)
    }

    @Test("more than may wait are turned away at once")
    func bounded() async throws {
        var limits = ControlAPILimits()
        limits.waitingRuns = 3
        let intake = RunIntake(limits: limits, metrics: MetricsRegistry()) { _ in
        } committed: {
        }
        let error = await #expect(throws: Problem.self) {
            try await intake.submit((0..<4).map { Self.run($0) })
        }
        #expect(error?.code == .overloaded && error?.headers[.retryAfter] == "1")
    }

    private static func run(_ number: UInt64) -> NewRun {
        NewRun(
            id: Identifier(high: 1, low: number),
            jobID: Identifier(high: 1, low: 1),
            jobVersion: 1,
            team: "default",
            jobName: "report",
            kind: nil,
            cluster: "default",
            variables: [:]
        )
    }
}

@Suite struct JSONWriterTests {
    @Test(
        "text is written so that it can be read",
        arguments: [
            "plain", "quote \" backslash \\ slash /", "line\nend\r\ttab", "\u{1}\u{1F}\u{7F}", "äöü 🚢 \u{2028}", "",
        ]
    )
    func texts(text: String) throws {
        let written = String(decoding: JSONWriter.text { $0.value(JSONValue.array([.string(text)])) }, as: UTF8.self)
        let answer = Answer(status: 200, headers: [:], text: written)
        #expect(answer.json == .array([.string(text)]))
    }

    @Test("nested values keep their commas, absent ones are left out")
    func nested() {
        let written = JSONWriter.text { json in
            json.object { json in
                json.member("a", 1)
                json.member("none", String?.none)
                json.array("b", [1, 2]) { $0.value($1) }
                json.object("c") { $0.member("d", true) }
                json.array("e", [Int]()) { $0.value($1) }
                json.member("f", JSONValue.object(["z": .null, "y": .number(0.5)]))
            }
        }
        #expect(
            String(decoding: written, as: UTF8.self)
                == #"{"a":1,"b":[1,2],"c":{"d":true},"e":[],"f":{"y":0.5,"z":null}}"#
        )
    }
}

@Suite struct ProblemTests {
    @Test("an outage is told from a failure, and whether something may have happened")
    func postgres() {
        #expect(Problem(PostgresError(.acquireTimedOut, "")).code == .overloaded)
        #expect(Problem(PostgresError(.connectFailed, "")).code == .databaseUnavailable)
        let lost = Problem(PostgresError(.connectionLost(mayHaveExecuted: true), ""))
        #expect(lost.status == .serviceUnavailable && lost.detail.contains("may have taken effect"))
        #expect(Problem(PostgresError(.decodingFailed, "secret")).code == .internalError)
        #expect(!Problem(PostgresError(.decodingFailed, "secret")).detail.contains("secret"))
    }
}

@Suite struct LogCursorTests {
    @Test("a cursor is read back, and anything else is not one")
    func text() {
        let cursor = LogCursor(
            runner: LogPosition(placement: 2, sequence: 532),
            sail: LogPosition(placement: 1, sequence: 88),
            event: 17
        )
        #expect(cursor.description == "2.532-1.88-17" && LogCursor(cursor.description) == cursor)
        // As versions wrote it that had no events among the lines.
        #expect(LogCursor("2.532-1.88")?.sail == cursor.sail && LogCursor("2.532-1.88")?.event == 0)
        for wrong in [
            "", "1", "1.2", "1.2-3", "a.b-c.d", "1.2-3.4-5.6", "-1.2-3.4", "1.2.3-4.5", "99999999999.1-1.1",
            "1.1-1.1--1",
        ] {
            #expect(LogCursor(wrong) == nil, "\(wrong)")
        }
    }
}

@Suite("Numberings of a log are put together by time") struct LogMergeTests {
    private static func part(_ stream: String, _ times: [Int64], isFull: Bool = false) -> LogPart {
        let lines = times.enumerated().map { index, time in
            NamedLogLine(
                stream: stream,
                placement: 1,
                line: LogLine(
                    sequence: Int64(index + 1),
                    milliseconds: time,
                    channel: .stdout,
                    text: "\(stream)\(time)"
                )
            )
        }
        return LogPart(lines: lines, end: LogPosition(placement: 1, sequence: Int64(times.count)), isFull: isFull)
    }

    private static func texts(_ parts: [LogPart]) -> [String] { LogMerge.merged(parts).lines.map(\.line.text) }

    @Test("each in its own order, whatever its clock says")
    func order() {
        let parts = [Self.part("a", [1, 5, 3, 9]), Self.part("b", [2, 4, 10])]
        #expect(Self.texts(parts) == ["a1", "b2", "b4", "a5", "a3", "a9", "b10"])
    }

    @Test("what may have to follow lines that are not read yet waits")
    func horizon() {
        let parts = [Self.part("a", [1, 2, 3], isFull: true), Self.part("b", [2, 7, 8]), Self.part("c", [])]
        let (lines, taken) = LogMerge.merged(parts)
        #expect(lines.map(\.line.text) == ["a1", "a2", "b2", "a3"] && taken == [3, 1, 0])
        #expect(LogMerge.position(in: parts[1], taken: 1, from: .start).sequence == 1)
        #expect(LogMerge.position(in: parts[1], taken: 0, from: .start) == .start)
        #expect(LogMerge.position(in: parts[0], taken: 3, from: .start).sequence == 3)
    }

    @Test("a page of which nothing is wanted still leads on")
    func nothingWanted() {
        let parts = [
            LogPart(lines: [], end: LogPosition(placement: 1, sequence: 50), isFull: true), Self.part("b", [1]),
        ]
        let (lines, taken) = LogMerge.merged(parts)
        #expect(lines.isEmpty && taken == [0, 0])
        #expect(LogMerge.position(in: parts[0], taken: 0, from: .start).sequence == 50)
    }
}
