internal import Glibc
internal import SlipwayCore

/// Starting and ending tasks.
extension RunnerLoop {
    // MARK: Starting

    func start(_ execution: TaskExecution) {
        guard !wasStopped else { return end(execution, .cancelled) }
        let task = assignment.tasks[execution.task]
        if let index = execution.itemIndex { itemCounts[task.name] = max(itemCounts[task.name] ?? 0, index + 1) }
        guard isInstalled(for: task) else { return waitingForInstallation.append(execution) }
        if let failure = installationFailure, task.needsInstallation, !task.always {
            actions += machine.started(execution.number)
            return end(execution, .failed(failure, exitCode: nil))
        }
        switch task.action {
        case .command(let words): startCommand(execution, task, words)
        case .sql, .python, .function: startPython(execution, task)
        }
    }

    private func startCommand(_ execution: TaskExecution, _ task: TaskSpec, _ words: [String]) {
        actions += machine.started(execution.number)
        let outputPath = folder.path(ofOutput: execution.number)
        SmallFile.write([], to: outputPath)
        do throws(SpawnError) {
            guard let program = words.first else { throw SpawnError(program: "\"\"", errno: ENOENT) }
            let child = try ChildProcess(
                program: program,
                arguments: Array(words.dropFirst()),
                environment: environment.ofCommand(execution, task, outputPath: outputPath),
                lineLimitBytes: assignment.limits.logLineBytes
            )
            let body = RunningTask.Body.command(child, outputPath: outputPath)
            running.append(
                RunningTask(execution, task: task, body: body, logLimitBytes: assignment.limits.logTaskBytes)
            )
        } catch {
            SmallFile.remove(outputPath)
            end(execution, TaskVerdict.ofSpawnError(error))
        }
    }

    // MARK: Ending

    /// Ends those of which everything is known: their process has ended, nothing they started lives, all is read.
    func endTasks() {
        for task in running {
            guard let end = task.isPython ? endOfPython(task) : endOfCommand(task) else { continue }
            running.removeAll { $0 === task }
            if case .command(_, let outputPath) = task.body { SmallFile.remove(outputPath) }
            self.end(task.execution, end)
        }
    }

    /// Takes the end of an execution to the machine.
    func end(_ execution: TaskExecution, _ end: TaskEnd) {
        var end = end
        // Notes and the termination message are made of it, cut to their lengths: a value must be masked before.
        if case .failed(let failure, let exitCode) = end, let redaction = stream.redaction {
            end = .failed(redaction.redacted(failure), exitCode: exitCode)
        }
        actions += machine.ended(execution.number, end, now: elapsed, random: .random(in: 0...1))
    }

    private func endOfCommand(_ task: RunningTask) -> TaskEnd? {
        guard case .command(let child, let outputPath) = task.body, let status = child.ended, isCleared(task),
            isDrained(child, of: task)
        else { return nil }
        if let stop = task.stop { return TaskVerdict.ofStop(stop.reason) }
        guard status == .exited(code: 0) else {
            return TaskVerdict.ofCommand(
                status,
                ranOutOfMemory: hasRunOutOfMemory(task, status),
                lastErrorLines: task.log.lastErrorLines
            )
        }
        return endOfSuccess(task, outputPath: outputPath)
    }

    private func endOfSuccess(_ task: RunningTask, outputPath: String) -> TaskEnd {
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
        let outcome = CommandOutputs.read(content, task: task.execution.name)
        for output in outcome.outputs { tell(output, of: task.execution) }
        actions += outcome.problems.map { machine.warn(task.execution.name, $0) }
        return .succeeded(exitCode: 0)
    }

    /// Writes an output, and lets later tasks and conditions know of it, without what is confidential.
    func tell(_ output: TaskOutput, of execution: TaskExecution) {
        let output = stream.redaction?.redacted(output) ?? output
        stream.write(.output(output))
        keepForPython(output)
        guard machine.asks(for: output.name, of: execution.task) else { return }
        let bytes = CompactJSON.bytes(output.value).count
        actions += machine.gave(execution.number, output.name, output.value, bytes: bytes)
    }

    /// Whether the kernel killed it for want of memory. Each such kill counts for one task only.
    func hasRunOutOfMemory(_ task: RunningTask, _ status: WaitStatus) -> Bool {
        status == .killed(signal: SIGKILL) && memory.claimKill(since: task.outOfMemoryKillsBefore)
    }

    // MARK: What is left behind

    /// Whether nothing that the task started is left; kills what is, unless it was asked to stop and may still do so.
    func isCleared(_ task: RunningTask) -> Bool {
        guard SignalQueue.hasChildren else { return true }
        let leftovers = processes(of: task)
        guard !leftovers.isEmpty else { return true }
        let now = ContinuousClock.now
        if let stop = task.stop, !stop.hasKilled, now < stop.killAt {
            task.clearingUntil = now + .seconds(Self.clearingSeconds)
            return false
        }
        ProcessTree.signal(leftovers, SIGKILL)
        guard let until = task.clearingUntil else {
            task.clearingUntil = now + .seconds(Self.clearingSeconds)
            return false
        }
        return now >= until
    }

    /// What is alive of a task, other than processes that serve several tasks.
    func processes(of task: RunningTask) -> [pid_t] {
        var leaders: [pid_t: Int] = [:]
        for task in running {
            if let child = task.child { leaders[child.processID] = task.execution.number }
            for process in pythonProcesses(of: task) { leaders[process] = task.execution.number }
        }
        let owners = ProcessOwners(leaders: leaders, shared: sharedProcesses)
        let own = owners.live(of: task.execution.number, isAlone: running.count == 1)
        guard task.isPython else { return own }
        return own + ProcessTree.live(from: pythonProcesses(of: task).flatMap(ProcessTree.children))
    }

    /// Whether all a command wrote is read. Its pipes close when the last process that holds them has ended.
    private func isDrained(_ child: ChildProcess, of task: RunningTask) -> Bool {
        if child.pipes.allSatisfy(\.isClosed) { return true }
        // Time in which nothing could be read does not count.
        if stream.isFull, !isGivenUp {
            task.clearingUntil = nil
            return false
        }
        // Something outside the tree may hold a pipe: it is not waited for beyond a bound.
        guard let until = task.clearingUntil else {
            task.clearingUntil = .now + .seconds(Self.clearingSeconds)
            return false
        }
        guard .now >= until else { return false }
        for pipe in child.pipes {
            pipe.finishLine(into: &task.log, stream: stream)
            pipe.close()
        }
        return true
    }

    /// Ends whatever still lives, so that nothing outlasts the run.
    func killAll() {
        guard SignalQueue.hasChildren else { return }
        ProcessTree.signal(ProcessTree.live(from: ProcessTree.children(of: getpid())), SIGKILL)
    }
}
