import FoundationEssentials
import PostgresClient
import TestSupport
import Testing

/// A job whose command notes in a file that it was executed, and then writes numbered lines. So each test can tell whether
/// user code ran once and whether its log is whole.
struct CountingJob {
    let name: String
    let lines: Int
    let site: Site
    /// Gets a line with the run's id for each execution.
    let ledger: String

    /// - Parameter pause: seconds between two lines.
    init(_ name: String, lines: Int, pause: Double = 0, on site: Site) async throws {
        self.name = name
        self.lines = lines
        self.site = site
        ledger = "\(site.folder)/\(name).ledger"
        try await site.apply(
            """
            name: \(name)
            engine: none
            resources:
              runner: {cpu: 1m, memory: 8Mi}
            timeouts: {run: 2m, start: 2m}
            tasks:
              - name: count
                command: |
                  echo "$SLIPWAY_RUN_ID" >> \(ledger)
                  number=1
                  while [ $number -le \(lines) ]; do
                    echo "line $number"
                    \(pause > 0 ? "sleep \(pause)" : ":")
                    number=$((number + 1))
                  done
            """
        )
    }

    /// Proves that these runs succeeded, ran once, and left their whole logs and nothing else.
    func checkSuccess(of runs: [String], endingWithin limit: Duration) async throws {
        try await site.waitForEnd(of: runs, within: limit)
        #expect(try await site.states(of: runs).filter { !$0.key.hasPrefix("succeeded") } == [:])
        let executions = Dictionary(grouping: executed, by: \.self).mapValues(\.count)
        for run in runs where executions[run] != 1 {
            Issue.record("\(run) ran \(executions[run] ?? 0) times\n\(try await site.history(of: run))")
        }
        try await checkHistory(of: runs)
        try await checkLogs(of: runs)
        try await checkNothingIsLeft(of: runs)
    }

    /// The ids of the runs whose user code was executed, once for each time.
    var executed: [String] {
        let text = FileManager.default.contents(atPath: ledger) ?? Data()
        return String(decoding: text, as: UTF8.self).split(separator: "\n").map(String.init)
    }

    private func checkLogs(of runs: [String]) async throws {
        let whole = (1...lines).map { "line \($0)" }
        for run in runs {
            let found = try await site.lines(of: "count", run)
            if found != whole {
                Issue.record("the log of \(run) is \(found)\n\(try await site.history(of: run))")
            }
        }
    }

    /// Each run was created once, ended once, and went on from where it was.
    private func checkHistory(of runs: [String]) async throws {
        let wrong = try await site.number(
            """
            SELECT count(*) FROM (
                SELECT run_id FROM run_events WHERE run_id::text = ANY(\(runs)) GROUP BY run_id
                HAVING count(*) FILTER (WHERE kind = 'created') <> 1 OR count(*) FILTER (WHERE state = 'succeeded') <> 1
            ) AS wrong
            """
        )
        #expect(wrong == 0)
        let jumps = try await site.number(
            """
            SELECT count(*) FROM (
                SELECT from_state, lag(state) OVER (PARTITION BY run_id ORDER BY sequence) AS before
                FROM run_events WHERE run_id::text = ANY(\(runs)) AND (kind = 'created' OR from_state IS NOT NULL)
            ) AS steps WHERE from_state IS DISTINCT FROM before
            """
        )
        #expect(jumps == 0, "a state does not follow from the one before")
    }

    /// No pod, no lease, no pod to remove, no process.
    func checkNothingIsLeft(of runs: [String]) async throws {
        try await eventually(within: .seconds(30), "the pods of \(name) are gone") {
            try await site.pods(of: runs).isEmpty
        }
        try await eventually(within: .seconds(30), "no pod of \(name) is to be removed") {
            try await site.number("SELECT count(*) FROM cleanups WHERE run_id::text = ANY(\(runs))") == 0
        }
        #expect(try await site.number("SELECT count(*) FROM live_runs WHERE id::text = ANY(\(runs))") == 0)
        try await eventually(within: .seconds(30), "the processes of \(name) are gone") {
            ContainerProcesses.mentioning(ledger).isEmpty
        }
    }
}

/// What runs on this machine for the containers of a local cluster.
enum ContainerProcesses {
    /// The processes whose arguments or environment hold a text, such as a path only one job knows.
    static func mentioning(_ text: String) -> [Int32] {
        // why: without /proc there is nothing to look at, and the tests before have failed.
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return names.compactMap { Int32($0) }.filter { pid in
            ["cmdline", "environ"].contains { file in
                let data = FileManager.default.contents(atPath: "/proc/\(pid)/\(file)") ?? Data()
                return String(decoding: data, as: UTF8.self).contains(text)
            }
        }
    }
}
