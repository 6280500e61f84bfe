internal import ArgumentParser
internal import SlipwayCore

struct TokenList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List your tokens, and those of the service accounts of teams that you are an admin of."
    )

    @Option(help: "Only those of this team's service accounts.")
    var team: String?
    @Option(help: ArgumentHelp("Only those of service accounts of this name.", valueName: "name"))
    var serviceAccount: String?
    @Flag(help: "Also those that are revoked.")
    var revoked = false
    @OptionGroup var watching: WatchOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func run() async throws {
        let query: [(String, String?)] = [
            ("team", team), ("service_account", serviceAccount), ("revoked", revoked ? "true" : nil),
        ]
        let client = try server.client()
        let empty = "There are no tokens. Make one with `slipway token create NAME`."
        try await Listing.tokens.show("tokens", watching, output.format, empty: empty) {
            try await client.all("/tokens", query, of: "tokens")
        }
    }
}

extension Listing {
    static let tokens = Listing(
        columns: [
            Column(title: "ID") { $0.text("id") },
            Column(title: "NAME", isElastic: true) { $0.text("name") },
            Column(title: "OWNER", isElastic: true) { TokenCommand.owner($0) },
            Column(title: "MAY", isElastic: true) { TokenCommand.grants($0["grants"]) },
            Column(title: "USED") { $0.text("last_used_at").isEmpty ? "never" : Moments.age($0.text("last_used_at")) },
            Column(title: "EXPIRES") { token in
                if !token.text("revoked_at").isEmpty { return "revoked" }
                return token.text("expires_at").isEmpty ? "never" : token.text("expires_at")
            },
            Column(title: "CREATED", isWide: true) { $0.text("created_at") },
            Column(title: "BY", isWide: true) { $0.text("created_by") },
        ],
        name: { $0.text("id") }
    )
}
