internal import Glibc
internal import SlipwayCore

/// What a task's end means: pure readings of how its process ended.
enum TaskVerdict {
    static func ofStop(_ reason: RunningTask.StopReason) -> TaskEnd {
        switch reason {
        case .cancelled: .cancelled
        case .timedOut(let seconds):
            .failed(
                TaskFailure(
                    reason: .taskFailed,
                    failureClass: .user,
                    message: "the task took longer than its timeout of \(seconds) s",
                    errorName: "TaskTimeout"
                ),
                exitCode: nil
            )
        }
    }

    static func ofCommand(_ status: WaitStatus, ranOutOfMemory: Bool, lastErrorLines: String?) -> TaskEnd {
        if status == .exited(code: 0) { return .succeeded(exitCode: 0) }
        if status == .killed(signal: SIGKILL), ranOutOfMemory {
            return .failed(outOfMemory("the command", lastErrorLines), exitCode: status.exitCode)
        }
        let failure = TaskFailure(
            reason: .taskFailed,
            failureClass: .user,
            message: "\(status)",
            stackTrace: lastErrorLines
        )
        return .failed(failure, exitCode: status.exitCode)
    }

    /// The Python process ended while it should have executed a task.
    static func ofWorker(
        _ status: WaitStatus,
        wasReady: Bool,
        ranOutOfMemory: Bool,
        lastErrorLines: String?
    ) -> TaskEnd {
        let failure: TaskFailure
        switch status {
        case _ where !wasReady:
            failure = TaskFailure(
                reason: .preparationFailed,
                failureClass: .user,
                message: "the runner's Python part did not start: \(status); the image needs its module slipway_runner",
                stackTrace: lastErrorLines
            )
        case .exited(let code):
            failure = TaskFailure(
                reason: .taskFailed,
                failureClass: .user,
                message: "the task ended its Python process with exit code \(code)",
                stackTrace: lastErrorLines
            )
        case .killed(signal: SIGKILL) where ranOutOfMemory:
            failure = outOfMemory("Python", lastErrorLines)
        case .killed(signal: SIGKILL):
            failure = TaskFailure(
                reason: .runnerCrashed,
                failureClass: .infrastructure,
                message: "Python was \(status), most likely for want of memory",
                stackTrace: lastErrorLines
            )
        case .killed:
            failure = TaskFailure(
                reason: .runnerCrashed,
                failureClass: .infrastructure,
                message: "Python was \(status)",
                stackTrace: lastErrorLines
            )
        }
        return .failed(failure, exitCode: status.exitCode)
    }

    static func ofSpawnError(_ error: SpawnError) -> TaskEnd {
        .failed(
            TaskFailure(reason: .preparationFailed, failureClass: .user, message: error.description),
            exitCode: nil
        )
    }

    private static func outOfMemory(_ subject: String, _ lastErrorLines: String?) -> TaskFailure {
        TaskFailure(
            reason: .runnerOutOfMemory,
            failureClass: .user,
            message: "\(subject) was killed because the container's memory was used up",
            stackTrace: lastErrorLines
        )
    }
}
