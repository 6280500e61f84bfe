import KubernetesClient
import RunStore
import SlipwayCore
import Testing

@testable import Worker

@Suite("What a worker knows of a placement decides its end")
struct SupervisedPlacementTests {
    private let now = Sample.created + .seconds(20)
    private let start = ContinuousClock.now

    private func placement(
        _ moments: [PodDocument.Moment] = [],
        run: SupervisedRun = Sample.run(),
        spec: JobSpec = Sample.spec()
    ) throws -> SupervisedPlacement {
        var placement = SupervisedPlacement(run: run, spec: spec)
        for moment in moments { placement.observe(try PodDocument.snapshot(moment), at: Sample.clock(now)) }
        return placement
    }

    private func read(_ placement: inout SupervisedPlacement, _ lines: [RunnerLine]) {
        for line in lines {
            placement.observe(line, limits: LogLimits(streamBytes: 1 << 20, runBytes: 1 << 20), at: start)
        }
    }

    private func settings(streamPatience: Duration = .seconds(3600)) -> WorkerSettings {
        var settings = WorkerSettings()
        settings.streamPatience = streamPatience
        return settings
    }

    @Test("a report tells every state once, in order, however often the pod is seen")
    func timeline() throws {
        var placement = try placement([.unscheduled, .creating, .creating, .running, .creating, .running])
        let report = placement.report()
        #expect(report.timeline.map(\.state) == [.starting, .creatingRunner, .running])
        #expect(report.timeline.map(\.at) == report.timeline.map(\.at).sorted())
        #expect(report.podUID == "uid-1" && report.node == "node-a" && report.revision == 1 && report.end == nil)
        #expect(!placement.hasNews)
        #expect(placement.report().revision == 2)
    }

    @Test("an ended container is no end before its stream is read to the end")
    func streamFirst() throws {
        var placement = try placement([.running, .succeeded])
        placement.conclude(at: Sample.clock(now), settings: settings())
        #expect(placement.end == nil)
        read(&placement, Sample.wholeStream)
        placement.conclude(at: Sample.clock(now), settings: settings())
        #expect(placement.end?.outcome == .succeeded)
        #expect(!placement.mayReport, "the lines are not stored yet")
        placement.stream.stored(sequence: 4, sailLines: 0)
        #expect(placement.mayReport)
    }

    private func stalling(_ seconds: Int?) -> JobSpec {
        var spec = Sample.spec()
        spec.timeouts.stallSeconds = seconds
        return spec
    }

    @Test("a silent runner is given up only if its container's log ends where it was last seen to write")
    func silence() throws {
        var placement = try placement([.running], spec: stalling(30))
        read(&placement, [Sample.line(1, .heartbeat), Sample.log(2)])
        #expect(!placement.isSilent(at: start + .seconds(30)) && placement.isSilent(at: start + .seconds(31)))
        #expect(placement.mustProbe(at: start + .seconds(31)))
        placement.probedAt = start + .seconds(31)
        #expect(!placement.mustProbe(at: start + .seconds(32)) && placement.mustProbe(at: start + .seconds(39)))

        // The stream hung, the runner did not.
        let later = SupervisedPlacement.Clock(now: now + .seconds(31), instant: start + .seconds(31))
        let isGivenUp = placement.lastWrote(sequence: 3, clock: later)
        #expect(!isGivenUp)
        #expect(!placement.isSilent(at: start + .seconds(60)))

        let last = SupervisedPlacement.Clock(now: now + .seconds(62), instant: start + .seconds(62))
        let isGivenUpAtLast = placement.lastWrote(sequence: 2, clock: last)
        #expect(isGivenUpAtLast)
        placement.conclude(.observed, at: last, settings: settings())
        #expect(placement.end?.outcome == .failed && placement.end?.reason == .runnerStalled)
        #expect(placement.end?.failureClass == .infrastructure)
        #expect(placement.end?.message?.contains("timeouts.stall (30s)") == true)
    }

    @Test("a runner that writes no signs of life, as an older one in the job's image, is never silent")
    func olderRunner() throws {
        var placement = try placement([.running], spec: stalling(30))
        read(&placement, [Sample.log(1)])
        #expect(!placement.isSilent(at: start + .seconds(1_000_000)))
    }

    @Test("a runner that nobody asked to give signs of life is never silent")
    func noStall() throws {
        let placement = try placement([.running], spec: stalling(nil))
        #expect(!placement.isSilent(at: start + .seconds(1_000_000)))
    }

    @Test("the stream is not waited for without limit")
    func streamPatience() throws {
        var placement = try placement([.running, .succeeded])
        placement.conclude(at: Sample.clock(now), settings: settings(streamPatience: .zero))
        #expect(placement.end?.outcome == .succeeded)
    }

    @Test("a run that ended well before it was stopped has succeeded", arguments: [false, true])
    func successBeatsIntent(isCancelled: Bool) throws {
        var placement = try placement([.running])
        if isCancelled {
            placement.cancelRequested()
        } else {
            placement.looked(at: Sample.created + .seconds(100))
            let check = placement.checkDeadline(now: Sample.created + .seconds(100))
            #expect(check == .passed)
        }
        placement.observe(try PodDocument.snapshot(.succeeded), at: Sample.clock(now))
        read(&placement, Sample.wholeStream)
        placement.conclude(at: Sample.clock(now), settings: settings())
        #expect(placement.end?.outcome == .succeeded)
    }

