internal import ArgumentParser

struct CredentialCheck: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Have a credential checked now, by the job that was named for it. Does not wait for the result."
    )

    @OptionGroup var credential: CredentialOptions
    @OptionGroup var change: ChangeOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func run() async throws {
        let answer = try await server.client(change, output).post(credential.path() + "/check")
        let name = "\(credential.team)/\(credential.name)"
        let sentence = "credential \(name) is being checked; see `slipway credential show \(credential.name)`"
        output.format.show(answer, name: credential.name, sentence: sentence)
    }
}
