internal import ArgumentParser
internal import Benchmark

struct AdmissionCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "admission",
        abstract: "Measure what deciding about admission costs, without any server.",
        discussion: """
            For each number of waiting runs the decisions of a busy scheduler are made: in every cycle some runs end and some come. \
            The times stand beside one pass over all waiting runs, the least that a decision without memory would take.
            """
    )

    @Option(help: "How many runs wait: 100 to 2000000; may be repeated.")
    var pending: [Int] = []

    @Option(help: "Teams the runs belong to: 1 to 10000.")
    var teams = AdmissionBenchmarkPlan().teams

    @Option(help: "Cycles of admission: 10 to 100000.")
    var cycles = AdmissionBenchmarkPlan().cycles

    @Option(help: "Runs that end and runs that come in each cycle: 0 to 500.")
    var changes = AdmissionBenchmarkPlan().changes

    @Option(help: "Fail if a cycle takes longer than this, such as 50ms.")
    var requireCycle: String?

    @Flag(help: "Print every figure as JSON.")
    var json = false

    func validate() throws {
        for count in pending { try RangeCheck.check("--pending", count, AdmissionBenchmarkPlan.Limits.pending) }
        try RangeCheck.check("--teams", teams, AdmissionBenchmarkPlan.Limits.teams)
        try RangeCheck.check("--cycles", cycles, AdmissionBenchmarkPlan.Limits.cycles)
        try RangeCheck.check("--changes", changes, AdmissionBenchmarkPlan.Limits.changes)
        _ = try requireCycle.map { try DurationOption.seconds("--require-cycle", $0) }
    }

    func run() async throws {
        var plan = AdmissionBenchmarkPlan()
        if !pending.isEmpty { plan.pending = pending }
        plan.teams = teams
        plan.cycles = cycles
        plan.changes = changes
        plan.cycleSeconds = try requireCycle.map { try DurationOption.seconds("--require-cycle", $0) }
        let report = AdmissionBenchmark(plan: plan) { Terminal.note($0) }.run()
        Terminal.print(json ? try report.json() : report.text)
        if !report.isPassed { throw ExitCode.failure }
    }
}
