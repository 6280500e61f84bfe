import KubernetesClient
import SlipwayCore
import Testing

@testable import Placement

@Suite struct PodReadingTests {
    private typealias Document = PodDocument

    static func at(_ seconds: Int) -> Timestamp {
        let created = KubernetesTime(PodDocument.created)?.microsecondsSince1970 ?? 0
        return Timestamp(microsecondsSince1970: created + Int64(seconds) * 1_000_000)
    }

    // MARK: The timeline

    /// Status, engine, and the states with their seconds after creation.
    struct Life: Sendable {
        let name: String
        var engine = "sail"
        let status: String
        let timeline: [(RunState, Int)]
    }

    private static let lives: [Life] = [
        Life(name: "without status", status: "", timeline: [(.starting, 0)]),
        Life(
            name: "not scheduled",
            status:
                #""phase": "Pending", "conditions": [{"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/3 nodes", "lastTransitionTime": "\#(Document.time(0))"}]"#,
            timeline: [(.starting, 0)]
        ),
        Life(
            name: "scheduled",
            status: #""phase": "Pending", \#(Document.conditions(scheduled: 2))"#,
            timeline: [(.starting, 0), (.creatingSail, 2)]
        ),
        Life(
            name: "scheduled without Sail",
            engine: "none",
            status: #""phase": "Pending", \#(Document.conditions(scheduled: 2))"#,
            timeline: [(.starting, 0), (.creatingRunner, 2)]
        ),
        Life(
            name: "Sail runs",
            status:
                "\(Document.conditions(scheduled: 2)), \(Document.sail(Document.running(5))), \(Document.runner(Document.waiting("PodInitializing")))",
            timeline: [(.starting, 0), (.creatingSail, 2), (.waitingForSail, 5)]
        ),
        Life(
            name: "Sail answers",
            status:
                "\(Document.conditions(scheduled: 2, initialized: 7)), \(Document.sail(Document.running(5), started: true)), \(Document.runner(Document.waiting("PodInitializing")))",
            timeline: [(.starting, 0), (.creatingSail, 2), (.waitingForSail, 5), (.creatingRunner, 7)]
        ),
        Life(
            name: "running",
            status:
                #""phase": "Running", \#(Document.conditions(scheduled: 2, initialized: 7)), \#(Document.sail(Document.running(5), started: true)), \#(Document.runner(Document.running(8)))"#,
            timeline: [(.starting, 0), (.creatingSail, 2), (.waitingForSail, 5), (.creatingRunner, 7), (.running, 8)]
        ),
        Life(
            name: "succeeded without ever being seen running",
            status:
                #""phase": "Succeeded", \#(Document.conditions(scheduled: 2, initialized: 7)), \#(Document.sail(Document.terminated(0, "Completed", from: 5, to: 12))), \#(Document.runner(Document.terminated(0, "Completed", from: 8, to: 10, message: Document.succeededSummary)))"#,
            timeline: [(.starting, 0), (.creatingSail, 2), (.waitingForSail, 5), (.creatingRunner, 7), (.running, 8)]
        ),
        Life(
            name: "clocks that disagree",
            engine: "none",
            status:
                #""phase": "Running", \#(Document.conditions(scheduled: 9)), \#(Document.runner(Document.running(8)))"#,
            timeline: [(.starting, 0), (.creatingRunner, 9), (.running, 9)]
        ),
        Life(
            name: "a container that could not be started",
            engine: "none",
            status:
                #""phase": "Failed", \#(Document.conditions(scheduled: 2)), \#(Document.runner(#""terminated": {"exitCode": 128, "reason": "StartError", "message": "no such file", "startedAt": "1970-01-01T00:00:00Z", "finishedAt": "\#(Document.time(3))"}"#))"#,
            timeline: [(.starting, 0), (.creatingRunner, 2)]
        ),
    ]

    @Test(arguments: lives) func theTimelineComesFromTheStatusTimes(life: Life) throws {
        let reading = try Document.reading(life.status, engine: life.engine)
        let expected = life.timeline.map { ObservedState(state: $0.0, at: Self.at($0.1)) }
        #expect(reading.timeline == expected, "\(life.name)")
        #expect(reading.hasUserCodeRun == (life.timeline.last?.0 == .running), "\(life.name)")
    }

