internal import ArgumentParser

struct JobArchive: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "archive",
        abstract: "Hide a job: no new runs, silent schedules.",
        discussion: "Runs that wait or run go on; its versions and its history stay."
    )

    @OptionGroup var acting: JobActing

    func run() async throws { try await acting.perform("archive", done: "archived") }
}
