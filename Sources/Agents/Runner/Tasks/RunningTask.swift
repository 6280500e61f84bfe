internal import Glibc
internal import SlipwayCore

/// An execution that is under way, as far as the runner knows.
final class RunningTask {
    enum Body {
        /// A process of its own and the file for its outputs.
        case command(ChildProcess, outputPath: String)
        /// The Python process executes it.
        case python
    }

    /// Why it was asked to stop.
    enum StopReason {
        case cancelled
        case timedOut(seconds: Int)
    }

    struct Stop {
        let reason: StopReason
        /// What is still alive then is killed.
        let killAt: ContinuousClock.Instant
        var hasKilled = false
    }

    let execution: TaskExecution
    let task: TaskSpec
    let body: Body
    var log: TaskLog
    let deadline: ContinuousClock.Instant?
    var stop: Stop?
    /// What the Python process said about it.
    var verdict: TaskEnd?
    /// When waiting for what it left behind is given up; set once its own process has ended.
    var clearingUntil: ContinuousClock.Instant?
    /// Processes killed for want of memory before it began.
    let outOfMemoryKillsBefore: Int?

    init(_ execution: TaskExecution, task: TaskSpec, body: Body, logLimitBytes: Int) {
        self.execution = execution
        self.task = task
        self.body = body
        log = TaskLog(task: execution.name, limitBytes: logLimitBytes)
        deadline = task.timeoutSeconds.map { .now + .seconds($0) }
        outOfMemoryKillsBefore = MemoryPressure.kills()
    }

    var isPython: Bool {
        if case .python = body { true } else { false }
    }

    /// Its own process, if it has one.
    var child: ChildProcess? {
        if case .command(let child, _) = body { child } else { nil }
    }

    /// The next moment at which something must happen without any event.
    var nextDeadline: ContinuousClock.Instant? {
        var candidates: [ContinuousClock.Instant] = []
        if let stop {
            if !stop.hasKilled { candidates.append(stop.killAt) }
        } else if let deadline {
            candidates.append(deadline)
        }
        if let clearingUntil { candidates.append(clearingUntil) }
        return candidates.min()
    }
}
