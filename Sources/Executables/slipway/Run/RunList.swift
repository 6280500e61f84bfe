internal import ArgumentParser
internal import SlipwayCore

struct RunList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List runs, newest first.",
        discussion: """
              slipway run list --state failed,timeout --job report
              slipway run list --job report --variable country=NL
              slipway run list --state running --watch
              slipway run list -o custom-columns=ID:.id,WHY:.reason
              slipway run list --search 'no such table' --filter 'age<24h AND NOT variables.country=NL'
              slipway run list --order-by 'ended_at desc' --limit 10
              slipway run list --limit 1000 -o name | xargs slipway run cancel
            """
    )

    @Option(help: "Only runs in these states; several are separated by commas.", completion: Candidates.states)
    var state: String?
    @Option(help: "Only runs of this job.", completion: Candidates.jobs)
    var job: String?
    @Option(help: "Only this team's; several are separated by commas.", completion: Candidates.teams)
    var team: String?
    @Option(help: "Only runs whose job has this kind.")
    var kind: String?
    @Option(help: "Only runs made from this run, such as its retries.", completion: Candidates.runs)
    var origin: String?
    @Option(help: "Only runs that were made so: manual, schedule, backfill; several are separated by commas.")
    var trigger: String?
    @Option(help: "Only runs of the schedules with this name.")
    var schedule: String?
    @Option(help: ArgumentHelp("What else must hold, such as 'duration>1h AND NOT tags:test'.", valueName: "condition"))
    var filter: String?
    @Option(help: ArgumentHelp("Words that are all found in the run, or begin what is.", valueName: "words"))
    var search: String?
    @Option(help: "The order: created_at, ended_at, each with desc for the last one first.")
    var orderBy: String?
    @Flag(help: "Only runs that somebody has let go of.")
    var released = false
    @Option(
        name: [.customShort("v"), .customLong("variable")],
        parsing: .singleValue,
        help: ArgumentHelp("Only runs with this value of a variable; may be repeated.", valueName: "name=value")
    )
    var variable: [String] = []
    @Option(help: "The most to show.")
    var limit = 50

    @OptionGroup var watching: WatchOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func validate() throws {
        guard limit >= 1 else { throw ValidationError("--limit is \(limit); allowed is 1 or more.") }
        _ = try VariableOptions.pairs(variable, option: "--variable")
    }

    func run() async throws {
        let client = try server.client()
        var originID: String?
        if let origin { originID = try await RunReference.resolve(origin, client) }
        let variables = try VariableOptions.pairs(variable, option: "--variable").sorted { $0.key < $1.key }
        let query = [
            ("state", state), ("job", job), ("team", team), ("kind", kind), ("origin", originID),
            ("trigger", trigger), ("schedule", schedule), ("released", released ? "true" : nil), ("filter", filter),
            ("search", search), ("order_by", orderBy),
        ]
        let empty = "There are no such runs. Create one with `slipway run create JOB`."
        try await Listing.runs.show("runs", watching, output.format, empty: empty) {
            try await client.all(
                "/runs",
                query + variables.map { ("variable", "\($0.key)=\($0.value)") },
                of: "runs",
                limit: limit
            )
        }
    }
}
