import Observability
import RunMessaging
import SlipwayCore

@testable import RunStore
@testable import Worker

/// Values the tests begin from.
enum Sample {
    /// The tasks of the sample job.
    static let tasks = [TaskSpec(name: "only", action: .command(["true"]))]

    static let runID = RunID(high: 0x0199_0000_0000_7000, low: 0x8000_0000_0000_0001)
    static let otherRunID = RunID(high: 0x0199_0000_0000_7000, low: 0x8000_0000_0000_0002)
    static let installation = "6f1d2c3b-0000-4000-8000-00000000000a"
    static let podKey = ClusterSupervisor.PodKey(namespace: "jobs", name: "run-\(runID)-1")
    /// 2026-03-01T10:00:00Z, when the pods of ``PodDocument`` were created.
    static let created = Timestamp(microsecondsSince1970: 1_772_359_200_000_000)

    static func spec(runSeconds: Int = 60, onTimeout: JobSpec.TimeoutOutcome = .timeout) -> JobSpec {
        JobSpec(
            name: "report",
            engine: .none,
            timeouts: JobSpec.Timeouts(runSeconds: runSeconds, onTimeout: onTimeout),
            tasks: tasks
        )
    }

    static func run(
        _ id: RunID = runID,
        state: RunState = .starting,
        epoch: Int64 = 2,
        placement: Int = 1,
        storedSequence: Int64 = 0,
        isPodCreated: Bool = false
    ) -> SupervisedRun {
        SupervisedRun(
            id: id,
            jobID: otherRunID,
            jobVersion: 1,
            team: "default",
            namespace: "jobs",
            state: state,
            leaseEpoch: epoch,
            placement: placement,
            placementStartedAt: created,
            runningAt: nil,
            stateSince: created,
            streamSequence: storedSequence,
            sailLines: 0,
            overrides: RunOverrides(),
            isPodCreated: isPodCreated
        )
    }

    static func lease(_ epoch: Int64 = 2, _ run: RunID = runID) -> SuperviseHint.Lease {
        SuperviseHint.Lease(run: run, epoch: epoch)
    }

    /// - Parameter now: what its clock says; `nil`: what `time` says.
    static func supervisor(
        now: Timestamp? = nil,
        time: TimeSource = .system,
        _ change: (inout WorkerSettings) -> Void = { _ in }
    ) -> ClusterSupervisor {
        var settings = WorkerSettings()
        change(&settings)
        var time = time
        if let now { time.now = { now } }
        return ClusterSupervisor(
            settings: settings,
            metrics: WorkerMetrics(MetricsRegistry(), cluster: "default"),
            time: time
        )
    }

    static func clock(_ now: Timestamp) -> SupervisedPlacement.Clock { .init(now: now, instant: .now) }

    // MARK: The runner's stream

    static func line(_ sequence: Int64, _ record: RunnerRecord) -> RunnerLine {
        RunnerLine(sequence: sequence, milliseconds: 1_772_359_204_000 + sequence, record: record)
    }

    static func log(_ sequence: Int64, _ text: String? = nil) -> RunnerLine {
        line(sequence, .log(task: "only", channel: .stdout, text: text ?? "line \(sequence)"))
    }

    static func output(_ sequence: Int64, _ name: String) -> RunnerLine {
        line(sequence, .output(TaskOutput(task: "only", name: name, kind: .scalar, value: .integer(1))))
    }

    static func finished(_ sequence: Int64, _ result: RunnerSummary.Result = .succeeded) -> RunnerLine {
        line(sequence, .finished(RunnerSummary(result: result, lastSequence: sequence)))
    }

    /// Four lines: a start, two lines of log, the end.
    static let wholeStream = [line(1, .started(version: "0")), log(2), log(3), finished(4)]
}
