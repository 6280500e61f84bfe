internal import ArgumentParser
internal import SlipwayCore

struct TeamList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List teams.")

    @OptionGroup var watching: WatchOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func run() async throws {
        let client = try server.client()
        let empty = "There are no teams. Store one with `slipway team apply FILE`."
        try await Listing.teams.show("teams", watching, output.format, empty: empty) {
            try await client.all("/teams", of: "teams")
        }
    }
}

extension Listing {
    static let teams = Listing(
        columns: [
            Column(title: "NAME", isElastic: true) { $0.text("name") },
            Column(title: "NAMESPACE") { $0.text("namespace") },
            Column(title: "WEIGHT") { $0.text("weight") },
            Column(title: "COHORT") { $0.text("cohort") },
            Column(title: "CREDITS") { TeamShow.credits($0) },
            Column(title: "SUSPENDED") { $0.text("suspended") == "true" ? "yes" : "" },
            Column(title: "UPDATED") { Moments.age($0.text("updated_at")) },
            Column(title: "REVISION", isWide: true) { $0.text("revision") },
            Column(title: "DESCRIPTION", isWide: true) { $0.text("description") },
        ],
        name: { $0.text("name") }
    )
}
