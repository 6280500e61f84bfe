internal import ArgumentParser
internal import Benchmark
internal import FoundationEssentials

struct RunsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "runs",
        abstract: "Send runs through a running installation and measure what they cost.",
        discussion: """
            Applies the job \(NoopJob.name), submits its runs, waits for their end, and checks that each one that was acknowledged \
            is there exactly once and succeeded, with its log, and that no pod is left.

            Without --rate each client submits again once it was answered. With --rate runs become due at an even pace whatever \
            becomes of those before, and a late submission counts from when it was due.
            """
    )

    @Option(help: "How many runs: 1 to 1000000.")
    var runs = RunsPlan().runs

    @Option(help: "How many clients submit at once: 1 to 1000.")
    var clients = RunsPlan().clients

    @Option(help: "Runs to submit a second; as fast as answers come by default.")
    var rate: Double?

    @Option(help: "How long each pod pretends to run, in milliseconds: 0 to 600000.")
    var podMilliseconds = RunsPlan().podMilliseconds

    @Option(help: "How many lines each run logs: 0 to 200.")
    var logLines = RunsPlan().logLines

    @Option(
        help: ArgumentHelp("How long all runs may take to end after the last was submitted.", valueName: "duration")
    )
    var timeout = "10m"

    @Option(help: ArgumentHelp("How long the last pods may take to go.", valueName: "duration"))
    var settle = "30s"

    @Option(help: ArgumentHelp("Fail below so many runs a second through the whole lifecycle.", valueName: "runs"))
    var requireRate: Double?

    @Option(
        name: .customLong("require-p99"),
        help: ArgumentHelp("Fail if submit → running takes longer for 1 of 100.", valueName: "duration")
    )
    var requireP99: String?

    @Flag(help: "Print every figure as JSON.")
    var json = false

    @OptionGroup var stack: StackOptions

    func validate() throws {
        try RangeCheck.check("--runs", runs, RunsPlan.Limits.runs)
        try RangeCheck.check("--clients", clients, RunsPlan.Limits.clients)
        try RangeCheck.check("--pod-milliseconds", podMilliseconds, RunsPlan.Limits.podMilliseconds)
        try RangeCheck.check("--log-lines", logLines, RunsPlan.Limits.logLines)
        if let rate, !(rate > 0) { throw ValidationError("--rate is \(rate); allowed is more than 0.") }
        _ = try (DurationOption.seconds("--timeout", timeout), DurationOption.seconds("--settle", settle))
        if let requireP99 { _ = try DurationOption.seconds("--require-p99", requireP99) }
    }

    func run() async throws {
        let token = ProcessInfo.processInfo.environment["SLIPWAY_TOKEN"] ?? ""
        let benchmark = RunsBenchmark(plan: try plan(), stack: try stack.stack(), token: token) { Terminal.note($0) }
        let report = try await benchmark.run()
        Terminal.print(json ? try report.json() : report.text)
        if json { Terminal.note(report.summary) }
        if !report.isPassed { throw ExitCode.failure }
    }

    private func plan() throws -> RunsPlan {
        var plan = RunsPlan()
        plan.runs = runs
        plan.clients = clients
        plan.ratePerSecond = rate
        plan.podMilliseconds = podMilliseconds
        plan.logLines = logLines
        plan.endLimit = .seconds(try DurationOption.seconds("--timeout", timeout))
        plan.settleLimit = .seconds(try DurationOption.seconds("--settle", settle))
        plan.bars.runsPerSecond = requireRate
        plan.bars.runningP99Seconds = try requireP99.map { try DurationOption.seconds("--require-p99", $0) }
        return plan
    }

}

/// Refuses options that are out of bounds.
enum RangeCheck {
    static func check(_ option: String, _ value: Int, _ allowed: ClosedRange<Int>) throws {
        guard allowed.contains(value) else {
            throw ValidationError("\(option) is \(value); allowed is \(allowed.lowerBound) to \(allowed.upperBound).")
        }
    }
}

/// Reads options that are lengths of time.
enum DurationOption {
    static func seconds(_ option: String, _ text: String) throws -> Double {
        guard let seconds = FigureText.parseSeconds(text) else {
            throw ValidationError("\(option) is \"\(text)\"; allowed is a duration such as 500ms, 2s or 10m.")
        }
        return seconds
    }
}
