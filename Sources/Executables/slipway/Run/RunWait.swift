internal import ArgumentParser
internal import SlipwayCore

struct RunWait: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "wait",
        abstract: "Wait until runs are over.",
        discussion: """
            The exit code tells their end: 0 if all succeeded, else that of the first that did not: 10 failed, 11 timed out, 12 cancelled.
            """
    )

    @Argument(help: "The runs.", completion: Candidates.runs)
    var ids: [String]

    @Option(help: "Stop waiting after so many seconds, with exit code 75.")
    var timeout: Int?

    @OptionGroup var appearance: AppearanceOptions
    @OptionGroup var server: ServerOptions

    func run() async throws {
        let client = try server.client()
        var resolved: [String] = []
        for id in ids { resolved.append(try await RunReference.resolve(id, client)) }
        try await Self.wait(for: resolved, client, timeoutSeconds: timeout)
    }

    /// Says how each ended, and ends the program with a code unless all succeeded.
    static func wait(for ids: [String], _ client: APIClient, timeoutSeconds: Int?) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await waitForAll(ids, client) }
            if let timeoutSeconds {
                group.addTask {
                    try await Task.sleep(for: .seconds(timeoutSeconds))
                    throw Failure(
                        .temporary,
                        "not over after \(timeoutSeconds) s",
                        advice: "See where it is with `slipway run show \(ids[0])`."
                    )
                }
            }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    private static func waitForAll(_ ids: [String], _ client: APIClient) async throws {
        var worst = ExitStatus.success
        for id in ids {
            let run = try await client.follow("/runs/\(id)/watch") { _ in }
            let report = RunReport(run: run)
            Terminal.note(report.sentence)
            let status = ExitStatus(runState: run.text("state")) ?? .success
            if status != .success, ids.count == 1 { Terminal.note("\n\(report.failure)") }
            if worst == .success { worst = status }
        }
        if worst != .success { throw ExitRequest(status: worst) }
    }
}
