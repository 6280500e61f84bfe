internal import ArgumentParser
internal import SlipwayCore

struct CredentialDelete: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Forget a credential that no job needs. The Kubernetes secret stays."
    )

    @OptionGroup var credential: CredentialOptions
    @Option(help: "Why, for those who look at it later.")
    var why: String?
    @Option(help: "Only if it has this revision.")
    var revision: Int?
    @OptionGroup var change: ChangeOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func run() async throws {
        let body = JSONValue.object(why.map { ["why": .string($0)] } ?? [:])
        let answer = try await server.client(change, output).delete(credential.path(), body, ifRevision: revision)
        let sentence = "credential \(credential.team)/\(credential.name) deleted"
        output.format.show(answer, name: credential.name, sentence: sentence)
    }
}
