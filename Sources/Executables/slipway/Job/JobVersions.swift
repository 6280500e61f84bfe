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
        var versions: [Document] = []
        var next = before
        repeat {
            let page = try await client.get(
                job.path() + "/versions",
                [("limit", String(min(500, limit - versions.count))), ("before", next.map { String($0) })]
            )
            versions += page.elements("versions")
            next = page.integer("next")
        } while next != nil && versions.count < limit
        var members: [String: Document] = ["versions": .array(versions)]
        if let next { members["next"] = .integer(Int64(next)) }
        Listing.versions.show(
            versions,
            document: .object(members),
            format: output.format,
            empty: "The job has no versions."
        )
    }
}
