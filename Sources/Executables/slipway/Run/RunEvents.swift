internal import ArgumentParser
internal import SlipwayCore

struct RunEvents: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "events",
        abstract: "List what happened to a run, oldest first.",
        discussion: """
              slipway run events 0192b1c4 --follow
            """
    )

    @Argument(help: "The run.", completion: Candidates.runs)
    var id: String

    @Flag(name: .shortAndLong, help: "Wait for more until the run is over.")
    var follow = false

    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func run() async throws {
        let client = try server.client()
        let id = try await RunReference.resolve(id, client)
        if follow { return try await followed(id, client) }
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

    /// Each event when it comes: a row, or a document on a line of its own.
    private func followed(_ id: String, _ client: APIClient) async throws {
        var widths: [Int]?
        _ = try await client.follow("/runs/\(id)/watch") { event in
            guard event.name != "tasks" else { return }
            guard output.format.isForPeople else {
                let text = Listing.events.text([event.data], document: event.data, format: output.format)
                return Terminal.print(output.format == .json ? event.data.jsonText(isPretty: false) : text)
            }
            let table = Listing.events.table([event.data], output.format)
            if widths == nil {
                // Room for the longest words that the first columns can have.
                let least = [12, 10, 14, 20]
                widths = table.widths(in: nil).enumerated().map { max($1, $0 < least.count ? least[$0] : 0) }
                Terminal.print(table.line(table.titles, widths ?? []))
            }
            for row in table.rows { Terminal.print(table.line(row, widths ?? [], cuts: false)) }
        }
    }
}
