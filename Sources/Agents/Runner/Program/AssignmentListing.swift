internal import SlipwayCore

/// What `--show-config` prints: every bound and the names of what is to be done, but no value.
enum AssignmentListing {
    static func text(_ assignment: RunnerAssignment) -> String {
        let limits = assignment.limits
        let tasks = assignment.tasks.map { task in
            let kind =
                switch task.action {
                case .sql: "sql"
                case .python, .function: "python"
                case .command: "command"
                }
            return "  \(task.name): \(kind)" + settings(of: task).map { ", \($0)" }.joined()
        }
        let variables = assignment.variables.keys.sorted().map { "  \($0)" }
        return """
            run: \(assignment.runID)
            placement: \(assignment.placement)
            job: \(assignment.job)
            sail: \(assignment.sailAddress ?? "none")
            termination message: \(assignment.terminationMessagePath)
            \(text(limits))
              parallelism: \(assignment.parallelism ?? JobSpec.standardParallelism)
            tasks:
            \(tasks.joined(separator: "\n"))
            variables (names only):
            \(variables.isEmpty ? "  none" : variables.joined(separator: "\n"))
            """
    }

    private static func settings(of task: TaskSpec) -> [String] {
        var settings: [String] = []
        if let seconds = task.timeoutSeconds { settings.append("timeout \(seconds) s") }
        if task.allowFailure { settings.append("may fail") }
        if let needs = task.needs {
            settings.append("needs \(needs.isEmpty ? "nothing" : needs.joined(separator: " "))")
        }
        if task.always { settings.append("always") }
        if task.forEach != nil { settings.append("for each item") }
        if let retries = task.retries { settings.append("\(retries.limit + 1) attempts") }
        return settings
    }

    /// The bounds of what a runner writes; without an assignment, the ones it would have.
    static func text(_ limits: RunnerLimits) -> String {
        """
        limits:
          log_line_bytes: \(limits.logLineBytes)
          log_task_bytes: \(limits.logTaskBytes)
          output_bytes: \(limits.outputBytes)
          grace_seconds: \(limits.graceSeconds)
        """
    }
}
