internal import ArgumentParser

struct JobPause: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause",
        abstract: "Silence a job's schedules.",
        discussion: "Runs that somebody asks for, and those that wait already, go on."
    )

    @OptionGroup var acting: JobActing

    func run() async throws { try await acting.perform("pause", done: "paused") }
}
