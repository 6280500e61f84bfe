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

    @Argument(help: "The job's name.", completion: Candidates.jobs)
    var job: String

    @Option(
        name: .customLong("team"),
        help: "The team that owns the job. The context's unless given, else default.",
        completion: Candidates.teams
    )
    var givenTeam: String?

    var team: String { givenTeam ?? Surroundings.team }

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

    @OptionGroup var change: ChangeOptions
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
        let client = try server.client(change, output)
        if change.dryRun { try await check(client) }
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
        guard count > 1, !change.dryRun else { return [try await client.post("/runs", .object(request))] }
        var runs: [Document] = []
        while runs.count < count {
            let part = Array(repeating: JSONValue.object(request), count: min(Self.batch, count - runs.count))
            do {
                runs += try await client.post("/runs:batch", .object(["runs": .array(part)])).elements("runs")
            } catch {
                // What was made before stands, and is told before the failure.
                if !runs.isEmpty {
                    show(runs)
                    Terminal.note("\(runs.count) of \(count) runs were created.")
                }
                throw error
            }
        }
        return runs
    }

    /// That the job is there and takes these variables, as far as that can be told from here.
    private func check(_ client: APIClient) async throws {
        let path = "/jobs/\(APIClient.encoded(team))/\(APIClient.encoded(job))"
        let found = try await client.get(path)
        guard found.text("archived_at").isEmpty else {
            throw Failure(.refused, "job \(job) is archived", advice: "Unarchive it with `slipway job unarchive NAME`.")
        }
        if let jobVersion {
            _ = try await client.get("\(path)/versions/\(jobVersion)")
            return
        }
        let (known, given) = (found["variables"]?.members ?? [:], try values.values())
        let unknown = given.keys.sorted().filter { known[$0] == nil }.map { name in
            let nearest = NearestName.of(name, among: known.keys.sorted()).map { "; did you mean \($0)?" } ?? ""
            return "\(name) is not a variable of the job\(nearest)"
        }
        let missing = known.filter { $0.value["default"] == nil && given[$0.key] == nil }.keys.sorted().map {
            "\($0) needs a value"
        }
        guard unknown.isEmpty, missing.isEmpty else {
            throw Failure(
                .refused,
                "The run's variables are not valid",
                advice: "See a job's variables with `slipway job show \(job)`.",
                details: unknown + missing
            )
        }
    }

    private func show(_ runs: [Document]) {
        let document = runs.count == 1 ? runs[0] : JSONValue.object(["runs": .array(runs)])
        guard output.format.isForPeople else {
            return output.format.show(document, name: runs.map { $0.text("id") }.joined(separator: "\n"))
        }
        for run in runs {
            Terminal.print("run \(run.text("id")) created, job \(run.text("job")), version \(run.text("version"))")
        }
    }
}
