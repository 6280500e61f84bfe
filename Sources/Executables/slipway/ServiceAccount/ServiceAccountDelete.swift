internal import ArgumentParser
internal import SlipwayCore

struct ServiceAccountDelete: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Remove a service account with its tokens."
    )

    @OptionGroup var account: ServiceAccountOptions
    @Option(help: "Why, for those who look at it later.")
    var why: String?
    @OptionGroup var change: ChangeOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func run() async throws {
        let body = JSONValue.object(why.map { ["why": .string($0)] } ?? [:])
        let answer = try await server.client(change, output).delete(account.path(), body)
        output.format.show(answer, name: account.account, sentence: "service account \(account.account) deleted")
    }
}
