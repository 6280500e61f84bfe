internal import ArgumentParser
internal import SlipwayCore

struct RunCreate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Run a job.",
        discussion: """
              slipway run create report
              slipway run create report --variable country=NL --variable day=2026-01-31 --follow
              slipway run create report --count 100 -o name > ids
              slipway run create report --version 3 --wait && echo good
              slipway run create report --timeout run=2h --timeout on_timeout=failed --why "month end"

            With --wait or --follow the exit code tells the run's end: 0 succeeded, 10 failed, 11 timed out, 12 cancelled.
            """
    )

    @Argument(help: "The job's name.")
    var job: String

    @Option(help: "The team that owns the job.")
    var team = "default"

    @OptionGroup var values: VariableOptions

    @Option(name: .customLong("version"), help: "The job's version; its newest by default.")
    var jobVersion: Int?

    @Option(
        parsing: .singleValue,
        help: ArgumentHelp(
            "A time limit of this run, such as run=2h, stall=5m or on_timeout=failed; may be repeated.",
            valueName: "name=value"
        )
    )
    var timeout: [String] = []

    @Option(help: "Why, for those who look at it later.")
    var why: String?

    @Option(help: "How many runs: 1 to 100000.")
    var count = 1

    @Flag(help: "Wait until it is over.")
    var wait = false

    @Flag(help: "Show states and logs as they come, and the result at the end.")
    var follow = false

    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    /// The API's own bound for one request.
    private static let batch = 1000

    func validate() throws {
        guard (1...100_000).contains(count) else {
            throw ValidationError("--count is \(count); allowed is 1 to 100000.")
        }
        if follow, count > 1 { throw ValidationError("--follow shows one run; --count is \(count).") }
        _ = try VariableOptions.pairs(timeout, option: "--timeout")
    }

    func run() async throws {
        let client = try server.client()
        let runs = try await create(client)
        let ids = runs.map { $0.text("id") }
        if follow {
            if output.format == .table {
                Terminal.note("run \(ids[0]) of job \(job), version \(runs[0].text("version"))")
            }
            try await RunFollow(client: client, id: ids[0], format: output.format).run()
        } else {
            show(runs)
            if wait { try await RunWait.wait(for: ids, client, timeoutSeconds: nil) }
        }
    }

    private func create(_ client: APIClient) async throws -> [Document] {
        var request: [String: JSONValue] = ["job": .string(job), "team": .string(team)]
        let values = try values.values()
        let timeouts = try VariableOptions.pairs(timeout, option: "--timeout")
        if !timeouts.isEmpty { request["timeouts"] = .object(timeouts.mapValues(JSONValue.string)) }
        if let why { request["why"] = .string(why) }
        if !values.isEmpty { request["variables"] = .object(values.mapValues(JSONValue.string)) }
        if let jobVersion { request["version"] = .integer(Int64(jobVersion)) }
        guard count > 1 else { return [try await client.post("/runs", .object(request))] }
        var runs: [Document] = []
        while runs.count < count {
            let part = Array(repeating: JSONValue.object(request), count: min(Self.batch, count - runs.count))
            runs += try await client.post("/runs:batch", .object(["runs": .array(part)])).elements("runs")
        }
        return runs
    }

    private func show(_ runs: [Document]) {
        let document = runs.count == 1 ? runs[0] : JSONValue.object(["runs": .array(runs)])
        switch output.format {
        case .json: Terminal.print(document.jsonText(isPretty: true))
        case .yaml: Terminal.print(YAMLText.of(document))
        case .name: Terminal.print(runs.map { $0.text("id") }.joined(separator: "\n"))
        case .table, .wide:
            for run in runs {
                Terminal.print("run \(run.text("id")) created, job \(run.text("job")), version \(run.text("version"))")
            }
        }
    }
}
