internal import Glibc
internal import SlipwayCore

/// Stopping tasks before their end.
extension RunnerLoop {
    /// Someone asked the run to end; the second time it ends at once.
    func stopRun() {
        guard !wasStopped else { return running.forEach(kill) }
        wasStopped = true
        // Its tasks may take the grace period once to end, and what they said last once more to be read.
        givenUpAt = .now + .seconds(2 * assignment.limits.graceSeconds)
        actions += machine.cancel()
        stopInstallation()
        for task in running { stop(task, .cancelled) }
    }

    /// Asks one task to end; what is left of it after the grace period is killed.
    func stop(_ task: RunningTask, _ reason: RunningTask.StopReason) {
        guard task.stop == nil, task.verdict == nil, !hasEnded(task) else { return }
        task.stop = RunningTask.Stop(reason: reason, killAt: .now + .seconds(assignment.limits.graceSeconds))
        // Those in a leader's group have it with the leader, and some programs take a second one as "at once".
        let leaders = task.child.map { [$0.processID] } ?? pythonProcesses(of: task)
        let others = processes(of: task).filter { !leaders.contains(getpgid($0)) }
        task.child?.signalGroup(SIGTERM)
        if task.isPython { cancelPython(task) }
        ProcessTree.signal(others, SIGTERM)
    }

    func kill(_ task: RunningTask) {
        task.stop?.hasKilled = true
        killUnborn(task)
        ProcessTree.signal(processes(of: task) + pythonProcesses(of: task), SIGKILL)
    }

    func enforceDeadlines() {
        let now = ContinuousClock.now
        for task in running {
            if let stop = task.stop {
                if !stop.hasKilled, now >= stop.killAt { kill(task) }
            } else if let deadline = task.deadline, now >= deadline, let seconds = task.task.timeoutSeconds {
                stop(task, .timedOut(seconds: seconds))
            }
        }
    }

    private func hasEnded(_ task: RunningTask) -> Bool {
        if let child = task.child { child.ended != nil } else { hasPythonEnded(task) }
    }

    // MARK: The end of the run

    func beginReleasing() {
        python.end()
        phase = .releasing(until: .now + .seconds(Self.releaseSeconds))
    }

    /// Whether the Python processes have ended, by themselves or because their time is over.
    func isReleased() -> Bool {
        guard case .releasing(let until) = phase, !python.isOver else { return true }
        guard .now >= until else { return false }
        python.killAll()
        return true
    }
}
