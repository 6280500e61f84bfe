/// What becomes of a task once those it waits for are over.
extension TaskMachine {
    mutating func decide(_ task: Int) {
        guard !isCancelled else { return end(task, .cancelled) }
        let spec = graph.tasks[task]
        if !spec.always, let (state, note) = obstacle(to: task) { return end(task, state, note: note) }
        if let condition = graph.conditions[task], !condition.references.usesItem {
            switch verdict(of: condition, item: nil) {
            case .met: break
            case .unmet(let note): return end(task, .conditionFailed, note: note)
            case .wrong(let failure): return end(task, .failed, failure: failure)
            }
        }
        guard let forEach = spec.forEach else {
            results.rows[task].state = .queued
            actions.append(.report(report(Unit(task: task, item: nil), .queued)))
            return makeReady(Unit(task: task, item: nil))
        }
        do throws(ItemsError) {
            expand(task, forEach, try items(of: task, forEach))
        } catch {
            end(task, .failed, failure: Self.failure("for_each: \(error.message)", "ItemsError"))
        }
    }

    /// A task that an earlier run executed.
    mutating func carry(_ carried: CarriedTask) {
        guard let task = graph.places[carried.name], results.rows[task].state == .initial else { return }
        // Without any item's output it is a list all the same.
        if graph.tasks[task].forEach != nil { results.rows[task].itemOutputs = [:] }
        for output in carried.outputs where graph.askedOutputs[task].contains(output.name) {
            let item = Self.itemIndex(output.task, of: carried.name)
            if let item, (0..<TaskLimits.items).contains(item) {
                if results.rows[task].itemOutputs == nil { results.rows[task].itemOutputs = [:] }
                results.rows[task].itemCount = max(results.rows[task].itemCount, item + 1)
            }
            // The assignment that told them is bounded itself.
            _ = results.keep(output.value, output.name, task: task, item: item, bytes: 0)
        }
        for name in carried.omitted {
            // Of an item the name stands behind the item's.
            let isOfItem = name.hasPrefix(carried.name + "[")
            let last = isOfItem ? name.firstIndex(of: "]").map { name[name.index(after: $0)...].dropFirst() } : nil
            results.rows[task].omittedOutputs.insert(String(last ?? name[...]))
        }
        end(task, .succeeded, note: "carried over from run \(carried.from)")
    }

    /// 3 for `name[3]`.
    private static func itemIndex(_ output: String, of name: String) -> Int? {
        guard output.hasPrefix(name + "["), output.hasSuffix("]") else { return nil }
        return Int(output.dropFirst(name.count + 1).dropLast())
    }

    // MARK: Conditions

    private enum Verdict {
        case met
        case unmet(note: String)
        case wrong(TaskFailure)
    }

    private func verdict(of condition: Expression, item: JSONValue?) -> Verdict {
        let problem: String
        if let obstacle = results.obstacle(to: condition) {
            problem = obstacle
        } else {
            do throws(ExpressionError) {
                let isMet = try condition.isMet(in: results.scope(item: item))
                return isMet ? .met : .unmet(note: "the condition is not met: \(condition.text)")
            } catch {
                problem = "\(error)"
            }
        }
        return .wrong(Self.failure("the condition cannot be evaluated: \(problem)", "ConditionError"))
    }

    // MARK: Needs

    /// Why it cannot be executed, if anything it needs did not end well.
    private func obstacle(to task: Int) -> (TaskState, String)? {
        if graph.isSequence {
            return blocker(of: task).map { (.upstreamFailed, "\(graph.tasks[$0].name) before it \(words(for: $0))") }
        }
        let needs = graph.needs[task]
        if let bad = needs.first(where: { outcome(of: $0) == .bad }) {
            return (.upstreamFailed, "it needs \(graph.tasks[bad].name), which \(words(for: bad))")
        }
        if let unmet = needs.first(where: { outcome(of: $0) == .conditionFailed }) {
            return (.conditionFailed, "it needs \(graph.tasks[unmet].name), which \(words(for: unmet))")
        }
        return nil
    }

