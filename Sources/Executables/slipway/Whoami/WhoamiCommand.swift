internal import ArgumentParser
internal import SlipwayCore

struct WhoamiCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "whoami",
        abstract: "Show who the API takes you for, and what you may do."
    )

    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func run() async throws {
        let caller = try await server.client().get("/caller")
        var facts = Facts()
        facts.add("Name", caller.text("name"))
        facts.add("Kind", caller.text("kind"))
        facts.add("Subject", caller.text("subject"))
        facts.add("May", TokenCommand.grants(caller["grants"]))
        facts.add("Token", caller.text("token_id"))
        facts.add("Until", caller.text("expires_at"))
        output.format.show(caller, name: caller.text("name"), sentence: facts.text)
    }
}
