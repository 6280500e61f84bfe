/// Ends and further attempts.
extension TaskMachine {
    /// An execution has ended for good.
    mutating func finish(_ unit: Unit, _ state: TaskState, exitCode: Int? = nil, failure: TaskFailure? = nil) {
        guard let item = unit.item else { return end(unit.task, state, exitCode: exitCode, failure: failure) }
        var report = report(unit, state)
        report.exitCode = exitCode
        report.failure = failure
        actions.append(.report(report))
        groups[unit.task]?.end(item, state)
        if let failure {
            groups[unit.task]?.note(failure, of: item)
            if graph.tasks[unit.task].allowFailure { warnAllowed(report.name, failure) }
        }
        endGroupIfDone(unit.task)
    }

    func endOfGroup(_ task: Int) -> TaskGroup? {
        guard let group = groups[task], group.left == 0 else { return nil }
        return group
    }

    mutating func endGroupIfDone(_ task: Int) {
        guard let group = endOfGroup(task) else { return }
        let state = group.state
        end(task, state, failure: state == .failed ? group.wholeFailure : nil, note: group.note)
        groups[task] = nil
    }

    /// Whether there is another attempt after this failure; arranges for it.
    mutating func retry(_ unit: Unit, _ failure: TaskFailure, now: Duration, random: Double) -> Bool {
        guard !isCancelled, let policy = graph.tasks[unit.task].retries, Self.isWorthRetrying(failure) else {
            return false
        }
        let attempt = unit.item.flatMap { groups[unit.task]?.attempts[$0] } ?? results.rows[unit.task].attempt
        guard attempt <= policy.limit else { return false }
        let delay = policy.backoff.delay(afterRetries: attempt - 1, random: random)
        if let item = unit.item {
            groups[unit.task]?.attempts[item] = attempt + 1
        } else {
            results.rows[unit.task].attempt = attempt + 1
            results.rows[unit.task].state = .queued
        }
        results.forgetOutputs(task: unit.task, item: unit.item)
        retryNumber += 1
        retries.insert(Retry(due: now + delay, number: retryNumber, unit: unit))
        var report = report(unit, .queued)
        let seconds = Double(delay / .milliseconds(100)).rounded() / 10
        let note = "tried again in \(seconds) s; attempt \(attempt) of \(policy.limit + 1) failed: \(failure.message)"
        report.note = note.cut(to: TaskLimits.noteCharacters)
        actions.append(.report(report))
        return true
    }

    /// A Sail that is gone does not come back in this run, and what pip could not install is not installed again.
    private static func isWorthRetrying(_ failure: TaskFailure) -> Bool {
        guard failure.errorName != TaskFailure.requirementsNotInstalled else { return false }
        return failure.failureClass != .infrastructure || ![.sailCrashed, .sailUnreachable].contains(failure.reason)
    }

    mutating func cancelItems(of task: Int, except busy: Set<Unit>) {
        guard let states = groups[task]?.states else { return }
        for item in states.indices where !states[item].isTerminal && !busy.contains(Unit(task: task, item: item)) {
            actions.append(.report(report(Unit(task: task, item: item), .cancelled)))
            groups[task]?.end(item, .cancelled)
        }
        endGroupIfDone(task)
    }
}
