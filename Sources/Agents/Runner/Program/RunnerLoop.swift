internal import Glibc
internal import SlipwayCore

/// Executes an assignment: one thread, one `poll`, everything it waits for.
///
/// ``TaskSequence`` decides; the loop starts processes, reads what they write, and feeds back how they ended.
@safe final class RunnerLoop {
    /// How long the Python process may take to release its session when all tasks have ended.
    static let releaseSeconds = 5
    /// How long processes that were killed may take to disappear.
    static let clearingSeconds = 5
    /// How often leftovers are looked for again while some remain.
    static let clearingRoundMilliseconds: Int32 = 20

    enum Phase {
        /// Tasks execute. → `releasing`
        case working
        /// All tasks have ended; the Python process releases its session. → `done`
        case releasing(until: ContinuousClock.Instant)
        /// The last record is written.
        case done
    }

    let assignment: RunnerAssignment
    let environment: TaskEnvironment
    let stream: RecordStream
    let signals: SignalQueue
    let folder: ScratchFolder
    let taskNames: [String]
    var sequence: TaskSequence
    var actions: [TaskSequence.Action] = []
    var current: RunningTask?
    var worker: PythonWorker?
    /// What no task wrote.
    var runnerLog: TaskLog
    /// Outputs of commands that the Python process has not been told yet.
    var unsentOutputs: [TaskOutput] = []
    var unsentOutputBytes = 0
    var phase = Phase.working
    /// When the next sign of life is due, if any is asked for.
    private var heartbeatAt: ContinuousClock.Instant?
    var wasStopped = false

    init(
        assignment: RunnerAssignment,
        environment: TaskEnvironment,
        stream: RecordStream,
        signals: SignalQueue,
        folder: ScratchFolder
    ) {
        self.assignment = assignment
        self.environment = environment
        self.stream = stream
        self.signals = signals
        self.folder = folder
        taskNames = assignment.tasks.map(\.name)
        sequence = TaskSequence(tasks: assignment.tasks)
        runnerLog = TaskLog(task: nil, limitBytes: assignment.limits.logTaskBytes)
    }

    /// Runs all tasks. - Returns: how it ended; the last record and the termination message say the same.
    func run() -> RunnerSummary {
        stream.write(.started(version: RunnerVersion.current))
        heartbeatAt = assignment.heartbeatSeconds.map { .now + .seconds($0) }
        stream.flush()
        actions = sequence.begin()
        if needsPython { startWorker() }
        while true {
            performActions()
            advance()
            if actions.isEmpty {
                if case .done = phase { break }
                stream.flush()
                waitForEvents()
                handleSignals()
                readReports()
                readLogs()
                enforceDeadlines()
            }
        }
        return finish()
    }

    // MARK: Deciding

    private func performActions() {
        // A bounded number at a time, so that a run of a thousand tasks does not gather a thousand records.
        while !actions.isEmpty, !stream.isFull {
            switch actions.removeFirst() {
            case .report(let report): stream.write(.task(report))
            case .warn(let task, let message): stream.write(.warning(task: task, message: message))
            case .start(let index): start(index)
            case .finish: beginReleasing()
            }
        }
        if !actions.isEmpty {
            stream.flush()
            if stream.isFull { waitForEvents() }
        }
    }

    /// Moves the current task, or the end of the run, on as far as what is known allows.
    private func advance() {
        switch phase {
        case .working:
            if let end = endOfCurrentTask() { complete(end) }
        case .releasing:
            if isReleased() { phase = .done }
        case .done: break
        }
    }

    private func finish() -> RunnerSummary {
        killAll()
        var summary = sequence.summary(lastSequence: stream.lastSequence + 1)
        summary = SummaryFitting.fitted(summary)
        TerminationMessage.write(summary, to: assignment.terminationMessagePath)
        stream.write(.finished(summary))
        // A run that was told to end does not wait for ever for a reader that does not read.
        let givenUpAt = ContinuousClock.now + .seconds(assignment.limits.graceSeconds)
        while !stream.isEmpty {
            stream.flush()
            if stream.isEmpty { break }
            if wasStopped, .now >= givenUpAt { break }
            waitForEvents(deadline: givenUpAt)
            handleSignals()
        }
        return summary
    }

