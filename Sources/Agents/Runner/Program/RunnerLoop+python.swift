internal import Glibc
internal import SlipwayCore

/// The SQL and Python tasks, which one Python process executes.
extension RunnerLoop {
    /// How much of the commands' outputs is kept for Python tasks to ask for.
    static let upstreamOutputBytes = 16 << 20

    var needsPython: Bool {
        assignment.tasks.contains { task in
            if case .command = task.action { false } else { true }
        }
    }

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

    func startPython(_ index: Int, _ task: TaskSpec) {
        if worker?.process.ended != nil { worker = nil }
        do {
            if worker == nil {
                worker = try makeWorker()
            }
        } catch {
            actions += sequence.ended(TaskVerdict.ofSpawnError(error))
            return
        }
        current = RunningTask(
            index: index,
            task: task,
            body: .python,
            logLimitBytes: assignment.limits.logTaskBytes
        )
        worker?.execute(
            index: index,
            task: task,
            environment: environment.additions(forTask: index, task),
            upstream: unsentOutputs
        )
        unsentOutputs.removeAll()
        unsentOutputBytes = 0
    }

    /// Keeps a command's output until the Python process is next told to execute something.
    func keepForPython(_ output: TaskOutput) {
        guard needsPython else { return }
        let bytes = CompactJSON.bytes(output.value).count
        guard unsentOutputBytes + bytes <= Self.upstreamOutputBytes else {
            actions.append(sequence.warn(output.task, "the output \(output.name) is not kept for later Python tasks"))
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
            stream.write(.warning(task: current?.task.name, message: error.description))
            worker.process.signalGroup(SIGKILL)
        }
    }

    private func handleReport(_ line: ArraySlice<UInt8>) {
        guard let (index, report) = WorkerReport.parse(line, names: taskNames) else { return }
        if report == .ready {
            worker?.becomeReady()
            return
        }
        // A thread that a task left behind may still speak of that task: too late.
        guard let task = current, task.isPython, task.index == index, task.verdict == nil else { return }
        switch report {
        case .ready: break
        case .progress(let done, let total): stream.write(.progress(task: task.task.name, done: done, total: total))
        case .warning(let message): actions.append(sequence.warn(task.task.name, message))
        case .output(let output): stream.write(.output(output))
        case .done(let end): current?.verdict = end
        }
    }

    // MARK: Ending

    func endOfPython() -> TaskSequence.End? {
        guard let task = current, let worker else { return nil }
        if let status = worker.process.ended {
            guard isCleared(), isReadToTheEnd(worker) else { return nil }
            self.worker = nil
            if let verdict = current?.verdict { return finalEnd(verdict, of: task) }
            if let stop = task.stop { return TaskVerdict.ofStop(stop.reason) }
            return TaskVerdict.ofWorker(
                status,
                wasReady: worker.isReady,
                ranOutOfMemory: task.hasRunOutOfMemory,
                lastErrorLines: current?.log.lastErrorLines
            )
        }
        guard let verdict = task.verdict, isCleared(), readWhatIsWritten(by: worker) else { return nil }
        finishLines(of: worker)
        return finalEnd(verdict, of: task)
    }

    /// A task that was asked to stop has stopped for that reason, whatever error it met on the way.
    private func finalEnd(_ verdict: TaskSequence.End, of task: RunningTask) -> TaskSequence.End {
        if case .succeeded = verdict { return verdict }
        guard let stop = task.stop else { return verdict }
        return TaskVerdict.ofStop(stop.reason)
    }

    private func isReadToTheEnd(_ worker: PythonWorker) -> Bool {
        guard !worker.hasReportsToRead, worker.process.pipes.allSatisfy(\.isClosed) else {
            guard let until = current?.clearingUntil else {
                current?.clearingUntil = .now + .seconds(Self.clearingSeconds)
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

    private func finishLines(of worker: PythonWorker) {
        guard let task = current else { return }
        for pipe in worker.process.pipes { pipe.finishLine(into: &task.log, stream: stream) }
    }
}
