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

    @OptionGroup var filter: RunFilterOptions
    @Option(
        name: [.customShort("v"), .customLong("variable")],
        parsing: .singleValue,
        help: ArgumentHelp("The same as --with-variable.", valueName: "name=value")
    )
    var variable: [String] = []
    @Option(help: "The order: created_at, ended_at, each with desc for the last one first.")
    var orderBy: String?
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
        let query = try await filter.query(client) + variable.map { ("variable", $0) }
        let news = ListNews(
            client,
            "/runs:watch",
            query,
            // Runs that are not in the list any more are not streamed, nor are those that were deleted.
            longestPause: filter.followsChanges ? .seconds(5) : .seconds(30)
        )
        let empty = "There are no such runs. Create one with `slipway run create JOB`."
        try await Listing.runs.show("runs", watching, output.format, empty: empty, news: news) {
            try await client.all("/runs", query + [("order_by", orderBy)], of: "runs", limit: limit)
        }
    }
}