    @Test func aRestartOfSailDoesNotForgetWhatWasSeen() throws {
        let before = try Document.reading(
            "\(Document.conditions(scheduled: 2, initialized: 7)), \(Document.sail(Document.running(5), started: true))"
        )
        let ended = #"{\#(Document.terminated(137, "OOMKilled", from: 5, to: 8))}"#
        let pod = try Document.snapshot(
            "\(Document.conditions(scheduled: 2)), \(Document.sail(Document.waiting("CrashLoopBackOff"), restarts: 1, last: ended))"
        )
        let after = PodReading.read(pod, after: before)
        #expect(after.timeline == before.timeline)
        #expect(after.sail?.hasAnswered == true && after.sail?.isOutOfMemory == true)
        #expect(after.waiting?.reason == .sailOutOfMemory)
        #expect(PodReading.read(pod).state == .waitingForSail)
    }

    @Test func aReadingOfAnotherPodIsNotCarriedOver() throws {
        var other = try Document.reading(#""phase": "Running", \#(Document.runner(Document.running(8)))"#)
        other.podUID = "u-0"
        let reading = PodReading.read(try Document.snapshot(#""phase": "Pending""#), after: other)
        #expect(reading.state == .starting && !reading.hasUserCodeRun)
    }

    // MARK: Waiting

    @Test(arguments: [
        ("ErrImagePull", ReasonCode.imagePullFailed), ("ImagePullBackOff", .imagePullFailed),
        ("InvalidImageName", .imagePullFailed), ("ErrImageNeverPull", .imagePullFailed),
        ("CreateContainerConfigError", .containerCreateFailed), ("CreateContainerError", .containerCreateFailed),
        ("RunContainerError", .containerCreateFailed),
    ])
    func aContainerThatCannotBeMadeSaysWhy(word: String, reason: ReasonCode) throws {
        let sail = try Document.reading("\(Document.conditions()), \(Document.sail(Document.waiting(word, "because")))")
        #expect(sail.waiting == WaitingReason(reason: reason, message: "sail: \(word): because"))
        #expect(sail.end() == nil)
        let runner = try Document.reading(
            "\(Document.conditions()), \(Document.runner(Document.waiting(word)))",
            engine: "none"
        )
        #expect(runner.waiting == WaitingReason(reason: reason, message: "runner: \(word)"))
    }

    @Test(arguments: ["ContainerCreating", "PodInitializing"])
    func aContainerOnItsWayIsNoReasonToWait(word: String) throws {
        let reading = try Document.reading("\(Document.conditions()), \(Document.sail(Document.waiting(word)))")
        #expect(reading.waiting == nil)
    }

    @Test func anUnschedulablePodRepeatsTheSchedulersWords() throws {
        let reading = try Document.reading(Self.lives[1].status)
        #expect(reading.waiting == WaitingReason(reason: .unschedulable, message: "0/3 nodes"))
        #expect(reading.scheduledAt == nil)
    }

    @Test func aSailThatCrashesWhileStartingSaysSo() throws {
        let ended = #"{\#(Document.terminated(139, "Error", from: 5, to: 6))}"#
        let reading = try Document.reading(
            "\(Document.conditions()), \(Document.sail(Document.running(8), restarts: 1, last: ended))"
        )
        #expect(reading.waiting?.reason == .sailCrashed)
        #expect(reading.state == .waitingForSail && reading.timeline.last?.at == Self.at(5))
    }

    // MARK: Losing the node

    @Test func aLostNodeIsNoEnd() throws {
        let condition =
            #"{"type": "DisruptionTarget", "status": "True", "reason": "DeletionByTaintManager", "message": "taint"}"#
        let reading = try Document.reading(
            #""phase": "Running", \#(Document.conditions(more: condition)), \#(Document.runner(Document.running(8)))"#,
            metadata: #", "deletionTimestamp": "\#(Document.time(30))""#
        )
        #expect(reading.isTerminating && reading.isNodeLost)
        #expect(reading.disruption?.reason == .nodeLost)
        #expect(reading.end() == nil)
    }
}
