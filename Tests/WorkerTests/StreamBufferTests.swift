import RunStore
import SlipwayCore
import Testing

@testable import Worker

@Suite("What was read of a stream waits for storage")
struct StreamBufferTests {
    private static let unlimited = LogLimits(streamBytes: 1 << 20, runBytes: 1 << 20)

    private func flush(_ buffer: StreamBuffer, chunkBytes: Int = 1 << 16) -> StreamFlush {
        buffer.flush(of: Sample.run(), chunkBytes: chunkBytes)
    }

    private func texts(_ flush: StreamFlush) -> [String] { flush.chunks.flatMap(\.lines).map(\.text) }

    @Test("a line that comes again is not taken again")
    func repeatedLines() {
        var buffer = StreamBuffer(storedSequence: 0, storedSailLines: 0, tasks: Sample.tasks)
        for line in [Sample.log(1), Sample.log(2)] { #expect(buffer.take(line, limits: Self.unlimited) == true) }
        for line in [Sample.log(1), Sample.log(2)] { #expect(buffer.take(line, limits: Self.unlimited) == false) }
        #expect(texts(flush(buffer)) == ["line 1", "line 2"])
    }

    @Test("an adopter reads from the first line and stores from where the last one stopped")
    func adoption() {
        var buffer = StreamBuffer(storedSequence: 2, storedSailLines: 0, tasks: Sample.tasks)
        for sequence in 1...2 { #expect(buffer.take(Sample.log(Int64(sequence)), limits: Self.unlimited) == true) }
        #expect(!buffer.isDirty)
        for sequence in 3...4 { #expect(buffer.take(Sample.log(Int64(sequence)), limits: Self.unlimited) == true) }
        let flush = flush(buffer)
        #expect(texts(flush) == ["line 3", "line 4"])
        #expect(flush.previousStreamSequence == 2 && flush.streamSequence == 4)
    }

    @Test("what comes while a flush is under way waits for the next, outputs too")
    func linesDuringAFlush() {
        var buffer = StreamBuffer(storedSequence: 0, storedSailLines: 0, tasks: Sample.tasks)
        for line in [Sample.log(1), Sample.output(2, "first")] { _ = buffer.take(line, limits: Self.unlimited) }
        let first = flush(buffer)
        for line in [Sample.log(3), Sample.output(4, "second")] { _ = buffer.take(line, limits: Self.unlimited) }
        buffer.stored(sequence: first.streamSequence, sailLines: first.sailLines)
        let second = flush(buffer)
        #expect(texts(first) == ["line 1"] && first.outputs.map(\.name) == ["first"])
        #expect(texts(second) == ["line 3"] && second.outputs.map(\.name) == ["second"])
        #expect(second.previousStreamSequence == 2)
        buffer.stored(sequence: second.streamSequence, sailLines: second.sailLines)
        #expect(!buffer.isDirty && buffer.bufferedBytes == 0)
    }

    @Test("storage that reached less far than the last flush leaves the rest to be stored")
    func partlyStored() {
        var buffer = StreamBuffer(storedSequence: 0, storedSailLines: 0, tasks: Sample.tasks)
        for sequence in 1...4 { _ = buffer.take(Sample.log(Int64(sequence)), limits: Self.unlimited) }
        buffer.stored(sequence: 2, sailLines: 0)
        let rest = flush(buffer)
        #expect(texts(rest) == ["line 3", "line 4"])
        #expect(rest.previousStreamSequence == 2)
    }

    @Test("a stream over its bound is cut once with a word, and its numbers go on", arguments: [0, 1])
    func streamBound(alreadyStored: Int64) {
        // Of two lines of 84 bytes that fit, a worker before this one may have stored the first.
        let limits = LogLimits(streamBytes: 200, runBytes: 10_000)
        var buffer = StreamBuffer(
            storedSequence: alreadyStored,
            storedSailLines: 0,
            stored: alreadyStored == 0 ? [:] : ["task/only": StoredStream(bytes: 84, isCut: false)],
            tasks: Sample.tasks
        )
        let long = String(repeating: "x", count: 60)
        for sequence in 1...5 { _ = buffer.take(Sample.log(Int64(sequence), long), limits: limits) }
        _ = buffer.take(Sample.output(6, "kept"), limits: limits)
        buffer.takeSail(number: 1, milliseconds: 5, text: "sail goes on", limits: limits)
        let flush = flush(buffer)
        let word = "[slipway: the rest of this stream is dropped: the stream's bound of 200 bytes is reached]"
        #expect(texts(flush) == Array([long, long, word].dropFirst(Int(alreadyStored))) + ["sail goes on"])
        #expect(flush.chunks.map(\.isCut) == [true, false])
        #expect(flush.streamSequence == 6 && flush.outputs.count == 1)
    }

    @Test("a run over its bound is cut in each of its streams, once")
    func runBound() {
        let limits = LogLimits(streamBytes: 10_000, runBytes: 100)
        var buffer = StreamBuffer(storedSequence: 0, storedSailLines: 0, tasks: Sample.tasks)
        for sequence in 1...5 {
            _ = buffer.take(Sample.log(Int64(sequence), String(repeating: "x", count: 50)), limits: limits)
        }
        for number in 1...3 { buffer.takeSail(number: Int64(number), milliseconds: 5, text: "sail", limits: limits) }
        let flush = flush(buffer)
        let word = "[slipway: the rest of this stream is dropped: the run's bound of 100 bytes is reached]"
        #expect(texts(flush).filter { $0 == word }.count == 2 && texts(flush).count == 3)
        #expect(flush.chunks.map(\.isCut) == [true, true])
    }

    @Test("a stream that was cut under another worker stays silent")
    func cutBefore() {
        let limits = LogLimits(streamBytes: 200, runBytes: 10_000)
        var buffer = StreamBuffer(
            storedSequence: 3,
            storedSailLines: 0,
            stored: ["task/only": StoredStream(bytes: 180, isCut: true)],
            tasks: Sample.tasks
        )
        for sequence in 1...6 { _ = buffer.take(Sample.log(Int64(sequence)), limits: limits) }
        let flush = flush(buffer)
        #expect(flush.chunks.isEmpty && flush.streamSequence == 6)
    }

    @Test("a chunk holds about as many bytes as it may, and a longer line is a chunk of its own")
    func chunks() {
        var buffer = StreamBuffer(storedSequence: 0, storedSailLines: 0, tasks: Sample.tasks)
        for (index, count) in [4, 4, 4, 20, 4].enumerated() {
            _ = buffer.take(Sample.log(Int64(index + 1), String(repeating: "y", count: count)), limits: Self.unlimited)
        }
        #expect(flush(buffer, chunkBytes: 10).chunks.map { $0.lines.map(\.sequence) } == [[1, 2], [3], [4], [5]])
    }

    @Test("Sail's lines have numbers of their own")
    func sailLines() {
        var buffer = StreamBuffer(storedSequence: 7, storedSailLines: 1, tasks: Sample.tasks)
        for number in 1...3 {
            buffer.takeSail(number: Int64(number), milliseconds: 5, text: "sail \(number)", limits: Self.unlimited)
        }
        let flush = flush(buffer)
        #expect(flush.chunks.map(\.stream) == ["sail"] && texts(flush) == ["sail 2", "sail 3"])
        #expect(flush.previousSailLines == 1 && flush.sailLines == 3 && flush.streamSequence == 7)
        buffer.stored(sequence: 7, sailLines: 3)
        #expect(!buffer.isDirty)
    }

    @Test("what user code writes of tasks that the job does not have stays out of streams and outputs")
    func forged() {
        var buffer = StreamBuffer(storedSequence: 0, storedSailLines: 0, tasks: Sample.tasks)
        let name = String(repeating: "x", count: 5000)
        let line = RunnerLine(sequence: 1, milliseconds: 5, record: .log(task: name, channel: .stdout, text: "forged"))
        _ = buffer.take(line, limits: .unbounded)
        let output = TaskOutput(task: name, name: "n", kind: .scalar, value: .integer(1))
        _ = buffer.take(RunnerLine(sequence: 2, milliseconds: 5, record: .output(output)), limits: .unbounded)
        let flush = flush(buffer)
        #expect(flush.chunks.map(\.stream) == ["runner"] && flush.outputs.isEmpty && flush.streamSequence == 2)
    }

}