    /// Writes a sign of life when one is due. A stream that nobody reads needs none.
    private func beat() {
        guard let due = heartbeatAt, let seconds = assignment.heartbeatSeconds, .now >= due else { return }
        heartbeatAt = .now + .seconds(seconds)
        if !stream.isFull { stream.write(.heartbeat) }
    }

    // MARK: Waiting

    /// Sleeps until something can be read or written, a signal came, or a deadline passed.
    private func waitForEvents(deadline: ContinuousClock.Instant? = nil) {
        var polled = [pollfd(fd: signals.descriptor, events: Int16(POLLIN), revents: 0)]
        func watch(_ descriptor: Int32?, _ events: Int32) {
            if let descriptor, descriptor >= 0 {
                polled.append(pollfd(fd: descriptor, events: Int16(events), revents: 0))
            }
        }
        watch(stream.descriptorToWrite, POLLOUT)
        watch(worker?.descriptorToWrite, POLLOUT)
        if !stream.isFull {
            for pipe in livePipes { watch(pipe.descriptor, POLLIN) }
            watch(worker?.reportsDescriptor, POLLIN)
        }
        unsafe poll(&polled, nfds_t(polled.count), millisecondsToWait(until: deadline))
        worker?.writeOrders()
        beat()
    }

    private var livePipes: [LogPipe] {
        var pipes = worker?.process.pipes ?? []
        if case .command(let child, _)? = current?.body { pipes += child.pipes }
        return pipes.filter { !$0.isClosed }
    }

    private func millisecondsToWait(until deadline: ContinuousClock.Instant?) -> Int32 {
        var deadlines = [deadline, current?.nextDeadline, heartbeatAt].compactMap { $0 }
        if case .releasing(let until) = phase { deadlines.append(until) }
        var wait: Int32 = -1
        if let next = deadlines.min() {
            let left = max(.zero, next - .now)
            wait = Int32(min(60_000, left / .milliseconds(1) + 1))
        }
        guard current?.clearingUntil != nil else { return wait }
        return wait < 0 ? Self.clearingRoundMilliseconds : min(wait, Self.clearingRoundMilliseconds)
    }

    // MARK: What happened

    private func handleSignals() {
        while let signal = signals.next() {
            if signal == .stop { stopRun() }
        }
        // Several children may stand behind one SIGCHLD.
        while let (processID, status) = SignalQueue.reap() {
            if processID == worker?.process.processID { worker?.process.ended = status }
            if case .command(let child, _)? = current?.body, child.processID == processID { child.ended = status }
        }
    }

    private func readLogs() {
        if let current, case .command(let child, _) = current.body {
            for pipe in child.pipes where !stream.isFull { _ = pipe.read(into: &current.log, stream: stream) }
        }
        if let worker {
            for pipe in worker.process.pipes where !stream.isFull { readFromWorker(pipe) }
        }
    }

    /// What the Python process prints belongs to the task it executes.
    @discardableResult
    func readFromWorker(_ pipe: LogPipe) -> LogPipe.Progress {
        guard let task = current, task.isPython else { return pipe.read(into: &runnerLog, stream: stream) }
        return pipe.read(into: &task.log, stream: stream)
    }

    private func enforceDeadlines() {
        guard let task = current else { return }
        let now = ContinuousClock.now
        if let stop = task.stop {
            if !stop.hasKilled, now >= stop.killAt { killCurrentTask() }
        } else if let deadline = task.deadline, now >= deadline, let seconds = task.task.timeoutSeconds {
            stopCurrentTask(.timedOut(seconds: seconds))
        }
    }
}
