/// Which task waits for which, and the conditions between them, read and checked.
///
/// If no task says what it needs, each waits for the one before it (a *sequence*). Otherwise a task without `needs` waits
/// for none.
package struct TaskGraph: Sendable {
    package let tasks: [TaskSpec]
    package let isSequence: Bool
    /// For each task those it waits for directly, in the order in which it names them.
    package let needs: [[Int]]
    /// For each task those that wait for it directly, in the order of the job.
    package let dependents: [[Int]]
    /// The place of each task by its name.
    package let places: [String: Int]
    /// Every task after those it waits for.
    let order: [Int]
    let conditions: [Expression?]
    let itemExpressions: [Expression?]
    /// For each task the outputs that some expression asks for.
    let askedOutputs: [Set<String>]

    /// - Parameters:
    ///   - tasks: with unique names.
    ///   - variables: what the job declares, to be checked against; `nil` where that has been done.
    /// - Throws: `TaskGraphError` with everything that is wrong.
    package init(
        _ tasks: [TaskSpec],
        variables: [String: JobSpec.VariableType]? = nil
    ) throws(TaskGraphError) {
        var check = TaskGraphCheck(tasks)
        let isSequence = tasks.allSatisfy { $0.needs == nil }
        needs = isSequence ? tasks.indices.map { $0 == 0 ? [] : [$0 - 1] } : check.resolvedNeeds()
        var dependents = [[Int]](repeating: [], count: tasks.count)
        for task in tasks.indices {
            for need in needs[task] { dependents[need].append(task) }
        }
        order = Self.order(needs: needs, dependents: dependents)
        conditions = check.conditions()
        itemExpressions = check.itemExpressions()
        self.tasks = tasks
        self.isSequence = isSequence
        self.dependents = dependents
        places = check.places
        askedOutputs = check.askedOutputs(conditions + itemExpressions)
        if order.count < tasks.count {
            check.noteCycles(needs: needs, reachable: order)
        } else {
            check.noteReferences(self, variables: variables)
            check.noteUnreachable(self)
        }
        guard check.problems.isEmpty else { throw TaskGraphError(problems: check.sortedProblems) }
    }

    /// These tasks and all that wait for them, directly or not.
    package func downstream(of roots: some Sequence<Int>) -> Set<Int> { closure(of: roots, along: dependents) }

    /// These tasks and all that they wait for, directly or not.
    package func upstream(of roots: some Sequence<Int>) -> Set<Int> { closure(of: roots, along: needs) }

    private func closure(of roots: some Sequence<Int>, along edges: [[Int]]) -> Set<Int> {
        var reached = Set(roots)
        var open = Array(reached)
        while let task = open.popLast() {
            for next in edges[task] where reached.insert(next).inserted { open.append(next) }
        }
        return reached
    }

    /// Tasks whose needs all stand before them; those of a cycle, and what needs them, are missing.
    private static func order(needs: [[Int]], dependents: [[Int]]) -> [Int] {
        var waiting = needs.map(\.count)
        var order = needs.indices.filter { waiting[$0] == 0 }
        var position = 0
        while position < order.count {
            for dependent in dependents[order[position]] {
                waiting[dependent] -= 1
                if waiting[dependent] == 0 { order.append(dependent) }
            }
            position += 1
        }
        return order
    }
}
