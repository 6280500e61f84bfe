internal import Glibc
internal import SlipwayCore

/// The SQL and Python tasks, each of which a Python process of the pool executes.
///
/// The rest of the loop knows only: ``startPython(_:_:)``, ``cancelPython(_:)``, ``endOfPython(_:)``, ``readReports()``,
/// ``readPythonLogs()`` and the processes.
extension RunnerLoop {
    /// How long the end of the process that should have forked a worker is waited for.
    private static let nurseryEndSeconds = 1

    var needsPython: Bool { assignment.tasks.contains(where: \.needsPython) }

    /// The processes that serve several tasks.
    var sharedProcesses: Set<pid_t> {
        var processes = python.processIDs
        if let process = installation?.process, process.ended == nil { processes.insert(process.processID) }
        return processes
    }

    /// The process that executes a task; none for a command.
    func pythonProcesses(of task: RunningTask) -> [pid_t] {
        guard let worker = python.worker(of: task.execution.number), let process = worker.processID,
            worker.ended == nil
        else { return [] }
        return [process]
    }

    func hasPythonEnded(_ task: RunningTask) -> Bool { python.worker(of: task.execution.number)?.ended != nil }

    /// Starts Python at the very beginning, so that its imports overlap with whatever comes first.
    func preparePython() {
        for task in assignment.tasks where task.forEach != nil { itemCounts[task.name] = 0 }
        // why: the first task that needs it tries again and then fails with the reason
        try? python.prepare()
    }

    // MARK: Starting

    func startPython(_ execution: TaskExecution, _ task: TaskSpec) {
        actions += machine.started(execution.number)
        do {
            try python.start(
                execution,
                task,
                environment: environment.additions(for: execution, task),
                itemCounts: itemCounts
            )
        } catch {
            return end(execution, TaskVerdict.ofSpawnError(error))
        }
        running.append(
            RunningTask(execution, task: task, body: .python, logLimitBytes: assignment.limits.logTaskBytes)
        )
    }

    func cancelPython(_ task: RunningTask) {
        let worker = python.worker(of: task.execution.number)
        worker?.cancel(execution: task.execution.number)
        worker?.signalGroup(SIGTERM)
    }

    /// A worker that does not exist yet cannot be killed, but what it would come from can.
    func killUnborn(_ task: RunningTask) {
        guard let worker = python.worker(of: task.execution.number), !worker.isReady else { return }
        // Others may wait for the same process; this task's order to cancel is in its pipe already.
        let isAwaited = running.contains { other in
            other !== task && other.isPython && other.stop?.hasKilled != true
                && python.worker(of: other.execution.number)?.isReady == false
        }
        guard !isAwaited else { return }
        python.nursery?.process.signalGroup(SIGKILL)
    }

    /// Keeps an output for the Python tasks that come.
    func keepForPython(_ output: TaskOutput) {
        guard assignment.tasks.contains(where: \.readsOutputs), !python.outputs.keep(output) else { return }
        actions.append(machine.warn(output.task, "the output \(output.name) is not kept for later Python tasks"))
    }

    // MARK: Reports

    func readReports() {
        for worker in python.workers where !stream.isFull && isReadable(worker.reportsDescriptor) {
            do {
                try worker.readReports { line in handleReport(line, from: worker) }
            } catch {
                // Only a damaged process does that; its end fails the task.
                stream.write(.warning(task: task(of: worker)?.execution.name, message: error.description))
                worker.signalGroup(SIGKILL)
            }
        }
    }

    private func handleReport(_ line: ArraySlice<UInt8>, from worker: PythonWorker) {
        let task = task(of: worker)
        let message = WorkerReport.parse(line) { $0 == worker.execution ? task?.execution.name : nil }
        if case .ready(let processID) = message?.report { return python.ready(worker, processID: processID) }
        // A thread that a task left behind may still speak of that task: too late.
        guard let message, let task, task.verdict == nil else { return }
        let name = task.execution.name
        switch message.report {
        case .ready: break
        case .progress(let done, let total): stream.write(.progress(task: name, done: done, total: total))
        case .warning(let message): actions.append(machine.warn(name, message))
        case .output(let output): tell(output, of: task.execution)
        case .done(let end): task.verdict = end
        }
    }

