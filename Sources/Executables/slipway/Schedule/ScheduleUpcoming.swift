internal import ArgumentParser
internal import SlipwayCore

struct ScheduleUpcoming: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "upcoming",
        abstract: "List the runs that schedules will make, over all jobs, the next first."
    )

    @Option(help: "Only this team's; several are separated by commas.")
    var team: String?

    @Option(help: "Only this job's.")
    var job: String?

    @Option(help: "Only those before this time.")
    var until: String?

    @Option(help: "The most to show.")
    var limit = 20

    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func validate() throws {
        guard (1...100_000).contains(limit) else {
            throw ValidationError("--limit is \(limit); allowed is 1 to 100000.")
        }
    }

    func run() async throws {
        let client = try server.client()
        var upcoming: [Document] = []
        var after: String?
        repeat {
            let page = try await client.get(
                "/upcoming-runs",
                [
                    ("team", team), ("job", job), ("until", until),
                    ("limit", String(min(500, limit - upcoming.count))), ("after", after),
                ]
            )
            upcoming += page.elements("upcoming")
            after = page["next"]?.string
        } while after != nil && upcoming.count < limit
        Listing.upcoming.show(
            upcoming,
            document: .object(["upcoming": .array(upcoming)]),
            format: output.format,
            empty: "No schedule has a run to come."
        )
    }
}