    @Test(
        "a cancelled run ends as cancelled once its container has ended or its pod is gone",
        arguments: [false, true]
    )
    func cancelled(isPodGone: Bool) throws {
        var placement = try placement([.running])
        placement.cancelRequested()
        placement.conclude(at: Sample.clock(now), settings: settings(streamPatience: .zero))
        #expect(placement.end == nil, "asking is no proof")
        if !isPodGone { placement.observe(try PodDocument.snapshot(.killed), at: Sample.clock(now)) }
        placement.conclude(
            isPodGone ? .observed : nil,
            at: Sample.clock(now),
            settings: settings(streamPatience: .zero)
        )
        #expect(placement.end?.outcome == .cancelled && placement.end?.reason == .cancelRequested)
    }

    @Test("a run adopted while it is being cancelled is cancelled on")
    func adoptedWhileCancelling() throws {
        var placement = try placement(run: Sample.run(state: .cancelling))
        placement.conclude(.observed, at: Sample.clock(now), settings: settings())
        #expect(placement.end?.outcome == .cancelled)
    }

    @Test(
        "the job says what a passed run deadline means",
        arguments: [
            (JobSpec.TimeoutOutcome.timeout, PlacementEnd.Outcome.timeout), (.failed, .failed),
            (.cancelled, .cancelled),
        ]
    )
    func runDeadline(onTimeout: JobSpec.TimeoutOutcome, outcome: PlacementEnd.Outcome) throws {
        // The container started three seconds after the pod's creation and may run for sixty.
        var placement = SupervisedPlacement(run: Sample.run(), spec: Sample.spec(onTimeout: onTimeout))
        placement.observe(try PodDocument.snapshot(.running), at: Sample.clock(now))
        let tooEarly = placement.checkDeadline(now: Sample.created + .seconds(62))
        // What the watch told may be old: the pod itself is looked at before anything is done to it.
        let unproven = placement.checkDeadline(now: Sample.created + .seconds(63))
        placement.looked(at: Sample.created + .seconds(62))
        let lookedTooEarly = placement.checkDeadline(now: Sample.created + .seconds(63))
        placement.looked(at: Sample.created + .seconds(63))
        let passed = placement.checkDeadline(now: Sample.created + .seconds(64))
        let again = placement.checkDeadline(now: Sample.created + .seconds(65))
        #expect([tooEarly, unproven, lookedTooEarly] == [.notPassed, .mustLook, .mustLook])
        #expect(passed == .passed && again == .notPassed)
        placement.conclude(.observed, at: Sample.clock(Sample.created + .seconds(70)), settings: settings())
        #expect(placement.end?.outcome == outcome && placement.end?.reason == .runTimeout)
    }

    @Test(
        "a vanished pod is lost, and whether user code may have run is told",
        arguments: [([PodDocument.Moment](), false), ([.creating], false), ([.running], true)]
    )
    func vanished(moments: [PodDocument.Moment], hasRun: Bool) throws {
        var placement = try placement(moments)
        placement.conclude(.observed, at: Sample.clock(now), settings: settings())
        #expect(placement.end?.outcome == .lost && placement.end?.reason == .podLost)
        #expect(placement.end?.hasUserCodeRun == hasRun)
    }

    @Test("a line of the stream is proof that user code may have run, whatever the status missed")
    func provenByStream() throws {
        var placement = try placement([.creating])
        read(&placement, [Sample.log(1)])
        placement.conclude(.observed, at: Sample.clock(now), settings: settings())
        #expect(placement.end?.hasUserCodeRun == true)
    }

    @Test("the stream's last line stands when the pod is gone before its status was seen")
    func provenSuccess() throws {
        var placement = try placement([.running])
        read(&placement, Sample.wholeStream)
        placement.conclude(.observed, at: Sample.clock(now), settings: settings())
        #expect(placement.end?.outcome == .succeeded && placement.end?.failureClass == nil)
    }

    @Test("an adopter counts warnings and tasks from the whole stream, each line once")
    func adoptedStream() throws {
        let lines = [
            Sample.line(1, .task(TaskReport(name: "only", state: .running))),
            Sample.line(2, .warning(task: "only", message: "look")),
            Sample.line(3, .task(TaskReport(name: "only", state: .succeeded))),
        ]
        var placement = try placement([.running], run: Sample.run(storedSequence: 2))
        read(&placement, lines + lines)
        #expect(placement.report().warnings == 1)
        let flush = placement.stream.flush(of: placement.run, chunkBytes: 1 << 16)
        let task = try #require(flush.tasks.first)
        #expect(flush.tasks.count == 1 && task.state == .succeeded && task.warnings == 1)
        #expect(task.startedAt != nil && task.endedAt != nil)
        #expect(flush.warnings.isEmpty && flush.countedWarnings == 0, "the one before has stored it")
    }

    @Test("a line that no runner writes changes nothing", arguments: [Int64.min, -1, 253_402_300_800_000, .max])
    func incredibleTime(milliseconds: Int64) throws {
        var placement = try placement([.running])
        let record = RunnerRecord.task(TaskReport(name: "only", state: .failed))
        read(&placement, [RunnerLine(sequence: 1, milliseconds: milliseconds, record: record)])
        #expect(!placement.stream.isDirty)
        #expect(placement.stream.flush(of: placement.run, chunkBytes: 1 << 16).tasks.isEmpty)
    }

    @Test("a task that the job does not have is ignored")
    func unknownTask() throws {
        var placement = try placement([.running])
        read(&placement, [Sample.line(1, .task(TaskReport(name: "other", state: .failed)))])
        #expect(placement.stream.flush(of: placement.run, chunkBytes: 1 << 16).tasks.isEmpty)
    }
}