    private func task(of worker: PythonWorker) -> RunningTask? {
        running.first { $0.isPython && $0.execution.number == worker.execution }
    }

    // MARK: Logs

    func readPythonLogs() {
        for worker in python.workers {
            for pipe in worker.pipes where !stream.isFull && isReadable(pipe.descriptor) {
                read(pipe, of: worker)
            }
        }
        for pipe in python.nursery?.process.pipes ?? [] where !stream.isFull && isReadable(pipe.descriptor) {
            _ = pipe.read(into: &python.nurseryLog, stream: stream)
        }
        readInstallationLog()
    }

    /// What a worker prints belongs to the task it executes.
    @discardableResult
    private func read(_ pipe: LogPipe, of worker: PythonWorker) -> LogPipe.Progress {
        guard let task = task(of: worker) else { return pipe.read(into: &runnerLog, stream: stream) }
        return pipe.read(into: &task.log, stream: stream)
    }

    // MARK: Ending

    func endOfPython(_ task: RunningTask) -> TaskEnd? {
        guard let worker = python.worker(of: task.execution.number) else { return nil }
        if worker.ended != nil || worker.hasNeverBegun {
            guard isCleared(task), isReadToTheEnd(worker, of: task), isExplained(worker, to: task) else { return nil }
            defer { python.drop(worker) }
            if let verdict = task.verdict { return finalEnd(verdict, of: task) }
            if let stop = task.stop { return TaskVerdict.ofStop(stop.reason) }
            let status = worker.ended ?? python.nurseryEnded ?? .exited(code: 1)
            return TaskVerdict.ofWorker(
                status,
                wasReady: worker.isReady,
                ranOutOfMemory: hasRunOutOfMemory(task, status),
                lastErrorLines: task.log.lastErrorLines ?? python.nurseryLog.lastErrorLines
            )
        }
        guard let verdict = task.verdict, isCleared(task), readWhatIsWritten(by: worker) else { return nil }
        for pipe in worker.pipes { pipe.finishLine(into: &task.log, stream: stream) }
        python.release(worker)
        return finalEnd(verdict, of: task)
    }

    /// A task that was asked to stop has stopped for that reason, whatever error it met on the way.
    private func finalEnd(_ verdict: TaskEnd, of task: RunningTask) -> TaskEnd {
        if case .succeeded = verdict { return verdict }
        guard let stop = task.stop else {
            guard case .cancelled = verdict else { return verdict }
            let failure = TaskFailure(
                reason: .taskFailed,
                failureClass: .user,
                message: "the task was ended by SIGTERM, which the runner did not send"
            )
            return .failed(failure, exitCode: 143)
        }
        return TaskVerdict.ofStop(stop.reason)
    }

    private func isReadToTheEnd(_ worker: PythonWorker, of task: RunningTask) -> Bool {
        guard worker.hasReportsToRead || !worker.pipes.allSatisfy(\.isClosed) else { return true }
        // Time in which nothing could be read does not count.
        if stream.isFull, !isGivenUp {
            task.clearingUntil = nil
            return false
        }
        guard isOver(task, afterSeconds: Self.clearingSeconds) else { return false }
        for pipe in worker.pipes { pipe.finishLine(into: &task.log, stream: stream) }
        return true
    }

    /// Of a worker that did not start: whether it is known how the process ended that should have forked it.
    private func isExplained(_ worker: PythonWorker, to task: RunningTask) -> Bool {
        guard worker.hasNeverBegun, let nursery = python.nursery else { return true }
        let isKnown = nursery.process.ended != nil && nursery.process.pipes.allSatisfy(\.isClosed)
        return isKnown || isOver(task, afterSeconds: Self.nurseryEndSeconds)
    }

    private func isOver(_ task: RunningTask, afterSeconds seconds: Int) -> Bool {
        guard let until = task.clearingUntil else {
            task.clearingUntil = .now + .seconds(seconds)
            return false
        }
        return .now >= until
    }

    /// The process has flushed what the task printed before it reported the end, so it is in the pipes by now.
    private func readWhatIsWritten(by worker: PythonWorker) -> Bool {
        for pipe in worker.pipes {
            while true {
                if stream.isFull { return isGivenUp }
                if read(pipe, of: worker) != .read { break }
            }
        }
        return true
    }
}
