import KubernetesClient
import SlipwayCore
import Testing

@testable import Placement

@Suite struct PodEndTests {
    private typealias Document = PodDocument

    /// A pod's last status, and how the placement ended.
    struct Ending: Sendable {
        let name: String
        let status: String
        var metadata = ""
        let outcome: PlacementEnd.Outcome
        let reason: ReasonCode
        let failureClass: FailureClass?
        let hasUserCodeRun: Bool
    }

    private static func ran(_ code: Int, _ reason: String, _ message: String = "") -> String {
        #""phase": "\#(code == 0 ? "Succeeded" : "Failed")", \#(Document.conditions(scheduled: 2, initialized: 7)), "#
            + "\(Document.sail(Document.running(5), started: true)), "
            + Document.runner(Document.terminated(code, reason, from: 8, to: 20, message: message))
    }

    private static func sailOutOfMemory(_ message: String) -> String {
        let ended = #"{\#(Document.terminated(137, "OOMKilled", from: 5, to: 15))}"#
        return #""phase": "Running", \#(Document.conditions(scheduled: 2, initialized: 7)), "#
            + "\(Document.sail(Document.running(16), restarts: 1, last: ended)), "
            + Document.runner(Document.terminated(2, "Error", from: 8, to: 20, message: message))
    }

    private static func disrupted(_ reason: String) -> String {
        Document.conditions(
            more: #"{"type": "DisruptionTarget", "status": "True", "reason": "\#(reason)", "message": "said so"}"#
        )
    }

    private static let deleted = #", "deletionTimestamp": "\#(Document.time(18))""#

