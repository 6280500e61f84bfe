import KubernetesClient
import SlipwayCore
import Testing

@testable import Placement

/// Simulated pods are read as they change: what was observed is never taken back.
@Suite struct PodLifePropertyTests {
    private static let seed = UInt64.random(in: .min ... .max)

    @Test func readingALifeInOrderNeverMovesBackwards() throws {
        var generator = SplitMix(state: Self.seed)
        for life in 0..<300 {
            let hasSail = Bool.random(using: &generator)
            let statuses = Self.statuses(hasSail: hasSail, using: &generator)
            var previous: PodReading?
            var current = Self.run()
            for status in statuses where Int.random(in: 0..<3, using: &generator) > 0 || status == statuses.last {
                let pod = try PodDocument.snapshot(status, engine: hasSail ? "sail" : "none")
                let reading = PodReading.read(pod, after: previous)
                let comment: Comment = "seed \(Self.seed), life \(life): \(status)"
                #expect(reading == PodReading.read(pod, after: reading), comment)
                #expect(zip(reading.timeline, reading.timeline.dropFirst()).allSatisfy { $0.at <= $1.at }, comment)
                if let previous {
                    #expect(reading.timeline.starts(with: previous.timeline), comment)
                    #expect(!previous.hasUserCodeRun || reading.hasUserCodeRun, comment)
                }
                Self.apply(reading, to: &current, comment)
                previous = reading
            }
            #expect(current.state.isTerminal, "seed \(Self.seed), life \(life)")
        }
    }

    /// What the scheduler makes of each reading is legal as well.
    private static func apply(
        _ reading: PodReading,
        to run: inout ReportApplication.CurrentRun,
        _ comment: Comment
    ) {
        let report = PlacementReport(
            runID: run.id,
            placement: 1,
            leaseEpoch: 1,
            revision: (run.reportRevision ?? 0) + 1,
            timeline: reading.timeline,
            waiting: reading.waiting,
            end: reading.end()
        )
        let decision = ReportApplication.decide(current: run, report: report, maximumPlacements: 1)
        run.reportRevision = report.revision
        var entered: [RunState] = []
        switch decision {
        case .advance(let states, _): entered = states.map(\.state)
        case .finish(let state, _, let states): entered = states.map(\.state) + [state]
        case .replace(_, let states): entered = states.map(\.state) + [.ready]
        case .stale, .unchanged: break
        }
        for state in entered {
            #expect(RunTransition.legalPairs.contains(RunTransition.Pair(from: run.state, to: state)), comment)
            run.state = state
            if state == .running { run.userCodeMayHaveRun = true }
        }
        if let last = reading.timeline.last { run.stateSince = max(run.stateSince, last.at) }
    }

    private static func run() -> ReportApplication.CurrentRun {
        ReportApplication.CurrentRun(
            id: SmallRequest.runID,
            state: .starting,
            stateSince: PodReadingTests.at(0),
            leaseEpoch: 1,
            placement: 1,
            userCodeMayHaveRun: false,
            onTimeout: .timeout,
            placementAttempts: 1
        )
    }

    // MARK: Lives

    private static func statuses(hasSail: Bool, using generator: inout SplitMix) -> [String] {
        typealias Document = PodDocument
        var statuses = [#""phase": "Pending""#]
        var time = Int.random(in: 0...5, using: &generator)
        func pass() { time += Int.random(in: 0...9, using: &generator) }
        let scheduled = time
        statuses.append(#""phase": "Pending", \#(Document.conditions(scheduled: scheduled))"#)
        if Int.random(in: 0..<8, using: &generator) == 0 {
            return statuses + [
                #""phase": "Failed", "reason": "Evicted", "message": "low", \#(Document.conditions(scheduled: scheduled))"#
            ]
        }
        var sail = ""
        var initialized = scheduled
        if hasSail {
            pass()
            var start = time
            sail = ", " + Document.sail(Document.running(start))
            statuses.append(#""phase": "Pending", \#(Document.conditions(scheduled: scheduled))\#(sail)"#)
            if Bool.random(using: &generator) {
                let ended = "{\(Document.terminated(139, "Error", from: start, to: start + 1))}"
                pass()
                start = time
                sail = ", " + Document.sail(Document.waiting("CrashLoopBackOff"), restarts: 1, last: ended)
                statuses.append(#""phase": "Pending", \#(Document.conditions(scheduled: scheduled))\#(sail)"#)
                sail = ", " + Document.sail(Document.running(start), restarts: 1, last: ended)
                statuses.append(#""phase": "Pending", \#(Document.conditions(scheduled: scheduled))\#(sail)"#)
            }
            pass()
            initialized = time
            sail = ", " + Document.sail(Document.running(start), started: true)
            statuses.append(
                #""phase": "Pending", \#(Document.conditions(scheduled: scheduled, initialized: initialized))\#(sail)"#
            )
        }
        let head = "\(Document.conditions(scheduled: scheduled, initialized: initialized))\(sail)"
        pass()
        let started = time
        statuses.append(#""phase": "Running", \#(head), \#(Document.runner(Document.running(started)))"#)
        pass()
        let ends = [
            Document.terminated(0, "Completed", from: started, to: time, message: Document.succeededSummary),
            Document.terminated(
                1,
                "Error",
                from: started,
                to: time,
                message: Document.failedSummary("task_failed", "user")
            ),
            Document.terminated(137, "OOMKilled", from: started, to: time),
            Document.terminated(143, "Error", from: started, to: time),
        ]
        let end = ends.randomElement(using: &generator) ?? ends[0]
        statuses.append(#""phase": "Running", \#(head), \#(Document.runner(end))"#)
        statuses.append(#""phase": "Failed", \#(head), \#(Document.runner(end))"#)
        return statuses
    }
}

/// A small reproducible source of randomness.
private struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
