import KubernetesClient
import SlipwayCore
import Testing

@testable import Placement

@Suite struct PlacementDeadlinesTests {
    private typealias Document = PodDocument

    private static let timeouts = JobSpec.Timeouts(
        scheduleSeconds: 100,
        startSeconds: 50,
        sailReadySeconds: 30,
        runSeconds: 1000
    )

    struct Phase: Sendable {
        let name: String
        var engine = "sail"
        let status: String
        let deadline: Int
        let reason: ReasonCode
        let outcome: PlacementEnd.Outcome
    }

    private static let crashed = #"{\#(Document.terminated(139, "Error", from: 5, to: 6))}"#

    private static let phases: [Phase] = [
        Phase(name: "unscheduled", status: "", deadline: 100, reason: .scheduleTimeout, outcome: .failed),
        Phase(
            name: "creating Sail",
            status: Document.conditions(scheduled: 2),
            deadline: 52,
            reason: .startTimeout,
            outcome: .failed
        ),
        Phase(
            name: "pulling an image that is not there",
            status:
                "\(Document.conditions(scheduled: 2)), \(Document.sail(Document.waiting("ImagePullBackOff", "not found")))",
            deadline: 52,
            reason: .imagePullFailed,
            outcome: .failed
        ),
        Phase(
            name: "a missing secret",
            engine: "none",
            status:
                "\(Document.conditions(scheduled: 2)), \(Document.runner(Document.waiting("CreateContainerConfigError", "secret \\\"s\\\" not found")))",
            deadline: 52,
            reason: .containerCreateFailed,
            outcome: .failed
        ),
        Phase(
            name: "waiting for Sail",
            status: "\(Document.conditions()), \(Document.sail(Document.running(5)))",
            deadline: 35,
            reason: .sailReadyTimeout,
            outcome: .failed
        ),
        Phase(
            name: "Sail crashing in a loop",
            status:
                "\(Document.conditions()), \(Document.sail(Document.waiting("CrashLoopBackOff"), restarts: 3, last: crashed))",
            deadline: 35,
            reason: .sailCrashed,
            outcome: .failed
        ),
        Phase(
            name: "creating the runner",
            status: "\(Document.conditions(initialized: 7)), \(Document.sail(Document.running(5), started: true))",
            deadline: 57,
            reason: .startTimeout,
            outcome: .failed
        ),
        Phase(
            name: "running",
            status:
                #""phase": "Running", \#(Document.conditions(initialized: 7)), \#(Document.sail(Document.running(5), started: true)), \#(Document.runner(Document.running(8)))"#,
            deadline: 1008,
            reason: .runTimeout,
            outcome: .timeout
        ),
    ]

    @Test(arguments: phases) func eachPhaseHasItsOwnDeadline(phase: Phase) throws {
        let reading = try Document.reading(phase.status, engine: phase.engine)
        let deadline = try #require(PlacementDeadlines.next(Self.timeouts, for: reading), "\(phase.name)")
        #expect(deadline.at == PodReadingTests.at(phase.deadline), "\(phase.name)")
        #expect(deadline.reason == phase.reason && deadline.outcome == phase.outcome, "\(phase.name)")
        let before = PodReadingTests.at(phase.deadline - 1)
        #expect(PlacementDeadlines.passed(Self.timeouts, for: reading, now: before) == nil)
        #expect(PlacementDeadlines.passed(Self.timeouts, for: reading, now: deadline.at) == deadline)
        let end = reading.end(passing: deadline, at: deadline.at)
        #expect(end.reason == phase.reason && end.hasUserCodeRun == (phase.reason == .runTimeout))
        #expect(end.message?.isEmpty == false && end.evidence != nil)
    }

    @Test func anEndedPlacementHasNoDeadline() throws {
        let status = Document.runner(
            Document.terminated(0, "Completed", from: 8, to: 9, message: Document.succeededSummary)
        )
        let reading = try Document.reading(#""phase": "Succeeded", \#(status)"#)
        #expect(PlacementDeadlines.next(Self.timeouts, for: reading) == nil)
    }
}
