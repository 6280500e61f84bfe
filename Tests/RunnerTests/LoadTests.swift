import Foundation
import SlipwayCore
import Testing

@Suite("Under load", .serialized)
struct LoadTests {
    @Test("a hundred megabytes go through whole, in order, in flat memory")
    func hundredMegabytes() throws {
        let bytes = 100_000_000
        let runner = try RunnerUnderTest(
            .test(
                [.shell("yes \(String(repeating: "x", count: 999)) | head -c \(bytes)")],
                limits: RunnerLimits(logTaskBytes: 1 << 40)
            )
        )
        var expected: Int64 = 1
        var texts = 0
        var misplaced = 0
        var peak = 0
        var buffer = LineBuffer()
        var chunks = 0
        try runner.readRaw { chunk in
            chunks += 1
            if chunks.isMultiple(of: 100) { peak = max(peak, runner.peakMemoryBytes() ?? 0) }
            buffer.append(chunk)
            while let line = buffer.next() {
                if line.count > 1000 {
                    texts += 1
                    if Self.sequence(of: line) != expected { misplaced += 1 }
                }
                expected += 1
            }
        }
        #expect(misplaced == 0)
        #expect(texts == bytes / 1000)
        #expect(peak > 0)
        #expect(peak < 64 << 20)
    }

    /// From `{"n":123,…`.
    private static func sequence(of line: Data) -> Int64? {
        Int64(String(decoding: line.prefix(24).dropFirst(5).prefix { $0 != UInt8(ascii: ",") }, as: UTF8.self))
    }

    @Test("while nobody reads, the task waits and memory stays flat")
    func backPressure() throws {
        let runner = try RunnerUnderTest(
            .test([.shell("yes 0123456789 | head -c 10000000")], limits: RunnerLimits(logTaskBytes: 1 << 40))
        )
        // Its pipe is full once it sleeps with output pending: it has then taken all it ever will.
        let deadline = ContinuousClock.now + .seconds(30)
        var last = -1
        while ContinuousClock.now < deadline {
            let now = Self.cpuTicks(of: runner.processID)
            if now == last, now > 0 { break }
            last = now
            Thread.sleep(forTimeInterval: 0.2)
        }
        let peak = try #require(runner.peakMemoryBytes())
        #expect(peak < 64 << 20)
        var count = 0
        try runner.readRaw { chunk in count += chunk.count }
        #expect(count > 10_000_000)
    }

    private static func cpuTicks(of process: Int32) -> Int {
        let text = String(
            decoding: FileManager.default.contents(atPath: "/proc/\(process)/stat") ?? Data(),
            as: UTF8.self
        )
        let fields = text.split(separator: " ")
        return fields.count > 15 ? (Int(fields[13]) ?? 0) + (Int(fields[14]) ?? 0) : 0
    }

    @Test("a line of ten megabytes comes in pieces")
    func longLine() throws {
        let outcome = try RunnerUnderTest(
            .test([.shell("head -c 10000000 /dev/zero | tr '\\0' y")], limits: RunnerLimits())
        ).outcome()
        let pieces = outcome.log(of: "task")
        #expect(pieces.allSatisfy { $0.utf8.count <= RunnerLimits().logLineBytes })
        #expect(pieces.reduce(0) { $0 + $1.utf8.count } == 10_000_000)
    }

    @Test("a log beyond its limit ends with one mark, and the task goes on")
    func cutLog() throws {
        let outcome = try RunnerUnderTest(
            .test(
                [.shell("yes abcdefghi | head -n 5000; echo ok > $SLIPWAY_OUTPUT.x")],
                limits: RunnerLimits(logTaskBytes: 9000)
            )
        ).outcome()
        let log = outcome.log(of: "task")
        #expect(log.count == 1001)
        #expect(log.last?.contains("longer than 9000 bytes") == true)
        #expect(outcome.exitCode == 0)
    }

    @Test("bytes that are no UTF-8 are replaced")
    func invalidText() throws {
        let outcome = try RunnerUnderTest(.test([.shell(#"printf 'a\377b\n\303\251\n\360\237\230\n'"#)])).outcome()
        #expect(outcome.log(of: "task") == ["a\u{FFFD}b", "é", "\u{FFFD}\u{FFFD}\u{FFFD}"])
    }

    @Test("two thousand tasks of a graph take little more than their processes, in flat memory")
    func twoThousandTasks() throws {
        let count = 2000
        let tasks = (0..<count).map { index in
            // Each row of ten needs one of the row before it, so that some wait and some go side by side.
            TaskSpec(name: "t\(index)", action: .command(["true"]), needs: index < 10 ? [] : ["t\(index - 10)"])
        }
        let start = ContinuousClock.now
        let runner = try RunnerUnderTest(.test(tasks))
        var ended = 0
        var early = 0
        let lines = try runner.lines { line in
            if case .task(let report) = line.record, report.state == .succeeded {
                ended += 1
                if ended == count / 10 { early = runner.peakMemoryBytes() ?? 0 }
            }
            return ended == count
        }
        let peak = try #require(runner.peakMemoryBytes())
        let outcome = try runner.outcome(after: lines)
        let each = (ContinuousClock.now - start) / count
        print(
            "a task takes \(each) with its process; memory \(early >> 10) KiB after a tenth, at most \(peak >> 10) KiB"
        )
        #expect(outcome.exitCode == 0)
        #expect(outcome.lines.map(\.sequence) == Array(1...Int64(4 * count + 2)))
        #expect(each < .milliseconds(20))
        #expect(early > 0)
        #expect(peak - early < 8 << 20)
    }

    @Test("what the runner itself takes for a task is a small part of it")
    func overhead() throws {
        // Programs that cannot be started leave only the runner's own work.
        let count = 2000
        let tasks = (0..<count).map { index in
            TaskSpec(name: "t\(index)", action: .command(["/no/such/program"]), needs: [], allowFailure: true)
        }
        let start = ContinuousClock.now
        let outcome = try RunnerUnderTest(.test(tasks)).outcome()
        let each = (ContinuousClock.now - start) / count
        print("the runner's own work for a task: \(each)")
        #expect(outcome.states.values.allSatisfy { $0 == .failed })
        #expect(each < .milliseconds(10))
    }
}
