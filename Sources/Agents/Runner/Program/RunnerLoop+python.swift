internal import Glibc
internal import SlipwayCore

/// The SQL and Python tasks, which one Python process executes, one after the other.
///
/// The rest of the loop knows only: ``canStartPython``, ``startPython(_:_:)``, ``cancelPython(_:)``, ``endOfPython(_:)``,
/// ``readReports()``, the processes, and the tasks that wait.
extension RunnerLoop {
    /// How much of the commands' outputs is kept for Python tasks to ask for.
    static let upstreamOutputBytes = 16 << 20

    var needsPython: Bool {
        assignment.tasks.contains { task in
            if case .command = task.action { false } else { true }
        }
    }

    /// The processes that serve Python tasks.
    var pythonProcesses: Set<pid_t> {
        guard let process = worker?.process, process.ended == nil else { return [] }
        return [process.processID]
    }

    /// The process that executes a task; none for a command.
    func pythonProcesses(of task: RunningTask) -> [pid_t] { task.isPython ? Array(pythonProcesses) : [] }

    func hasPythonEnded(_ task: RunningTask) -> Bool { worker?.process.ended != nil }

    /// The task that the Python process executes.
    private var pythonTask: RunningTask? { running.first(where: \.isPython) }

    /// Starts it at the very beginning, so that its imports overlap with whatever comes first.
    func startWorker() {
        do {
            worker = try makeWorker()
        } catch {
            // The first task that needs it tries again and then fails with the reason.
            worker = nil
        }
    }

    private func makeWorker() throws(SpawnError) -> PythonWorker {
        try PythonWorker(
            assignment: assignment,
            environment: environment.ofWorker(),
            scratchFolder: folder.path
        )
    }

    // MARK: Starting

    var canStartPython: Bool { pythonTask == nil }

    func waitForPython(_ execution: TaskExecution) { waitingForPython.append(execution) }

    /// Those that wait, which then do so no longer.
    func takeWaitingForPython() -> [TaskExecution] {
        defer { waitingForPython.removeAll() }
        return waitingForPython
    }

    func startWaitingPython() {
        while canStartPython, !waitingForPython.isEmpty { start(waitingForPython.removeFirst()) }
    }

    func startPython(_ execution: TaskExecution, _ task: TaskSpec) {
        actions += machine.started(execution.number)
        if worker?.process.ended != nil { worker = nil }
        do {
            if worker == nil {
                worker = try makeWorker()
            }
        } catch {
            return end(execution, TaskVerdict.ofSpawnError(error))
        }
        running.append(
            RunningTask(execution, task: task, body: .python, logLimitBytes: assignment.limits.logTaskBytes)
        )
        worker?.execute(
            execution,
            task: task,
            environment: environment.additions(for: execution, task),
            upstream: unsentOutputs
        )
        unsentOutputs.removeAll()
        unsentOutputBytes = 0
    }

    func cancelPython(_ task: RunningTask) {
        worker?.cancel(task.execution)
        worker?.process.signalGroup(SIGTERM)
    }

    /// Keeps a command's output until the Python process is next told to execute something.
    func keepForPython(_ output: TaskOutput) {
        guard needsPython else { return }
        let bytes = CompactJSON.bytes(output.value).count
        guard unsentOutputBytes + bytes <= Self.upstreamOutputBytes else {
            actions.append(machine.warn(output.task, "the output \(output.name) is not kept for later Python tasks"))
            return
        }
        unsentOutputBytes += bytes
        unsentOutputs.append(output)
    }

    // MARK: Reports

    func readReports() {
        guard let worker, !stream.isFull else { return }
        do {
            try worker.readReports { line in handleReport(line) }
        } catch {
            // Only a damaged process does that; its end fails the task.
            stream.write(.warning(task: pythonTask?.execution.name, message: error.description))
            worker.process.signalGroup(SIGKILL)
        }
    }

    private func handleReport(_ line: ArraySlice<UInt8>) {
        guard let message = WorkerReport.parse(line, name: { number in self.name(ofExecution: number) }) else { return }
        if message.report == .ready {
            worker?.becomeReady()
            return
        }
        // A thread that a task left behind may still speak of that task: too late.
        guard let task = pythonTask, task.execution.number == message.execution, task.verdict == nil else { return }
        let name = task.execution.name
        switch message.report {
        case .ready: break
        case .progress(let done, let total): stream.write(.progress(task: name, done: done, total: total))
        case .warning(let message): actions.append(machine.warn(name, message))
        case .output(let output): tell(output, of: task.execution)
        case .done(let end): task.verdict = end
        }
    }

    private func name(ofExecution number: Int) -> String? {
        running.first { $0.execution.number == number }?.execution.name
    }

    /// What the Python process prints belongs to the task it executes.
    @discardableResult
    func readFromWorker(_ pipe: LogPipe) -> LogPipe.Progress {
        guard let task = pythonTask else { return pipe.read(into: &runnerLog, stream: stream) }
        return pipe.read(into: &task.log, stream: stream)
    }

    // MARK: Ending

    func endOfPython(_ task: RunningTask) -> TaskEnd? {
        guard let worker else { return nil }
        if let status = worker.process.ended {
            guard isCleared(task), isReadToTheEnd(worker, of: task) else { return nil }
            self.worker = nil
            if let verdict = task.verdict { return finalEnd(verdict, of: task) }
            if let stop = task.stop { return TaskVerdict.ofStop(stop.reason) }
            return TaskVerdict.ofWorker(
                status,
                wasReady: worker.isReady,
                ranOutOfMemory: hasRunOutOfMemory(task, status),
                lastErrorLines: task.log.lastErrorLines
            )
        }
        guard let verdict = task.verdict, isCleared(task), readWhatIsWritten(by: worker) else { return nil }
        for pipe in worker.process.pipes { pipe.finishLine(into: &task.log, stream: stream) }
        return finalEnd(verdict, of: task)
    }

    /// A task that was asked to stop has stopped for that reason, whatever error it met on the way.
    private func finalEnd(_ verdict: TaskEnd, of task: RunningTask) -> TaskEnd {
        if case .succeeded = verdict { return verdict }
        guard let stop = task.stop else { return verdict }
        return TaskVerdict.ofStop(stop.reason)
    }

    private func isReadToTheEnd(_ worker: PythonWorker, of task: RunningTask) -> Bool {
        guard !worker.hasReportsToRead, worker.process.pipes.allSatisfy(\.isClosed) else {
            guard let until = task.clearingUntil else {
                task.clearingUntil = .now + .seconds(Self.clearingSeconds)
                return false
            }
            return .now >= until
        }
        return true
    }

    /// The process has flushed what the task printed before it reported the end, so it is in the pipes by now.
    private func readWhatIsWritten(by worker: PythonWorker) -> Bool {
        for pipe in worker.process.pipes {
            while true {
                if stream.isFull { return false }
                if readFromWorker(pipe) != .read { break }
            }
        }
        return true
    }
}