    private static let endings: [Ending] = [
        Ending(
            name: "success",
            status: ran(0, "Completed", Document.succeededSummary),
            outcome: .succeeded,
            reason: .completed,
            failureClass: nil,
            hasUserCodeRun: true
        ),
        Ending(
            name: "success without a summary",
            status: ran(0, "Completed"),
            outcome: .succeeded,
            reason: .completed,
            failureClass: nil,
            hasUserCodeRun: true
        ),
        Ending(
            name: "a failed task",
            status: ran(1, "Error", Document.failedSummary("task_failed", "user")),
            outcome: .failed,
            reason: .taskFailed,
            failureClass: .user,
            hasUserCodeRun: true
        ),
        Ending(
            name: "a failed task without a summary",
            status: ran(1, "Error", "garbage"),
            outcome: .failed,
            reason: .taskFailed,
            failureClass: .user,
            hasUserCodeRun: true
        ),
        Ending(
            name: "storage",
            status: ran(2, "Error", Document.failedSummary("storage_unavailable", "infrastructure")),
            outcome: .failed,
            reason: .storageUnavailable,
            failureClass: .infrastructure,
            hasUserCodeRun: true
        ),
        Ending(
            name: "a claimed success with another code",
            status: ran(7, "Error", Document.succeededSummary),
            outcome: .failed,
            reason: .runnerCrashed,
            failureClass: .infrastructure,
            hasUserCodeRun: true
        ),
        Ending(
            name: "runner out of memory",
            status: ran(137, "OOMKilled"),
            outcome: .failed,
            reason: .runnerOutOfMemory,
            failureClass: .user,
            hasUserCodeRun: true
        ),
        Ending(
            name: "runner killed",
            status: ran(137, "Error"),
            outcome: .failed,
            reason: .runnerCrashed,
            failureClass: .infrastructure,
            hasUserCodeRun: true
        ),
        Ending(
            name: "runner crashed",
            status: ran(139, "Error"),
            outcome: .failed,
            reason: .runnerCrashed,
            failureClass: .infrastructure,
            hasUserCodeRun: true
        ),
        Ending(
            name: "Sail out of memory",
            status: sailOutOfMemory(Document.failedSummary("sail_unreachable", "infrastructure")),
            outcome: .failed,
            reason: .sailOutOfMemory,
            failureClass: .infrastructure,
            hasUserCodeRun: true
        ),
        Ending(
            name: "a user's mistake while Sail ran out of memory",
            status: sailOutOfMemory(Document.failedSummary("task_failed", "user")),
            outcome: .failed,
            reason: .taskFailed,
            failureClass: .user,
            hasUserCodeRun: true
        ),
        Ending(
            name: "asked to stop",
            status: ran(143, "Error", #"{"result":"cancelled","warnings":0,"last_sequence":3}"#),
            metadata: deleted,
            outcome: .lost,
            reason: .podLost,
            failureClass: .infrastructure,
            hasUserCodeRun: true
        ),
        Ending(
            name: "killed after its grace",
            status: ran(137, "Error"),
            metadata: deleted,
            outcome: .lost,
            reason: .podLost,
            failureClass: .infrastructure,
            hasUserCodeRun: true
        ),
        Ending(
            name: "drained",
            status:
                #""phase": "Failed", \#(disrupted("EvictionByEvictionAPI")), \#(Document.runner(Document.terminated(143, "Error", from: 8, to: 20)))"#,
            metadata: deleted,
            outcome: .lost,
            reason: .evicted,
            failureClass: .infrastructure,
            hasUserCodeRun: true
        ),
        Ending(
            name: "preempted before it ran",
            status: #""phase": "Failed", \#(disrupted("PreemptionByScheduler"))"#,
            outcome: .lost,
            reason: .preempted,
            failureClass: .infrastructure,
            hasUserCodeRun: false
        ),
        Ending(
            name: "evicted before it ran",
            status:
                #""phase": "Failed", "reason": "Evicted", "message": "The node was low on resource: memory.", \#(Document.conditions(scheduled: 2))"#,
            outcome: .lost,
            reason: .evicted,
            failureClass: .infrastructure,
            hasUserCodeRun: false
        ),
        Ending(
            name: "evicted while it ran",
            status:
                #""phase": "Failed", "reason": "Evicted", "message": "low on memory", \#(Document.runner(Document.terminated(137, "Error", from: 8, to: 20)))"#,
            outcome: .lost,
            reason: .evicted,
            failureClass: .infrastructure,
            hasUserCodeRun: true
        ),
        Ending(
            name: "refused by its node",
            status:
                #""phase": "Failed", "reason": "OutOfcpu", "message": "Node didn't have enough resource: cpu", "startTime": "\#(Document.time(2))""#,
            outcome: .lost,
            reason: .podRejected,
            failureClass: .infrastructure,
            hasUserCodeRun: false
        ),
        Ending(
            name: "its node was shut down",
            status:
                #""phase": "Failed", "reason": "Terminated", "message": "Pod was terminated in response to imminent node shutdown.", \#(Document.runner(Document.terminated(143, "Error", from: 8, to: 20)))"#,
            outcome: .lost,
            reason: .nodeLost,
            failureClass: .infrastructure,
            hasUserCodeRun: true
        ),
        Ending(
            name: "a status nobody knows",
            status:
                #""phase": "Failed", \#(Document.conditions(scheduled: 2)), \#(Document.runner(#""terminated": {"exitCode": 137, "reason": "ContainerStatusUnknown", "message": "The container could not be located when the pod was deleted."}"#))"#,
            outcome: .lost,
            reason: .podLost,
            failureClass: .infrastructure,
            hasUserCodeRun: true
        ),
        Ending(
            name: "a program that is not there",
            status:
                #""phase": "Failed", \#(Document.runner(#""terminated": {"exitCode": 128, "reason": "StartError", "message": "exec: no such file", "startedAt": "1970-01-01T00:00:00Z", "finishedAt": "\#(Document.time(3))"}"#))"#,
            outcome: .failed,
            reason: .containerCreateFailed,
            failureClass: .infrastructure,
            hasUserCodeRun: false
        ),
        Ending(
            name: "a deadline of the pod's own",
            status:
                #""phase": "Failed", "reason": "DeadlineExceeded", "message": "Pod was active on the node longer than the specified deadline""#,
            outcome: .timeout,
            reason: .runTimeout,
            failureClass: .timeout,
            hasUserCodeRun: false
        ),
    ]

    @Test(arguments: endings) func aPodsEndIsClassified(ending: Ending) throws {
        let reading = try Document.reading(ending.status, metadata: ending.metadata)
        let end = try #require(reading.end(), "\(ending.name)")
        #expect(end.outcome == ending.outcome, "\(ending.name): \(end.message ?? "")")
        #expect(end.reason == ending.reason, "\(ending.name): \(end.message ?? "")")
        #expect(end.failureClass == ending.failureClass, "\(ending.name)")
        #expect(end.hasUserCodeRun == ending.hasUserCodeRun, "\(ending.name)")
        #expect(end.outcome == .succeeded || end.message?.isEmpty == false, "\(ending.name)")
        #expect(end.evidence?["phase"] != nil, "\(ending.name)")
        #expect(reading.waiting == nil || reading.runnerEnd == nil)
    }

    @Test func aFailureIsToldInTheRunnersWords() throws {
        let status = Self.ran(1, "Error", Document.failedSummary("task_failed", "user"))
        let end = try #require(try Document.reading(status).end())
        #expect(end.message == "It broke." && end.failedTask == "sum" && end.errorName == "AnalysisException")
        #expect(end.exitCode == 1 && end.at == PodReadingTests.at(20))
    }

    @Test func anEndIsKnownWhileSailStillStops() throws {
        let status =
            #""phase": "Running", \#(Document.sail(Document.running(5), started: true)), \#(Document.runner(Document.terminated(0, "Completed", from: 8, to: 9, message: Document.succeededSummary)))"#
        #expect(try Document.reading(status).end()?.outcome == .succeeded)
    }

    @Test func aVanishedPodIsLostUnlessItsEndWasSeen() throws {
        let before = try Document.reading(Document.conditions(scheduled: 2))
        let lost = before.endOfVanishedPod(at: PodReadingTests.at(60))
        #expect(lost.outcome == .lost && lost.reason == .podLost && !lost.hasUserCodeRun)
        let ran = try Document.reading(#""phase": "Running", \#(Document.runner(Document.running(8)))"#)
        #expect(ran.endOfVanishedPod(at: PodReadingTests.at(60)).hasUserCodeRun)
        let ended = try Document.reading(Self.ran(0, "Completed", Document.succeededSummary))
        #expect(ended.endOfVanishedPod(at: PodReadingTests.at(60)).outcome == .succeeded)
    }

    @Test func theEvidenceIsBoundedAndHoldsNoNullCharacters() throws {
        let long = String(repeating: "\\u0000é\\n", count: 3000)
        let status =
            #""phase": "Failed", "reason": "Evicted", "message": "\#(long)", \#(Document.conditions(more: #"{"type": "X", "status": "True", "message": "\#(long)"}"#)), \#(Document.runner(Document.waiting("ErrImagePull", long)))"#
        let events = (0..<200).map { number in
            KubernetesEvent(
                metadata: ObjectMetadata(name: "e"),
                involvedObject: ObjectReference(name: "p"),
                reason: "Failed",
                message: String(repeating: "event \(number) ", count: 500),
                type: "Warning"
            )
        }
        let end = try #require(try Document.reading(status).end(events: events))
        let text = try #require(end.evidence).canonicalText
        #expect(text.utf8.count <= PodEvidence.maximumBytes)
        #expect(!text.contains("\\u0000"))
        #expect(end.message?.contains("\0") == false)
        guard case .array(let kept) = end.evidence?["events"] else { return #expect(Bool(false)) }
        #expect(kept.count == 20)
    }

    @Test func aForgedSummaryIsCutToWhatCanBeStored() throws {
        let name = String(repeating: "x", count: 3000)
        let summary = #"{"result":"failed","failed_task":"\#(name)\u0000","warnings":0,"last_sequence":1}"#
        let end = try #require(try Document.reading(Self.ran(1, "Error", summary)).end())
        #expect(end.failedTask?.count == 63)
    }
}
