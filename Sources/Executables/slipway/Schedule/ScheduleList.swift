internal import ArgumentParser
internal import SlipwayCore

struct ScheduleList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List schedules.")

    @Argument(help: "Only this job's.", completion: Candidates.jobs)
    var job: String?

    @Option(help: "Only this team's; several are separated by commas.", completion: Candidates.teams)
    var team: String?

    @Flag(help: "Only those that are paused.")
    var paused = false

    @OptionGroup var watching: WatchOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func run() async throws {
        let client = try server.client()
        let filter = [("team", team), ("job", job), ("paused", paused ? "true" : nil)]
        let empty = "There are no such schedules. Make one with `slipway schedule create JOB NAME`."
        try await Listing.schedules.show("schedules", watching, output.format, empty: empty) {
            try await client.all("/schedules", filter, of: "schedules")
        }
    }
}
