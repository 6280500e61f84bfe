import KubernetesClient
import RunStore
import SlipwayCore
import Testing

@testable import Worker

@Suite("A stream that was cut says so in the log")
struct CutStreamTests {
    private let now = Sample.created + .seconds(20)
    private let start = ContinuousClock.now

    private func marks(_ placement: SupervisedPlacement) -> [String] {
        placement.stream.flush(of: placement.run, chunkBytes: 1 << 16).chunks.filter { $0.stream == "runner" }
            .flatMap(\.lines).map(\.text)
    }

    private func ended(
        reading lines: [RunnerLine],
        summary: RunnerSummary? = nil,
        isRead: Bool = false,
        run: SupervisedRun = Sample.run()
    ) throws -> SupervisedPlacement {
        var placement = SupervisedPlacement(run: run, spec: Sample.spec())
        placement.observe(try PodDocument.snapshot(.running), at: Sample.clock(now))
        for line in lines {
            placement.observe(line, limits: LogLimits(streamBytes: 1 << 20, runBytes: 1 << 20), at: start)
        }
        placement.observe(try PodDocument.ended(summary: summary), at: Sample.clock(now))
        placement.isRunnerStreamRead = isRead
        var settings = WorkerSettings()
        settings.streamPatience = .zero
        placement.conclude(at: Sample.clock(now), settings: settings)
        #expect(placement.end != nil)
        return placement
    }

    @Test("the summary tells how many lines are missing, and decides the end")
    func toldBySummary() throws {
        let summary = RunnerSummary(result: .succeeded, warnings: 3, lastSequence: 90)
        var placement = try ended(reading: [Sample.line(1, .started(version: "0")), Sample.log(2)], summary: summary)
        #expect(placement.end?.outcome == .succeeded)
        #expect(marks(placement) == ["[lines 3 to 90 were not received]"])
        #expect(!placement.mayReport, "the mark is not stored yet")
        #expect(placement.report().warnings == 3)
        placement.stream.stored(sequence: 90, sailLines: 0)
        #expect(placement.mayReport)
    }

    @Test("an adopter that read nothing marks what nobody stored")
    func adopted() throws {
        let summary = RunnerSummary(result: .succeeded, lastSequence: 11)
        let placement = try ended(reading: [], summary: summary, run: Sample.run(storedSequence: 10))
        #expect(marks(placement) == ["[line 11 was not received]"])
        let whole = try ended(reading: [], summary: summary, run: Sample.run(storedSequence: 11))
        #expect(marks(whole) == [])
    }

    @Test("without a summary a stream that was not read to its end is marked, and one that was is not")
    func withoutSummary() throws {
        #expect(try marks(ended(reading: [Sample.log(1)])) == ["[the runner's lines after 1 were not received]"])
        #expect(try marks(ended(reading: [Sample.log(1)], isRead: true)) == [])
    }

    @Test("a whole stream has no mark")
    func whole() throws {
        let summary = RunnerSummary(result: .succeeded, lastSequence: 4)
        #expect(try marks(ended(reading: Sample.wholeStream, summary: summary)) == [])
    }

    @Test("a summary's number that no runner reaches marks nothing", arguments: [Int64.max, -1, 0])
    func incredible(last: Int64) throws {
        let summary = RunnerSummary(result: .succeeded, lastSequence: last)
        #expect(try marks(ended(reading: [Sample.log(1)], summary: summary, isRead: true)) == [])
    }

    @Test("lines that a node has thrown away are marked where they were")
    func gap() throws {
        var buffer = StreamBuffer(storedSequence: 2, storedSailLines: 0, tasks: Sample.tasks)
        for sequence in [Int64(2), 3, 8, 9] {
            _ = buffer.take(Sample.log(sequence), limits: LogLimits(streamBytes: 1 << 20, runBytes: 1 << 20))
        }
        let chunks = buffer.flush(of: Sample.run(), chunkBytes: 1 << 16).chunks
        #expect(chunks.map(\.stream) == ["task/only", "runner"])
        #expect(chunks.last?.lines.map(\.text) == ["[lines 4 to 7 were not received]"])
        #expect(chunks.last?.lines.map(\.sequence) == [7])
    }
}
