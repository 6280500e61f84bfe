internal import ArgumentParser

struct TeamResume: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume",
        abstract: "Admit a suspended team's runs again. Safe to repeat."
    )

    @OptionGroup var team: TeamOptions
    @Option(help: "Why, for those who look at it later.")
    var why: String?
    @OptionGroup var change: ChangeOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func run() async throws {
        try await TeamSuspend.act("resume", done: "admitted", team, why, server.client(change, output), output)
    }
}
