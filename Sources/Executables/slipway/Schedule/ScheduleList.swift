internal import ArgumentParser
internal import SlipwayCore

struct ScheduleList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List schedules.")

    @Argument(help: "Only this job's.")
    var job: String?

    @Option(help: "Only this team's; several are separated by commas.")
    var team: String?

    @Flag(help: "Only those that are paused.")
    var paused = false

    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func run() async throws {
        let client = try server.client()
        var schedules: [Document] = []
        var after: String?
        repeat {
            let page = try await client.get(
                "/schedules",
                [
                    ("team", team), ("job", job), ("paused", paused ? "true" : nil), ("limit", "500"), ("after", after),
                ]
            )
            schedules += page.elements("schedules")
            after = page["next"]?.string
        } while after != nil
        Listing.schedules.show(
            schedules,
            document: .object(["schedules": .array(schedules)]),
            format: output.format,
            empty: "There are no such schedules. Make one with `slipway schedule create JOB NAME`."
        )
    }
}
