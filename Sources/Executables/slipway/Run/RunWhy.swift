internal import ArgumentParser
internal import SlipwayCore

struct RunWhy: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "why",
        abstract: "Say why a run waits, what holds it, and when it may begin.",
        discussion: """
            It tells whose limit it is: the run's, job's or team's own, that of the cohort, that of the cluster, or nobody's when \
            others simply go first.

              slipway run why 0192b1c4
            """
    )

    @Argument(help: "The run.", completion: Candidates.runs)
    var id: String

    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func run() async throws {
        let client = try server.client()
        let wait = try await client.get("/runs/\(RunReference.resolve(id, client))/why")
        output.format.show(wait, name: wait.text("reason"), sentence: Self.report(wait))
    }

    private static let scopes = [
        "own": "the run's, its job's or its team's own limit", "cohort": "other teams of the cohort",
        "cluster": "the cluster", "order": "nobody: others go first",
    ]

    private static func report(_ wait: Document) -> String {
        var facts = Facts()
        facts.add("Run", wait.text("run"))
        facts.add("State", wait.text("state"))
        facts.add("Reason", wait.text("reason"))
        facts.add("Because", wait.text("sentence"))
        facts.add("Held by", scopes[wait.text("scope")] ?? "")
        facts.add("Blocking", wait.elements("blocking").map(\.plainText).joined(separator: "\n"))
        if let position = wait["position"] {
            facts.add("Position", "\(position.text("team")) in its team, about \(position.text("overall")) of all")
        }
        if wait["waiting"] == .bool(true) {
            facts.add("Since", "\(wait.text("since")) (\(Moments.age(wait.text("since"))))")
            let start = wait.text("estimated_start")
            facts.add("Estimated start", start.isEmpty ? "not known" : start)
        }
        return facts.text
    }
}
