internal import ArgumentParser
internal import SlipwayCore

struct JobList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List jobs.")

    @Option(help: "Only this team's; several are separated by commas.")
    var team: String?

    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func run() async throws {
        let client = try server.client()
        var jobs: [Document] = []
        var after: String?
        repeat {
            let page = try await client.get("/jobs", [("team", team), ("limit", "500"), ("after", after)])
            jobs += page.elements("jobs")
            after = page["next"]?.string
        } while after != nil
        Listing.jobs.show(
            jobs,
            document: .object(["jobs": .array(jobs)]),
            format: output.format,
            empty: "There are no jobs. Store one with `slipway job apply FILE`."
        )
    }
}
