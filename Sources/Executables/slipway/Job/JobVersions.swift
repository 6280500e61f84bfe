internal import ArgumentParser
internal import SlipwayCore

struct JobVersions: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "versions",
        abstract: "List a job's versions, newest first."
    )

    @Option(help: "The most to show: 1 to 500.")
    var limit = 50

    @OptionGroup var job: JobOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func run() async throws {
        let page = try await server.client().get(job.path() + "/versions", [("limit", String(limit))])
        Listing.versions.show(
            page.elements("versions"),
            document: page,
            format: output.format,
            empty: "The job has no versions."
        )
    }
}
