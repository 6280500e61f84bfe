internal import ArgumentParser
internal import SlipwayCore

struct JobVersions: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "versions",
        abstract: "List a job's versions, newest first."
    )

    @Option(help: "The most to show.")
    var limit = 50

    @Option(help: "Only versions before this one.")
    var before: Int?

    @OptionGroup var job: JobOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func validate() throws {
        guard limit >= 1 else { throw ValidationError("--limit is \(limit); allowed is 1 or more.") }
    }

    func run() async throws {
        let client = try server.client()
        let (versions, hasMore) = try await client.first(
            limit,
            job.path() + "/versions",
            [("before", before.map { String($0) })],
            of: "versions"
        )
        var members: [String: Document] = ["versions": .array(versions)]
        if hasMore, let last = versions.last?.integer("version") { members["next"] = .integer(Int64(last)) }
        Listing.versions.show(
            versions,
            document: .object(members),
            format: output.format,
            empty: "The job has no versions."
        )
    }
}
