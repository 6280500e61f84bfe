internal import Glibc
internal import SlipwayCore

/// Executes an assignment: one thread, one `poll`, everything it waits for.
///
/// ``TaskMachine`` decides; the loop starts processes, reads what they write, and feeds back how they ended.
@safe final class RunnerLoop {
    /// How long the Python processes may take to release their sessions when all tasks have ended.
    static let releaseSeconds = 5
    /// How long processes that were killed may take to disappear.
    static let clearingSeconds = 5
    /// How often leftovers are looked for again while some remain.
    static let clearingRoundMilliseconds: Int32 = 20

    enum Phase {
        /// Tasks execute. → `releasing`
        case working
        /// All tasks have ended; the Python processes release their sessions. → `done`
        case releasing(until: ContinuousClock.Instant)
        /// The last record is written.
        case done
    }

    let assignment: RunnerAssignment
    let environment: TaskEnvironment
    let stream: RecordStream
    let signals: SignalQueue
    let folder: ScratchFolder
    var machine: TaskMachine
    var actions = ActionQueue()
    /// At most as many as the job lets execute side by side.
    var running: [RunningTask] = []
    /// Tasks that have a place among those, but wait for what pip installs.
    var waitingForInstallation: [TaskExecution] = []
    var installation: Installation?
    /// Why what the job requires is not there.
    var installationFailure: TaskFailure?
    let python: PythonPool
    /// How many items tasks with `for_each` have, as far as they were started.
    var itemCounts: [String: Int] = [:]
    var memory = MemoryPressure()
    /// What no task wrote.
    var runnerLog: TaskLog
    var phase = Phase.working
    /// When the next sign of life is due, if any is asked for.
    private var heartbeatAt: ContinuousClock.Instant?
    private let startedAt = ContinuousClock.now
    var wasStopped = false
    /// When a run that was told to end no longer waits for a reader that does not read.
    var givenUpAt: ContinuousClock.Instant?
    /// What the last wait waited for.
    private var polled: [pollfd] = []

    /// - Parameters:
    ///   - graph: of the assignment's tasks.
    ///   - confidential: values that must not be shown.
    init(
        assignment: RunnerAssignment,
        graph: TaskGraph,
        environment: TaskEnvironment,
        confidential: [String],
        stream: RecordStream,
        signals: SignalQueue,
        folder: ScratchFolder
    ) {
        self.assignment = assignment
        self.environment = environment
        self.stream = stream
        self.signals = signals
        self.folder = folder
        machine = TaskMachine(
            graph,
            variables: assignment.variables,
            parallelism: min(
                assignment.parallelism ?? JobSpec.standardParallelism,
                JobLimits.standard.parallelism.upperBound
            )
        )
        runnerLog = TaskLog(task: nil, limitBytes: assignment.limits.logTaskBytes)
        python = PythonPool(
            assignment: assignment,
            environment: environment.ofWorker(),
            scratchFolder: folder.path,
            confidential: confidential
        )
    }

    /// Runs all tasks. - Returns: how it ended; the last record and the termination message say the same.
    func run() -> RunnerSummary {
        stream.write(.started(version: RunnerVersion.current))
        heartbeatAt = assignment.heartbeatSeconds.map { .now + .seconds($0) }
        stream.flush()
        actions += machine.begin(carried: assignment.carried ?? [], skipped: assignment.skipped ?? [])
        if needsPython { preparePython() }
        startInstallation()
        while true {
            performActions()
            advance()
            if actions.isEmpty {
                if case .done = phase { break }
                let wasFull = stream.isFull
                stream.flush()
                // What waited for room has it now, and nothing else may ever happen.
                if wasFull, !stream.isFull { continue }
                waitForEvents()
                handleSignals()
                readReports()
                readLogs()
                enforceDeadlines()
                retryTasks()
            }
        }
        return finish()
    }

    /// The time of the run, by which the machine counts.
    var elapsed: Duration { .now - startedAt }

    // MARK: Deciding

    private func performActions() {
        // A bounded number at a time, so that a run of a thousand tasks does not gather a thousand records.
        while !stream.isFull || isGivenUp, let action = actions.next() {
            switch action {
            case .report(let report): stream.write(.task(report))
            case .warn(let task, let message): stream.write(.warning(task: task, message: message))
            case .start(let execution): start(execution)
            case .finish: beginReleasing()
            }
        }
        if !actions.isEmpty {
            stream.flush()
            if stream.isFull {
                waitForEvents(deadline: givenUpAt)
                handleSignals()
                enforceDeadlines()
            }
        }
    }

    var isGivenUp: Bool { givenUpAt.map { .now >= $0 } ?? false }

