internal import ArgumentParser
internal import SlipwayCore

struct TokenShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show what a token may do and when it was used; never the token itself."
    )

    @Argument(help: "The token's id.")
    var id: String
    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func run() async throws {
        let token = try await server.client().get(TokenCommand.path(id))
        output.format.show(token, name: id, sentence: Self.text(token))
    }

    private static func text(_ token: Document) -> String {
        var facts = Facts()
        facts.add("Token", token.text("id"))
        facts.add("Name", token.text("name"))
        facts.add("Owner", TokenCommand.owner(token))
        facts.add("May", TokenCommand.grants(token["grants"]))
        facts.add("Created", "\(token.text("created_at")) by \(token.text("created_by"))")
        facts.add("Expires", token.text("expires_at").isEmpty ? "never" : token.text("expires_at"))
        facts.add("Last used", token.text("last_used_at").isEmpty ? "never" : token.text("last_used_at"))
        if !token.text("revoked_at").isEmpty {
            facts.add("Revoked", "\(token.text("revoked_at")) by \(token.text("revoked_by"))")
        }
        return facts.text
    }
}
