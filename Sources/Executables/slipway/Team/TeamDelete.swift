internal import ArgumentParser
internal import SlipwayCore

struct TeamDelete: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Delete a team whose jobs are all archived, with its jobs, members and credentials."
    )

    @OptionGroup var team: TeamOptions
    @Option(help: "Why, for those who look at it later.")
    var why: String?
    @Option(help: "Only if the team has this revision.")
    var revision: Int?
    @OptionGroup var change: ChangeOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func run() async throws {
        let body = JSONValue.object(why.map { ["why": .string($0)] } ?? [:])
        let answer = try await server.client(change, output).delete(team.path(), body, ifRevision: revision)
        output.format.show(answer, name: team.name, sentence: "team \(team.name) deleted")
    }
}
