internal import ArgumentParser
internal import SlipwayCore

struct RunEvents: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "events",
        abstract: "List what happened to a run, oldest first."
    )

    @Argument(help: "The run.")
    var id: String

    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func run() async throws {
        let client = try server.client()
        let id = try await RunReference.resolve(id, client)
        var events: [Document] = []
        var after: String?
        repeat {
            let page = try await client.get("/runs/\(id)/events", [("after", after)])
            events += page.elements("events")
            after = page["next"]?.plainText
        } while after != nil
        Listing.events.show(
            events,
            document: .object(["events": .array(events)]),
            format: output.format,
            empty: "Nothing happened yet."
        )
    }
}
