internal import SlipwayCore

/// What the container's environment holds that must not be shown.
enum Confidential {
    /// The assignment with the values of its secrets in place of the references to them.
    ///
    /// - Throws: `AssignmentError` if the container lacks one.
    static func resolved(_ assignment: RunnerAssignment, container: [String: String]) throws(AssignmentError)
        -> RunnerAssignment
    {
        var assignment = assignment
        for name in assignment.secrets ?? [] {
            let variable = RunnerAssignment.secretPrefix + name
            guard let value = container[variable] else {
                throw AssignmentError(problem: "\(variable) is not set, which the variable \(name) is to come from")
            }
            assignment.variables[name] = .string(value)
        }
        return assignment
    }

    /// Every value that is to be masked: of secret variables, and of what secrets give to the environment.
    static func values(_ assignment: RunnerAssignment, container: [String: String]) -> [String] {
        var names = (assignment.secrets ?? []).map { RunnerAssignment.secretPrefix + $0 }
        names += assignment.confidentialEnvironment ?? []
        for (index, task) in assignment.tasks.enumerated() {
            for (name, value) in task.environment {
                if case .secret = value { names.append("\(TaskEnvironment.taskPrefix)\(index)_\(name)") }
            }
        }
        return names.compactMap { container[$0] }
    }
}
