internal import ArgumentParser
internal import SlipwayCore

struct JobList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List jobs.")

    @Option(help: "Only this team's; several are separated by commas.", completion: Candidates.teams)
    var team: String?

    @Option(help: "Only those of this kind.")
    var kind: String?

    @Option(help: "Only those of this owner.")
    var owner: String?

    @Option(help: "Only those with this tag; several are separated by commas, and all must be there.")
    var tag: String?

    @Option(help: "Only those with this text in the name or the description.")
    var text: String?

    @Option(
        help: ArgumentHelp("What else must hold, such as 'tags:nightly AND NOT owner=ann'.", valueName: "condition")
    )
    var filter: String?

    @Flag(help: "Only those that are paused.")
    var paused = false

    @Flag(help: "Only those that are archived.")
    var archived = false

    @Flag(help: "Those that are archived as well.")
    var all = false

    @OptionGroup var watching: WatchOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func run() async throws {
        let client = try server.client()
        let query = [
            ("team", team), ("kind", kind), ("owner", owner), ("tag", tag), ("text", text), ("filter", filter),
            ("paused", paused ? "true" : nil), ("archived", all ? "all" : archived ? "true" : nil),
        ]
        let empty = "There are no jobs. Store one with `slipway job apply FILE`."
        try await Listing.jobs.show("jobs", watching, output.format, empty: empty) {
            try await client.all("/jobs", query, of: "jobs")
        }
    }
}
