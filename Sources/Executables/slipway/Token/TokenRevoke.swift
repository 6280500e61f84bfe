internal import ArgumentParser
internal import SlipwayCore

struct TokenRevoke: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke",
        abstract: "End tokens. Safe to repeat.",
        discussion: "All API processes refuse it within api.access_memory, 5 s unless configured otherwise."
    )

    @Argument(help: "The tokens' ids.")
    var ids: [String]
    @Option(help: "Why, for those who look at it later.")
    var why: String?
    @OptionGroup var change: ChangeOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func run() async throws {
        let client = try server.client(change, output)
        let body = JSONValue.object(why.map { ["why": .string($0)] } ?? [:])
        try await UnsentRequest.each(ids) { id in
            let answer = try await client.delete(TokenCommand.path(id), body)
            output.format.show(answer, name: id, sentence: "token \(answer.text("name")) (\(id)) is revoked")
        }
    }
}
