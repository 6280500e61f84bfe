internal import ArgumentParser
internal import SlipwayCore

struct TopCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "top",
        abstract: "Show what goes on: the queue by team and reason, active runs, clusters, processes.",
        discussion: """
            On a terminal it fills the screen and stays: arrows or j and k choose a run, enter shows it, / filters by id, job, team, \
            state or cluster, q leaves. Elsewhere, with --once, or with -o for programs, it is printed once.

              slipway top
              slipway top --team finance --interval 5
              slipway top -o json | jq '.holds'
            """
    )

    @Option(help: "Only this team's queue and runs.", completion: Candidates.teams)
    var team: String?

    @Option(help: "Seconds between two looks, 1 to 60.")
    var interval = 2

    @Flag(help: "Print it once.")
    var once = false

    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func validate() throws {
        guard (1...60).contains(interval) else {
            throw ValidationError("--interval is \(interval); allowed is a number of seconds from 1 to 60.")
        }
    }

    func run() async throws {
        let client = try server.client()
        guard Terminal.isInputTerminal, Terminal.isOutputTerminal, output.format.isForPeople, !once else {
            let snapshot = try await TopSnapshot.take(client, team: team)
            let names = snapshot.runs.map { $0.text("id") }
            return output.format.show(
                snapshot.document,
                name: names.joined(separator: "\n"),
                sentence: snapshot.text(output.format)
            )
        }
        try await TopScreen(client: client, team: team, interval: .seconds(interval)).run()
    }
}
