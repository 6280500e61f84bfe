internal import ArgumentParser

struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Create runs, watch them, read what they wrote, act on them.",
        discussion: """
            A run is named by its id, or by at least six hexadecimal digits of its beginning or end. Actions take several \
            runs, or all that fit what is said about them; --dry-run shows which those are.
            """,
        subcommands: [
            RunCreate.self, RunList.self, RunShow.self, RunTimeline.self, RunWhy.self, RunHolds.self, RunLogs.self,
            RunEvents.self,
            RunTasks.self, RunWarnings.self,
            RunOutput.self, RunMetrics.self, RunWait.self, RunCancel.self, RunRetry.self, RunRerun.self, RunResume.self,
            RunRelease.self,
            RunPromote.self, RunUnpause.self, RunPin.self, RunUnpin.self,
            RunDelete.self,
        ]
    )
}
