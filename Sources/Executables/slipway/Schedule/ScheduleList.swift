internal import ArgumentParser
internal import SlipwayCore

struct ScheduleList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List schedules.")

    @Argument(help: "Only this job's.", completion: Candidates.jobs)
    var job: String?

    @Option(help: "Only this team's; several are separated by commas.", completion: Candidates.teams)
    var team: String?

    @Option(help: ArgumentHelp("What else must hold, such as 'zone=UTC AND problem:*'.", valueName: "condition"))
    var filter: String?

    @Flag(help: "Only those that are paused.")
    var paused = false

    @OptionGroup var watching: WatchOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func run() async throws {
        let client = try server.client()
        let query = [("team", team), ("job", job), ("filter", filter), ("paused", paused ? "true" : nil)]
        let empty = "There are no such schedules. Make one with `slipway schedule create JOB NAME`."
        try await Listing.schedules.show("schedules", watching, output.format, empty: empty) {
            try await client.all("/schedules", query, of: "schedules")
        }
    }
}
