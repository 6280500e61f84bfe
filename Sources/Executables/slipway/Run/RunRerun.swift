internal import ArgumentParser
internal import SlipwayCore

struct RunRerun: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rerun",
        abstract: "Run again what has ended, with the newest version or other variables.",
        discussion: """
            The new run has the variables of the old one, as far as its version declares them, except for those named here.

              slipway run rerun 0192b1c4
              slipway run rerun 0192b1c4 --variable day=2026-01-31 --version 3
              slipway run rerun 0192b1c4 --unset country --wait
            """
    )

    @OptionGroup var values: VariableOptions

    @Option(parsing: .singleValue, help: "A variable that takes the version's default; may be repeated.")
    var unset: [String] = []

    @Option(name: .customLong("version"), help: "The job's version; its newest by default.")
    var jobVersion: Int?

    @Flag(help: "Wait until the new runs are over.")
    var wait = false

    @OptionGroup var selection: RunSelection
    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func run() async throws {
        let client = try server.client()
        var variables = try values.values().mapValues(JSONValue.string)
        for name in unset { variables[name] = .null }
        var request: [String: JSONValue] = [:]
        if !variables.isEmpty { request["variables"] = .object(variables) }
        if let jobVersion { request["version"] = .integer(Int64(jobVersion)) }
        let results = try await RunActing(
            action: .rerun,
            selection: selection,
            format: output.format,
            client: client,
            request: request
        ).run()
        let made = results.compactMap { $0["run"]?.text("id") }
        if wait, !made.isEmpty { try await RunWait.wait(for: made, client, timeoutSeconds: nil) }
    }
}
