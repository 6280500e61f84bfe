internal import RunStore
internal import SlipwayCore

extension RunFactory {
    /// What begins with a task does not repeat what had succeeded, as a resumption does not.
    static func kind(_ action: RunAction, _ request: ActionRequest) -> NewRun.OriginKind {
        switch action {
        case .rerun: .rerun
        case .retry where request.fromTask == nil: .retry
        default: .resume
        }
    }

    /// What a run that goes on with another executes.
    ///
    /// - Parameters:
    ///   - states: of the tasks of the run that is over, by name.
    ///   - task: the one to begin with; `nil`: with all that had not succeeded.
    /// - Throws: ``Problem`` if that leaves nothing to do or cannot be done.
    func plan(after origin: RunRecord, _ states: [String: TaskState], from task: String?) async throws -> RunPlan {
        guard let spec = try await directory.spec(origin.jobID, version: origin.jobVersion) else {
            throw Problem.versionNotFound(job: origin.jobName, version: origin.jobVersion, newest: origin.jobVersion)
        }
        // Its job was checked when it was applied.
        let graph = try TaskGraph(spec.tasks)
        do throws(ResumeRefusal) {
            let plan =
                if let task {
                    try ResumePlan.starting(from: task, graph, states: states)
                } else {
                    try ResumePlan.resuming(graph, states: states)
                }
            return RunPlan(fromRun: origin.id, fromTask: task, carried: plan.carried, skipped: plan.skipped)
        } catch {
            throw Problem.cannotGoOn(origin.id, error)
        }
    }
}
