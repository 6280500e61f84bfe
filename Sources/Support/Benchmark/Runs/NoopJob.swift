internal import FoundationEssentials
package import SlipwayCore

/// The job whose runs are measured: no engine, the smallest pod, and for a cluster that only pretends to run pods the
/// annotations that tell what a runner would have done.
package struct NoopJob: Sendable {
    package static let name = "bench-noop"
    package static let team = "default"
    static let task = "noop"
    /// The stream its log lines are stored in.
    static let logStream = "task/\(task)"
    /// Always the same, so that applying the job again makes no new version.
    private static let milliseconds: Int64 = 1_767_225_600_000

    package var podMilliseconds: Int
    package var logLines: Int

    package init(podMilliseconds: Int, logLines: Int) {
        self.podMilliseconds = podMilliseconds
        self.logLines = logLines
    }

    /// The job file as JSON.
    package func file() throws -> String {
        let annotations: [String: JSONValue] = [
            "localkube.slipway/run-milliseconds": .string(String(podMilliseconds)),
            "localkube.slipway/exit-code": .string("0"),
            "localkube.slipway/termination-message": .string(try Self.json(summary)),
            "localkube.slipway/logs": .string(try stream().map { try Self.json($0) + "\n" }.joined()),
        ]
        let smallest = JSONValue.object(["cpu": .string("1m"), "memory": .string("4Mi")])
        let task = JSONValue.object(["name": .string(Self.task), "command": .array([.string("true")])])
        let file = JSONValue.object([
            "name": .string(Self.name), "team": .string(Self.team), "engine": .string("none"),
            "description": .string("Does nothing; slipway-bench measures with it."),
            "resources": .object(["runner": smallest]), "tasks": .array([task]), "annotations": .object(annotations),
        ])
        return try Self.json(file)
    }

    /// What the runner would write to its standard output.
    package func stream() -> [RunnerLine] {
        var records: [RunnerRecord] = [
            .started(version: "bench"), .task(TaskReport(name: Self.task, state: .running)),
        ]
        for number in 0..<logLines {
            let text = "line \(number + 1) of \(logLines), about as long as lines usually are"
            records.append(.log(task: Self.task, channel: .stdout, text: text))
        }
        records.append(.task(TaskReport(name: Self.task, state: .succeeded, exitCode: 0)))
        records.append(.finished(summary))
        return records.enumerated().map { index, record in
            RunnerLine(sequence: Int64(index + 1), milliseconds: Self.milliseconds, record: record)
        }
    }

    private var summary: RunnerSummary {
        RunnerSummary(result: .succeeded, lastSequence: Int64(logLines + 4))
    }

    private static func json(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }
}
