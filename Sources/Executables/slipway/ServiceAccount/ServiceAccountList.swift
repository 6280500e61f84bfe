internal import ArgumentParser
internal import SlipwayCore

struct ServiceAccountList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List service accounts.")

    @Option(help: "Only those of this team.")
    var team: String?
    @OptionGroup var watching: WatchOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func run() async throws {
        let client = try server.client()
        let empty = "There are none. Make one with `slipway service-account apply TEAM/NAME --role ROLE`."
        try await Listing.serviceAccounts.show("service_accounts", watching, output.format, empty: empty) {
            try await client.all("/service-accounts", [("team", team)], of: "service_accounts")
        }
    }
}

struct ServiceAccountShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "show", abstract: "Show a service account.")

    @OptionGroup var account: ServiceAccountOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func run() async throws {
        let document = try await server.client().get(account.path())
        var facts = Facts()
        facts.add("Account", account.account)
        facts.add("Role", document.text("role"))
        facts.add("Description", document.text("description"))
        facts.add("Tokens", document.text("tokens"))
        facts.add("Created", "\(document.text("created_at")) by \(document.text("created_by"))")
        facts.add("Revision", document.text("revision"))
        output.format.show(document, name: account.account, sentence: facts.text)
    }
}

extension Listing {
    static let serviceAccounts = Listing(
        columns: [
            Column(title: "TEAM") { $0.text("team") },
            Column(title: "NAME", isElastic: true) { $0.text("name") },
            Column(title: "ROLE") { $0.text("role") },
            Column(title: "TOKENS") { $0.text("tokens") },
            Column(title: "AGE") { Moments.age($0.text("created_at")) },
            Column(title: "DESCRIPTION", isElastic: true) { $0.text("description") },
            Column(title: "BY", isWide: true) { $0.text("created_by") },
        ],
        name: { "\($0.text("team"))/\($0.text("name"))" }
    )
}
