internal import ArgumentParser
internal import SlipwayCore

struct ScheduleTicks: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ticks",
        abstract: "List what became of ticks, latest first.",
        discussion: """
              slipway schedule ticks report nightly
              slipway schedule ticks report --outcome skipped --since 2026-01-01T00:00:00Z
            """
    )

    @Argument(help: "The job's name.", completion: Candidates.jobs)
    var job: String

    @Argument(
        help: "The schedule's name; all of the job's, deleted ones included, unless given.",
        completion: Candidates.schedules
    )
    var name: String?

    @Option(
        name: .customLong("team"),
        help: "The team that owns the job. The context's unless given, else default.",
        completion: Candidates.teams
    )
    var givenTeam: String?

    var team: String { givenTeam ?? Surroundings.team }

    @Option(help: "Only these outcomes: fired, caught_up, skipped; several are separated by commas.")
    var outcome: String?

    @Option(help: "Only those skipped for this reason, such as missed.")
    var reason: String?

    @Option(help: "Only ticks from this time on.")
    var since: String?

    @Option(help: "Only ticks before this time.")
    var until: String?

    @Option(help: "The most to show.")
    var limit = 50

    @OptionGroup var watching: WatchOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func validate() throws {
        guard limit >= 1 else { throw ValidationError("--limit is \(limit); allowed is 1 or more.") }
    }

    func run() async throws {
        let client = try server.client()
        let path = try ScheduleOptions.jobPath(team, job) + "/ticks"
        let filter = [
            ("schedule", name), ("outcome", outcome), ("reason", reason), ("since", since), ("until", until),
        ]
        try await Listing.ticks.show("ticks", watching, output.format, empty: "No such tick was decided yet.") {
            try await client.all(path, filter, of: "ticks", limit: limit)
        }
    }
}
