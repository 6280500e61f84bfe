import DevStack
import EventLoop
import FoundationEssentials
import Logging
import PostgresClient
import SlipwayCore
import TestSupport
import Testing

/// A running installation as its users see it: the API, the command line, the database's read views, the cluster's pods.
struct Site: Sendable {
    /// The installation of the suite that runs now.
    @TaskLocal static var lent: Site?

    /// The addresses of all API servers; every one serves everything.
    let apis: [String]
    let kubernetes: String
    let database: PostgresPool
    /// For files that pods read and write. No pod mounts anything over it.
    let folder: String
    /// The end of what each process logged.
    let logTails: @Sendable () -> String

    static func current() throws -> Site {
        guard let lent else { throw Unexpected("the suite has no installation") }
        return lent
    }

    static func connect(_ url: String) throws -> PostgresPool {
        var configuration = try PostgresConfiguration(url: url)
        configuration.poolSize = 2
        configuration.acquireTimeout = .seconds(3)
        return PostgresPool(
            configuration: configuration,
            eventLoop: EventLoop(name: "test-postgres"),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
    }

    var slipway: SlipwayCommand { SlipwayCommand(server: apis[0]) }

    func slipway(api index: Int) -> SlipwayCommand { SlipwayCommand(server: apis[index]) }

    // MARK: Jobs and runs

    /// Applies a job file with this text.
    func apply(_ yaml: String) async throws {
        let answer = try await slipway(["job", "apply", try file(yaml)])
        guard answer.status == 0 else { throw Unexpected("the job was not taken: \(answer.notes)") }
    }

    /// A job file with this text.
    func file(_ yaml: String) throws -> String {
        let path = "\(try TestScratch.shared.folder("job"))/job.yaml"
        try Data(yaml.utf8).write(to: URL(filePath: path))
        return path
    }

    /// Creates runs of a job and gives their ids.
    func create(
        _ job: String,
        count: Int = 1,
        variables: [String: String] = [:],
        api: Int = 0
    ) async throws -> [String] {
        let values = variables.flatMap { ["--variable", "\($0.key)=\($0.value)"] }
        let answer = try await slipway(api: api)(["run", "create", job, "--count", "\(count)", "-o", "name"] + values)
        guard answer.status == 0, answer.names.count == count else {
            throw Unexpected("\(count) runs of \(job) were not created: \(answer.notes)")
        }
        return answer.names
    }

    /// Everything the API tells of a run.
    func run(_ id: String) async throws -> JSONValue { try await slipway.json("run", "show", id) }

    /// Waits until all runs are over, through whatever befalls the database meanwhile.
    func waitForEnd(of runs: [String], within limit: Duration) async throws {
        var over = 0
        do {
            try await eventually(within: limit, "all runs are over") {
                over = try await number(
                    "SELECT count(*) FROM runs WHERE id::text = ANY(\(runs)) AND ended_at IS NOT NULL"
                )
                return over == runs.count
            }
        } catch is NotInTime {
            throw Unexpected("\(over) of \(runs.count) runs are over after \(limit); \(try await states(of: runs))")
        }
    }

    /// How many runs are in each state, and why.
    func states(of runs: [String]) async throws -> [String: Int] {
        let rows = try await database.query(
            """
            SELECT state || coalesce(' ' || reason || ': ' || message, ''), count(*) FROM runs
            WHERE id::text = ANY(\(runs)) GROUP BY 1
            """
        )
        return Dictionary(uniqueKeysWithValues: try rows.decode(String.self, Int64.self).map { ($0, Int($1)) })
    }

    /// What happened to a run, a line for each event.
    func history(of run: String) async throws -> String {
        try await database.query(
            """
            SELECT string_agg(concat_ws(' ', recorded_at::time, kind, from_state, '->', state, 'placement', placement,
                'epoch', lease_epoch, reason, message), E'\\n' ORDER BY sequence)
            FROM run_events WHERE run_id::text = \(run)
            """
        ).first?.value(at: 0, as: String?.self) ?? ""
    }

    /// A count; -1 while the database cannot be asked.
    func number(_ query: PostgresQuery) async throws -> Int {
        do {
            return Int(try await database.query(query).first?.value(at: 0, as: Int64.self) ?? 0)
        } catch {
            if error.isRetriable || error.code == .connectionLost(mayHaveExecuted: true) { return -1 }
            throw error
        }
    }

    // MARK: Logs and pods

    /// What a task wrote, in the order of the API.
    func lines(of task: String, _ run: String) async throws -> [String] {
        var lines: [JSONValue] = []
        var position = ""
        while true {
            let path = "/api/v1/runs/\(run)/logs?stream=task/\(task)" + (position.isEmpty ? "" : "&after=\(position)")
            let page = try await get(apis[0], path)
            lines += page["lines"]?.elements ?? []
            position = page.text("next")
            if page["complete"] == .bool(true) { return lines.map { $0.text("text") } }
        }
    }

    /// The names of the pods there are.
    func pods() async throws -> [String] {
        let pods = try await get(kubernetes, "/api/v1/pods")
        return (pods["items"]?.elements ?? []).map { $0["metadata"]?.text("name") ?? "" }
    }

    /// The pods of these runs.
    func pods(of runs: [String]) async throws -> [String] {
        try await pods().filter { pod in runs.contains { pod.hasPrefix("run-\($0)-") } }
    }

    /// What a GET answers; asks again while a loaded machine takes its time.
    func get(_ server: String, _ path: String) async throws -> JSONValue {
        guard let port = server.split(separator: ":").last.flatMap({ Int($0) }) else {
            throw Unexpected("\(server) has no port")
        }
        let body = try await eventually(within: .seconds(30), "\(server)\(path) answers") {
            let answer = await LoopbackProbe.get(port: port, path: path)
            return answer?.status == 200 ? answer?.body : nil
        }
        return try JSONDecoder().decode(JSONValue.self, from: Data(body.utf8))
    }

    /// Makes the cluster misbehave as the body says; an empty one makes it behave again.
    func fault(_ body: String) async throws {
        try await send("PUT", "/localkube/v1/faults", body)
    }

    /// Makes the cluster misbehave while `body` runs, however that ends.
    func misbehaving<Result>(_ faults: String, _ body: () async throws -> Result) async throws -> Result {
        try await fault(faults)
        do {
            let result = try await body()
            try await fault("{}")
            return result
        } catch {
            try await fault("{}")
            throw error
        }
    }

    /// Sends something to the cluster's API server.
    func send(_ method: String, _ path: String, _ body: String = "") async throws {
        let curl = try TestProcess(
            "/usr/bin/env",
            [
                "python3", "-c",
                """
                import sys, urllib.request
                request = urllib.request.Request(sys.argv[2], sys.argv[3].encode() or None, method=sys.argv[1])
                request.add_header("Content-Type", "application/json")
                print(urllib.request.urlopen(request).status)
                """,
                method, kubernetes + path, body,
            ]
        )
        guard try await curl.waitForExit() == .status(0) else { throw Unexpected("\(method) \(path): \(curl.output)") }
    }

    /// Deletes a pod as an operator does by hand.
    func deletePod(_ name: String) async throws { try await send("DELETE", "/api/v1/namespaces/default/pods/\(name)") }
}
