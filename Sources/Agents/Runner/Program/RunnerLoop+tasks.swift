internal import Glibc
internal import SlipwayCore

/// Starting, stopping and ending tasks.
extension RunnerLoop {
    // MARK: Starting

    func start(_ index: Int) {
        let task = assignment.tasks[index]
        actions += sequence.started()
        switch task.action {
        case .command(let words): startCommand(index, task, words)
        case .sql, .python, .function: startPython(index, task)
        }
    }

    private func startCommand(_ index: Int, _ task: TaskSpec, _ words: [String]) {
        let outputPath = folder.path(ofOutput: index)
        SmallFile.write([], to: outputPath)
        do throws(SpawnError) {
            guard let program = words.first else { throw SpawnError(program: "\"\"", errno: ENOENT) }
            let child = try ChildProcess(
                program: program,
                arguments: Array(words.dropFirst()),
                environment: environment.ofCommand(index: index, task, outputPath: outputPath),
                lineLimitBytes: assignment.limits.logLineBytes
            )
            current = RunningTask(
                index: index,
                task: task,
                body: .command(child, outputPath: outputPath),
                logLimitBytes: assignment.limits.logTaskBytes
            )
        } catch {
            actions += sequence.ended(TaskVerdict.ofSpawnError(error))
        }
    }

    // MARK: Stopping

    /// Someone asked the run to end; the second time it ends at once.
    func stopRun() {
        guard !wasStopped else { return killCurrentTask() }
        wasStopped = true
        sequence.cancel()
        if current != nil { stopCurrentTask(.cancelled) }
    }

    func stopCurrentTask(_ reason: RunningTask.StopReason) {
        guard let task = current, task.stop == nil, task.verdict == nil, !hasEnded(task) else { return }
        current?.stop = RunningTask.Stop(
            reason: reason,
            killAt: .now + .seconds(assignment.limits.graceSeconds)
        )
        let leader: ChildProcess?
        switch task.body {
        case .command(let child, _): leader = child
        case .python:
            worker?.cancel(task: task.index)
            leader = worker?.process
        }
        leader?.signalGroup(SIGTERM)
        // Those in the leader's group have it already, and some programs take a second one as "at once".
        let others = ProcessTree.descendants(except: worker?.process.processID).filter {
            getpgid($0) != leader?.processID
        }
        ProcessTree.signal(others, SIGTERM)
    }

    func killCurrentTask() {
        guard let task = current else { return }
        current?.stop?.hasKilled = true
        let spared = task.isPython ? nil : worker?.process.processID
        ProcessTree.signal(ProcessTree.descendants(except: spared), SIGKILL)
    }

    private func hasEnded(_ task: RunningTask) -> Bool {
        if case .command(let child, _) = task.body { child.ended != nil } else { worker?.process.ended != nil }
    }

    // MARK: Ending

    /// How the current task ended, once its process has ended, nothing it started lives and all it wrote is read.
    func endOfCurrentTask() -> TaskSequence.End? {
        guard let task = current else { return nil }
        switch task.body {
        case .command(let child, let outputPath):
            guard let status = child.ended, isCleared(), isDrained(child) else { return nil }
            return endOfCommand(status, outputPath: outputPath)
        case .python:
            return endOfPython()
        }
    }

    private func endOfCommand(_ status: WaitStatus, outputPath: String) -> TaskSequence.End? {
        guard let task = current else { return nil }
        if let stop = task.stop { return TaskVerdict.ofStop(stop.reason) }
        guard status == .exited(code: 0) else {
            return TaskVerdict.ofCommand(
                status,
                ranOutOfMemory: task.hasRunOutOfMemory,
                lastErrorLines: task.log.lastErrorLines
            )
        }
        let limit = assignment.limits.outputBytes
        let content = SmallFile.read(outputPath, limitBytes: limit + 1) ?? []
        guard content.count <= limit else {
            let failure = TaskFailure(
                reason: .outputTooLarge,
                failureClass: .user,
                message: "the command wrote more than \(limit) bytes to SLIPWAY_OUTPUT"
            )
            return .failed(failure, exitCode: 0)
        }
        let outcome = CommandOutputs.read(content, task: task.task.name)
        for output in outcome.outputs {
            stream.write(.output(output))
            keepForPython(output)
        }
        actions += outcome.problems.map { sequence.warn(task.task.name, $0) }
        return .succeeded(exitCode: 0)
    }

    /// Takes the end of the current task to the sequence.
    func complete(_ end: TaskSequence.End) {
        current = nil
        actions += sequence.ended(end)
    }

    /// Whether nothing that the task started is left; kills what is, unless it was asked to stop and may still do so.
    func isCleared() -> Bool {
        let spared = worker?.process.processID
        guard worker != nil || SignalQueue.hasChildren else { return true }
        let leftovers = ProcessTree.descendants(except: spared)
        guard !leftovers.isEmpty else { return true }
        let now = ContinuousClock.now
        if let stop = current?.stop, !stop.hasKilled, now < stop.killAt {
            current?.clearingUntil = now + .seconds(Self.clearingSeconds)
            return false
        }
        ProcessTree.signal(leftovers, SIGKILL)
        guard let until = current?.clearingUntil else {
            current?.clearingUntil = now + .seconds(Self.clearingSeconds)
            return false
        }
        return now >= until
    }

    /// Whether all a command wrote is read. Its pipes close when the last process that holds them has ended.
    private func isDrained(_ child: ChildProcess) -> Bool {
        if child.pipes.allSatisfy(\.isClosed) { return true }
        // Something outside the tree may hold a pipe: it is not waited for beyond a bound.
        guard let until = current?.clearingUntil else {
            current?.clearingUntil = .now + .seconds(Self.clearingSeconds)
            return false
        }
        guard .now >= until, !stream.isFull else { return false }
        for pipe in child.pipes { pipe.close() }
        return true
    }

    // MARK: The end of the run

    func beginReleasing() {
        worker?.end()
        phase = .releasing(until: .now + .seconds(Self.releaseSeconds))
    }

    /// Whether the Python process has ended, by itself or because its time is over.
    func isReleased() -> Bool {
        guard let worker, case .releasing(let until) = phase else { return true }
        if worker.process.ended != nil { return worker.process.pipes.allSatisfy(\.isClosed) || .now >= until }
        guard .now >= until else { return false }
        worker.process.signalGroup(SIGKILL)
        return true
    }

    /// Ends whatever still lives, so that nothing outlasts the run.
    func killAll() {
        guard SignalQueue.hasChildren else { return }
        ProcessTree.signal(ProcessTree.descendants(except: nil), SIGKILL)
    }
}
