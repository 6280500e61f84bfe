internal import ArgumentParser
internal import SlipwayCore

struct TeamSuspend: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "suspend",
        abstract: "Stop admitting a team's runs; those that are admitted go on. Safe to repeat."
    )

    @OptionGroup var team: TeamOptions
    @Option(help: "Why, for those who look at it later.")
    var why: String?
    @OptionGroup var change: ChangeOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func run() async throws {
        try await Self.act("suspend", done: "suspended", team, why, server.client(change, output), output)
    }

    static func act(
        _ verb: String,
        done: String,
        _ team: TeamOptions,
        _ why: String?,
        _ client: APIClient,
        _ output: OutputOptions
    ) async throws {
        let body = JSONValue.object(why.map { ["why": .string($0)] } ?? [:])
        let answer = try await client.post(team.path() + "/\(verb)", body)
        let already = answer.text("change") == "unchanged" ? " already" : ""
        output.format.show(answer, name: team.name, sentence: "team \(team.name) is\(already) \(done)")
    }
}
