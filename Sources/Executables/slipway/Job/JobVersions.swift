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
        var next: String?
        repeat {
            let page = try await client.get(
                job.path() + "/versions",
                [
                    ("limit", String(min(500, limit - versions.count))), ("before", before.map { String($0) }),
                    ("after", next),
                ]
            )
            versions += page.elements("versions")
            next = page["next"]?.string
        } while next != nil && versions.count < limit
        var members: [String: Document] = ["versions": .array(versions)]
        if next != nil, let last = versions.last?.integer("version") { members["next"] = .integer(Int64(last)) }
        Listing.versions.show(
            versions,
            document: .object(members),
            format: output.format,
            empty: "The job has no versions."
        )
    }
}
