internal import FoundationEssentials

/// The figures of one benchmark of runs. Times are in seconds, memory in bytes.
package struct RunsReport: Codable, Sendable {
    /// A distribution of which every value is known.
    package struct Spread: Codable, Sendable, Equatable {
        package var count: Int
        package var p50: Double?
        package var p99: Double?
        package var maximum: Double?

        package init(_ samples: Samples) {
            count = samples.count
            p50 = samples.quantile(0.5)
            p99 = samples.quantile(0.99)
            maximum = samples.maximum
        }
    }

    /// Quantiles read off another process's histogram.
    package struct Estimates: Codable, Sendable, Equatable {
        package var count: Int
        package var p50: Double?
        package var p99: Double?
        /// The 99th percentile lies beyond the histogram's last bucket: `p99` is less than it.
        package var isP99LowerBound: Bool

        package init(_ histogram: PrometheusHistogram) {
            count = Int(histogram.count)
            p50 = histogram.quantile(0.5)?.value
            p99 = histogram.quantile(0.99)?.value
            isP99LowerBound = histogram.quantile(0.99)?.isLowerBound ?? false
        }
    }

    package struct Process: Codable, Sendable, Equatable {
        package var usage: ProcessUsage
        package var cpuMillisecondsARun: Double
    }

    package var runs: Int
    package var clients: Int
    /// `nil`: as fast as answers came.
    package var wantedRunsPerSecond: Double?
    package var podMilliseconds: Int
    package var logLinesARun: Int
    package var isSimulated: Bool

    /// From the first submission to the last recorded end.
    package var lifecycleSeconds: Double
    package var runsPerSecond: Double
    package var submitSeconds: Double
    package var submitsPerSecond: Double
    package var submitRefusals: Int
    package var submitFailures: [String: Int]

    package var submitToAcknowledged: Spread
    package var submitToRunning: Spread
    package var pendingToSucceeded: Spread
    package var readyToPodCreated: Estimates

    package var processes: [Process]
    package var costsARun: CostsARun
    package var lossless: Lossless
    package var bars: [BarVerdict]

    init(_ measurement: RunsMeasurement) {
        let plan = measurement.plan
        let acknowledged = measurement.submission.acknowledged.count
        runs = plan.runs
        clients = plan.clients
        wantedRunsPerSecond = plan.ratePerSecond
        podMilliseconds = plan.podMilliseconds
        logLinesARun = plan.logLines
        isSimulated = measurement.isSimulated
        let ends = measurement.times.compactMap(\.succeeded)
        lifecycleSeconds = Self.seconds(from: measurement.begin, to: ends.max() ?? measurement.begin)
        runsPerSecond = lifecycleSeconds > 0 ? Double(ends.count) / lifecycleSeconds : 0
        submitSeconds = measurement.submission.seconds
        submitsPerSecond = submitSeconds > 0 ? Double(acknowledged) / submitSeconds : 0
        submitRefusals = measurement.submission.refusals
        submitFailures = measurement.submission.failures
        submitToAcknowledged = Spread(Samples(measurement.submission.latencySeconds))
        submitToRunning = Spread(
            Samples(
                measurement.times.compactMap { times in
                    times.running.map { Self.seconds(from: times.created, to: $0) }
                }
            )
        )
        pendingToSucceeded = Spread(
            Samples(
                measurement.times.compactMap { times in
                    times.succeeded.map { Self.seconds(from: times.created, to: $0) }
                }
            )
        )
        readyToPodCreated = Estimates(measurement.readyToPodCreated)
        processes = measurement.processes.map { usage in
            Process(usage: usage, cpuMillisecondsARun: usage.cpuSeconds * 1000 / Double(max(1, plan.runs)))
        }
        costsARun = measurement.costs
        lossless = measurement.lossless
        bars = []
        bars = BarVerdict.judge(plan.bars, self)
    }

    /// Whether nothing was lost, every submission was answered, and every bar was reached.
    package var isPassed: Bool { lossless.isHeld && submitFailures.isEmpty && bars.allSatisfy(\.isReached) }

    private static func seconds(from begin: Int64, to end: Int64) -> Double { Double(end - begin) / 1e6 }

    /// Every figure, for programs.
    package func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }
}

/// One thing that had to be reached, and whether it was.
package struct BarVerdict: Codable, Sendable, Equatable {
    package var name: String
    package var required: Double
    package var measured: Double?
    package var isReached: Bool
    /// As a person reads it.
    package var text: String

    static func judge(_ bars: RunsPlan.Bars, _ report: RunsReport) -> [BarVerdict] {
        var verdicts: [BarVerdict] = []
        if let required = bars.runsPerSecond {
            let measured = report.runsPerSecond
            verdicts.append(
                BarVerdict(
                    name: "runs_per_second",
                    required: required,
                    measured: measured,
                    isReached: measured >= required,
                    text: "\(FigureText.rate(measured)) (at least \(FigureText.rate(required)))"
                )
            )
        }
        if let required = bars.runningP99Seconds {
            let measured = report.submitToRunning.p99
            // A run without a time of its own was too late, too.
            let isComplete = report.submitToRunning.count == report.runs
            verdicts.append(
                BarVerdict(
                    name: "submit_to_running_p99_seconds",
                    required: required,
                    measured: measured,
                    isReached: isComplete && measured.map { $0 <= required } ?? false,
                    text:
                        "p99 of submit → running \(FigureText.seconds(measured)) (at most \(FigureText.seconds(required)))"
                )
            )
        }
        return verdicts
    }
}
