internal import ArgumentParser

struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Create runs, watch them, read what they wrote.",
        discussion: """
            A run is named by its id, or by at least six hexadecimal digits of its beginning or end.
            """,
        subcommands: [
            RunCreate.self, RunList.self, RunShow.self, RunLogs.self, RunEvents.self, RunOutput.self, RunCancel.self,
            RunRetry.self, RunWait.self,
        ]
    )
}
