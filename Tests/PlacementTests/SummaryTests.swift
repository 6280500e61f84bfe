import KubernetesClient
import SlipwayCore
import Testing

@testable import Placement

@Suite("What the runner left as its summary, and what did not arrive of it")
struct SummaryTests {
    private typealias Document = PodDocument

    /// A termination message that is no summary.
    struct Remains: Sendable, CustomTestStringConvertible {
        let name: String
        let message: String
        let problem: String

        var testDescription: String { name }
    }

    private static let longSummary =
        #"{"result":"failed","warnings":0,"last_sequence":3,"failure":{"message":""#
        + String(repeating: "x", count: 5000)

    static let remains = [
        Remains(name: "missing", message: "", problem: "the runner left no summary"),
        Remains(name: "empty", message: "  ", problem: "the runner left no summary"),
        Remains(name: "text", message: "Killed", problem: "the termination message is not a runner's summary"),
        Remains(name: "another JSON", message: "[1, 2]", problem: "the termination message is not a runner's summary"),
        Remains(
            name: "half a summary",
            message: #"{"result":"succeeded","warn"#,
            problem: "the termination message is not a runner's summary"
        ),
        Remains(
            name: "cut by Kubernetes",
            message: String(longSummary.prefix(4096)),
            problem: "the termination message is larger than 4096 bytes and was cut"
        ),
    ]

    /// By the runner's contract: 0 all well, 1 a task failed, anything else is the runner's own end.
    static let codes: [(code: Int, outcome: PlacementEnd.Outcome, reason: ReasonCode)] = [
        (0, .succeeded, .completed), (1, .failed, .taskFailed), (2, .failed, .runnerCrashed),
        (137, .failed, .runnerCrashed), (139, .failed, .runnerCrashed), (143, .lost, .podLost),
    ]

    @Test("without a readable summary the exit code decides, and the evidence says what there was", arguments: remains)
    func unreadable(remains: Remains) throws {
        for (code, outcome, reason) in Self.codes {
            let status =
                #""phase": "\#(code == 0 ? "Succeeded" : "Failed")", \#(Document.conditions(scheduled: 2, initialized: 7)), "#
                + Document.runner(
                    Document.terminated(
                        code,
                        code == 0 ? "Completed" : "Error",
                        from: 8,
                        to: 20,
                        message: remains.message
                    )
                )
            let reading = try Document.reading(status)
            #expect(reading.runnerEnd?.summary == nil && reading.runnerEnd?.summaryProblem == remains.problem)
            let end = try #require(reading.end())
            #expect(end.outcome == outcome && end.reason == reason && end.exitCode == code)
            #expect(end.evidence?["summary"] == .string(remains.problem))
            #expect((end.message == nil) == (outcome == .succeeded))
        }
    }

    @Test("the stream's last line stands in for a summary that was not left")
    func fromStream() throws {
        let status =
            #""phase": "Failed", \#(Document.conditions(scheduled: 2, initialized: 7)), "#
            + Document.runner(Document.terminated(1, "Error", from: 8, to: 20, message: "garbage"))
        var reading = try Document.reading(status)
        let failure = TaskFailure(reason: .sailCrashed, failureClass: .infrastructure, message: "Sail went away")
        reading.runnerEnd?.summary = RunnerSummary(result: .failed, failure: failure, failedTask: "load")
        let end = try #require(reading.end())
        #expect(end.reason == .sailCrashed && end.failedTask == "load" && end.message == "Sail went away")
        #expect(end.evidence?["summary"] == .string("the termination message is not a runner's summary"))
    }
}
