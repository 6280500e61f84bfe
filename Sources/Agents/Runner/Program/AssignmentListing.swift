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
            return "  \(task.name): \(kind)" + (task.timeoutSeconds.map { ", timeout \($0) s" } ?? "")
                + (task.allowFailure ? ", may fail" : "")
        }
        let variables = assignment.variables.keys.sorted().map { "  \($0)" }
        return """
            run: \(assignment.runID)
            placement: \(assignment.placement)
            job: \(assignment.job)
            sail: \(assignment.sailAddress ?? "none")
            termination message: \(assignment.terminationMessagePath)
            \(text(limits))
            tasks:
            \(tasks.joined(separator: "\n"))
            variables (names only):
            \(variables.isEmpty ? "  none" : variables.joined(separator: "\n"))
            """
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
