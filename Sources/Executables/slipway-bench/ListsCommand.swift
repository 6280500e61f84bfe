internal import ArgumentParser
internal import Benchmark
internal import FoundationEssentials

struct ListsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lists",
        abstract: "Measure pages of runs, filters and searches over a million runs.",
        discussion: """
            Fills the installation's database with runs that are over until there are so many, then asks the API for pages of each \
            kind. The runs stay: use an installation of its own.
            """
    )

    @Option(help: "How many runs the database holds: 1000 to 5000000.")
    var runs = ListsPlan().runs

    @Option(help: "Requests of each kind: 10 to 10000.")
    var requests = ListsPlan().requests

    @Option(help: "How many ask at once: 1 to 100.")
    var clients = ListsPlan().clients

    @Option(
        name: .customLong("require-p99"),
        help: ArgumentHelp("Fail if 1 of 100 pages of a kind takes longer.", valueName: "duration")
    )
    var requireP99: String?

    @Flag(help: "Print every figure as JSON.")
    var json = false

    @OptionGroup var stack: StackOptions

    func validate() throws {
        try RangeCheck.check("--runs", runs, ListsPlan.Limits.runs)
        try RangeCheck.check("--requests", requests, ListsPlan.Limits.requests)
        try RangeCheck.check("--clients", clients, ListsPlan.Limits.clients)
        _ = try requireP99.map { try DurationOption.seconds("--require-p99", $0) }
    }

    func run() async throws {
        var plan = ListsPlan()
        plan.runs = runs
        plan.requests = requests
        plan.clients = clients
        plan.p99Seconds = try requireP99.map { try DurationOption.seconds("--require-p99", $0) }
        let token = ProcessInfo.processInfo.environment["SLIPWAY_TOKEN"] ?? ""
        let benchmark = ListsBenchmark(plan: plan, stack: try stack.stack(), token: token) { Terminal.note($0) }
        let report = try await benchmark.run()
        Terminal.print(json ? try report.json() : report.text)
        if !report.isPassed { throw ExitCode.failure }
    }
}