    private func words(for task: Int) -> String {
        switch results.rows[task].state {
        case .failed: "failed"
        case .cancelled: "was cancelled"
        case .conditionFailed: "was not executed because of a condition"
        default: "was not executed because of a failure before it"
        }
    }

    // MARK: Items

    private struct ItemsError: Error {
        let message: String
    }

    private func items(of task: Int, _ forEach: TaskSpec.ForEach) throws(ItemsError) -> [JSONValue] {
        let items: [JSONValue]
        switch forEach.items {
        case .list(let list): items = list
        case .expression:
            guard let expression = graph.itemExpressions[task] else { throw ItemsError(message: "it cannot be read") }
            if let obstacle = results.obstacle(to: expression) { throw ItemsError(message: obstacle) }
            let value: JSONValue
            do throws(ExpressionError) {
                value = try expression.value(in: results.scope())
            } catch {
                throw ItemsError(message: "\(error)")
            }
            guard case .array(let list) = value else {
                throw ItemsError(message: "it must give a list, but gives \(value.typeName)")
            }
            items = list
        }
        guard items.count <= TaskLimits.items else {
            throw ItemsError(message: "there are \(items.count) items; at most \(TaskLimits.items) are allowed")
        }
        guard executions + items.count <= TaskLimits.executions else {
            let limit = TaskLimits.executions
            throw ItemsError(
                message:
                    "with \(items.count) items the run has more than \(limit) tasks and items, which is not allowed"
            )
        }
        for (index, item) in items.enumerated() { try check(item, index) }
        return items
    }

    private func check(_ item: JSONValue, _ index: Int) throws(ItemsError) {
        if case .array = item { throw ItemsError(message: "[\(index)] is a list; items are scalars or objects") }
        let bytes = item.canonicalText.utf8.count
        guard bytes <= TaskLimits.itemBytes else {
            throw ItemsError(
                message: "[\(index)] has \(bytes) bytes as JSON; at most \(TaskLimits.itemBytes) are allowed"
            )
        }
    }

    private mutating func expand(_ task: Int, _ forEach: TaskSpec.ForEach, _ items: [JSONValue]) {
        executions += items.count
        results.rows[task].itemOutputs = [:]
        results.rows[task].itemCount = items.count
        guard !items.isEmpty else { return end(task, .succeeded, note: "for_each: there are no items") }
        results.rows[task].state = .running
        let whole = Unit(task: task, item: nil)
        actions += [.report(report(whole, .queued)), .report(report(whole, .running))]
        groups[task] = TaskGroup(items: items, parallelism: forEach.parallelism ?? .max)
        for item in items.indices { admit(item, of: task) }
        offer(task)
        endGroupIfDone(task)
    }

    /// An item begins to wait for its turn, unless the task's condition asks for the item and does not want it.
    private mutating func admit(_ item: Int, of task: Int) {
        let unit = Unit(task: task, item: item)
        if let condition = graph.conditions[task], condition.references.usesItem {
            switch verdict(of: condition, item: groups[task]?.items[item]) {
            case .met: break
            case .unmet(let note):
                var report = report(unit, .conditionFailed)
                report.note = note.cut(to: TaskLimits.noteCharacters)
                actions.append(.report(report))
                groups[task]?.end(item, .conditionFailed)
                return
            case .wrong(let failure): return finishWithoutEnd(unit, failure)
            }
        }
        actions.append(.report(report(unit, .queued)))
        groups[task]?.ready.insert(item)
    }

    /// As a failed execution, but the group's own end is left to whoever admits the items.
    private mutating func finishWithoutEnd(_ unit: Unit, _ failure: TaskFailure) {
        guard let item = unit.item else { return }
        var report = report(unit, .failed)
        report.failure = failure
        actions.append(.report(report))
        groups[unit.task]?.end(item, .failed)
        groups[unit.task]?.note(failure, of: item)
        if graph.tasks[unit.task].allowFailure { warnAllowed(report.name, failure) }
    }

    private static func failure(_ message: String, _ errorName: String) -> TaskFailure {
        TaskFailure(
            reason: .taskFailed,
            failureClass: .user,
            message: String(message.prefix(TaskLimits.messageCharacters)),
            errorName: errorName
        )
    }
}
