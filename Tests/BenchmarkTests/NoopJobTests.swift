import SlipwayCore
import Testing

@testable import Benchmark

@Suite struct NoopJobTests {
    private let job = NoopJob(podMilliseconds: 250, logLines: 3)

    @Test("the file is a valid job without an engine")
    func file() throws {
        let spec = try JobFile.parse(job.file())
        #expect(spec.name == NoopJob.name)
        #expect(spec.engine == .none)
        #expect(spec.resources.runner == .init(cpuMillicores: 1, memoryBytes: 4 << 20))
        #expect(spec.annotations["localkube.slipway/run-milliseconds"] == "250")
    }

    @Test("the largest job is within the bounds of job files")
    func largest() throws {
        let largest = NoopJob(
            podMilliseconds: RunsPlan.Limits.podMilliseconds.upperBound,
            logLines: RunsPlan.Limits.logLines.upperBound
        )
        #expect(throws: Never.self) { try JobFile.parse(largest.file()) }
    }

    @Test("the stream is numbered without gaps and ends with the summary", arguments: [0, 1, 200])
    func stream(logLines: Int) {
        let lines = NoopJob(podMilliseconds: 0, logLines: logLines).stream()
        #expect(lines.map(\.sequence) == (1...Int64(logLines + 4)).map { $0 })
        guard case .finished(let summary)? = lines.last?.record else {
            Issue.record("the last line is not the summary")
            return
        }
        #expect(summary.result == .succeeded)
        #expect(summary.lastSequence == Int64(logLines + 4))
        #expect(lines.count { if case .log = $0.record { true } else { false } } == logLines)
    }

    @Test("applying it again changes nothing")
    func stable() throws {
        #expect(try job.file() == NoopJob(podMilliseconds: 250, logLines: 3).file())
    }
}
