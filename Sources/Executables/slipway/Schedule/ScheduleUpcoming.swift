internal import ArgumentParser
internal import SlipwayCore

struct ScheduleUpcoming: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "upcoming",
        abstract: "List the runs that schedules will make, over all jobs, the next first."
    )

    @Option(help: "Only this team's; several are separated by commas.", completion: Candidates.teams)
    var team: String?

    @Option(help: "Only this job's.", completion: Candidates.jobs)
    var job: String?

    @Option(help: "Only those before this time.")
    var until: String?

    @Option(help: "The most to show.")
    var limit = 20

    @OptionGroup var watching: WatchOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func validate() throws {
        guard (1...100_000).contains(limit) else {
            throw ValidationError("--limit is \(limit); allowed is 1 to 100000.")
        }
    }

    func run() async throws {
        let client = try server.client()
        let filter = [("team", team), ("job", job), ("until", until)]
        try await Listing.upcoming.show(
            "upcoming",
            watching,
            output.format,
            empty: "No schedule has a run to come."
        ) {
            try await client.all("/upcoming-runs", filter, of: "upcoming", limit: limit)
        }
    }
}
