import SlipwayCore
import Testing

@testable import Benchmark

@Suite struct ReportTests {
    private func measurement(bars: (inout RunsPlan.Bars) -> Void = { _ in }) -> RunsMeasurement {
        var plan = RunsPlan()
        plan.runs = 100
        bars(&plan.bars)
        var measurement = RunsMeasurement(plan: plan, isSimulated: true)
        measurement.begin = 1_000_000
        // Run n is created after n ms, runs 100 ms later and ends 50 ms after that.
        measurement.times = (1...100).map { number in
            let created = 1_000_000 + Int64(number) * 1000
            return RunLedger.Times(created: created, running: created + 100_000, succeeded: created + 150_000)
        }
        measurement.submission.acknowledged = (1...100).map { .init(high: 1, low: $0) }
        measurement.submission.seconds = 0.2
        measurement.processes = [
            ProcessUsage(name: "scheduler", cpuSeconds: 0.5, residentBytes: 20 << 20, peakBytes: 30 << 20)
        ]
        measurement.lossless.acknowledged = 100
        measurement.lossless.succeeded = 100
        return measurement
    }

    @Test("rates, times and costs are computed from what was measured")
    func figures() {
        let report = RunsReport(measurement())
        #expect(report.lifecycleSeconds == 0.25)
        #expect(report.runsPerSecond == 400)
        #expect(report.submitsPerSecond == 500)
        #expect(report.submitToRunning.p99 == 0.1)
        #expect(report.pendingToSucceeded.maximum == 0.15)
        #expect(report.processes.first?.cpuMillisecondsARun == 5)
        #expect(report.isPassed)
    }

    @Test("the summary says which bar was reached and which was missed")
    func bars() {
        let report = RunsReport(
            measurement {
                $0.runsPerSecond = 300
                $0.runningP99Seconds = 0.05
            }
        )
        #expect(report.bars.map(\.isReached) == [true, false])
        #expect(!report.isPassed)
        #expect(
            report.summary
                == "FAILED; reached: 400 /s (at least 300 /s); MISSED: p99 of submit → running 100 ms (at most 50.0 ms)"
        )
    }

    @Test("a run without a time of running misses the bar for all")
    func incomplete() {
        var measurement = measurement { $0.runningP99Seconds = 1 }
        measurement.times[0].running = nil
        #expect(!RunsReport(measurement).isPassed)
    }

    @Test(
        "whatever is lost or left is told",
        arguments: [
            (\Lossless.duplicates, "ids were given twice"), (\Lossless.missing, "nowhere"), (\Lossless.live, "live"),
            (\Lossless.expectedLogLines, "log lines"), (\Lossless.cleanupsLeft, "removed"),
            (\Lossless.podsLeft, "left"),
        ]
    )
    func losses(count: any WritableKeyPath<Lossless, Int> & Sendable, words: String) {
        var measurement = measurement()
        measurement.lossless[keyPath: count] = 3
        let report = RunsReport(measurement)
        #expect(!report.isPassed)
        #expect(report.text.contains("NOT lossless"))
        #expect(report.lossless.offences.contains { $0.hasPrefix("3 ") && $0.contains(words) })
    }

    @Test("the text is at most 100 columns wide")
    func width() {
        var measurement = measurement()
        measurement.costs.messages = ["reports": 0.1, "supervise": 0.2]
        measurement.submission.failures = [String(repeating: "x", count: 300): 1]
        let lines = RunsReport(measurement).text.split(separator: "\n")
        #expect(lines.allSatisfy { $0.count <= 100 }, "\(lines.first { $0.count > 100 } ?? "")")
        #expect(lines.contains { $0.contains("supervise") })
    }

    @Test("JSON names every figure with its unit")
    func json() throws {
        let json = try RunsReport(measurement()).json()
        for name in ["runs_per_second", "lifecycle_seconds", "cpu_milliseconds_a_run", "resident_bytes", "wal_bytes"] {
            #expect(json.contains("\"\(name)\""), "\(name)")
        }
    }

    @Test("a comparison's ratio is the client's share of the limit")
    func ratio() {
        var comparison = Comparison(
            client: "PostgresClient",
            what: "select",
            unit: "selects",
            perSecond: 50,
            limitName: "pgbench",
            limitPerSecond: 100
        )
        #expect(comparison.ratio == 0.5)
        comparison.limitPerSecond = nil
        #expect(comparison.ratio == nil)
        let text = ClientsReport(seconds: 1, rounds: 1, comparisons: [comparison]).text
        #expect(text.split(separator: "\n").count == 2)
    }

    @Test("of several rounds the best counts, for each side")
    func rounds() {
        let first = Comparison(
            client: "AMQPClient",
            what: "publish",
            unit: "messages",
            perSecond: 50,
            limitName: "loop",
            limitPerSecond: 100
        )
        var second = first
        second.perSecond = 60
        second.limitPerSecond = 90
        #expect(first.best(with: second).ratio == 0.6)
        #expect(second.best(with: first) == first.best(with: second))
    }

    @Test("pgbench's rate is found in what it prints")
    func pgbench() {
        #expect(
            Pgbench.rate(in: "latency average = 0.1 ms\ntps = 8123.456 (without initial connection time)\n") == 8123.456
        )
        #expect(Pgbench.rate(in: "pgbench: error\n") == nil)
    }
}