    /// Moves the tasks, or the end of the run, on as far as what is known allows.
    private func advance() {
        switch phase {
        case .working:
            endTasks()
            endInstallation()
            python.dropEndedIdle()
        case .releasing:
            if isReleased() { phase = .done }
        case .done: break
        }
    }

    private func finish() -> RunnerSummary {
        killAll()
        var summary = machine.summary(lastSequence: stream.lastSequence + 1)
        summary = SummaryFitting.fitted(summary)
        TerminationMessage.write(summary, to: assignment.terminationMessagePath)
        stream.write(.finished(summary))
        // A run that was told to end does not wait for ever for a reader that does not read.
        let lastMoment = ContinuousClock.now + .seconds(assignment.limits.graceSeconds)
        while !stream.isEmpty {
            stream.flush()
            if stream.isEmpty { break }
            if wasStopped, .now >= lastMoment { break }
            waitForEvents(deadline: lastMoment)
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
        polled.removeAll(keepingCapacity: true)
        polled.append(pollfd(fd: signals.descriptor, events: Int16(POLLIN), revents: 0))
        func watch(_ descriptor: Int32?, _ events: Int32) {
            if let descriptor, descriptor >= 0 {
                polled.append(pollfd(fd: descriptor, events: Int16(events), revents: 0))
            }
        }
        watch(stream.descriptorToWrite, POLLOUT)
        for worker in python.workers { watch(worker.descriptorToWrite, POLLOUT) }
        if !stream.isFull {
            for pipe in livePipes { watch(pipe.descriptor, POLLIN) }
            for worker in python.workers { watch(worker.reportsDescriptor, POLLIN) }
        }
        unsafe poll(&polled, nfds_t(polled.count), millisecondsToWait(until: deadline))
        for worker in python.workers { worker.writeOrders() }
        beat()
    }

    private var livePipes: [LogPipe] {
        var pipes = python.pipes + (installation?.process.pipes ?? [])
        for task in running { pipes += task.child?.pipes ?? [] }
        return pipes.filter { !$0.isClosed }
    }

    private func millisecondsToWait(until deadline: ContinuousClock.Instant?) -> Int32 {
        var deadlines = running.compactMap(\.nextDeadline)
        deadlines += [deadline, heartbeatAt, machine.nextDeadline.map { startedAt + $0 }].compactMap { $0 }
        if case .releasing(let until) = phase { deadlines.append(until) }
        var wait: Int32 = -1
        if let next = deadlines.min() {
            let left = max(.zero, next - .now)
            wait = Int32(min(60_000, left / .milliseconds(1) + 1))
        }
        guard running.contains(where: { $0.clearingUntil != nil }) else { return wait }
        return wait < 0 ? Self.clearingRoundMilliseconds : min(wait, Self.clearingRoundMilliseconds)
    }

    // MARK: What happened

    private func handleSignals() {
        while let signal = signals.next() {
            if signal == .stop { stopRun() }
        }
        // Several children may stand behind one SIGCHLD.
        while let (processID, status) = SignalQueue.reap() {
            if python.childEnded(processID, status) { continue }
            if processID == installation?.process.processID { installation?.process.ended = status }
            running.first { $0.child?.processID == processID }?.child?.ended = status
        }
    }

    private func readLogs() {
        for task in running {
            for pipe in task.child?.pipes ?? [] where !stream.isFull && isReadable(pipe.descriptor) {
                _ = pipe.read(into: &task.log, stream: stream)
            }
        }
        readPythonLogs()
    }

    /// Whether the last wait found something to read, or the end.
    func isReadable(_ descriptor: Int32) -> Bool {
        descriptor >= 0 && polled.contains { $0.fd == descriptor && $0.revents != 0 }
    }

    /// Lets those begin again whose wait after a failure is over.
    private func retryTasks() {
        guard let due = machine.nextDeadline, due <= elapsed else { return }
        actions += machine.timePassed(now: elapsed)
    }
}

/// What the machine wants done, in its order.
struct ActionQueue {
    private var actions: [TaskMachine.Action] = []
    private var position = 0

    var isEmpty: Bool { position == actions.count }

    mutating func next() -> TaskMachine.Action? {
        guard position < actions.count else { return nil }
        defer {
            position += 1
            if position == actions.count {
                actions.removeAll(keepingCapacity: actions.count < 100)
                position = 0
            }
        }
        return actions[position]
    }

    mutating func append(_ action: TaskMachine.Action) { actions.append(action) }

    static func += (queue: inout ActionQueue, actions: [TaskMachine.Action]) { queue.actions += actions }
}
