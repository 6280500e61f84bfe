internal import ArgumentParser

struct JobResume: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume",
        abstract: "Let a paused job's schedules go on.",
        discussion: "Ticks that passed meanwhile are not made up for, unless a schedule's policy says so."
    )

    @OptionGroup var acting: JobActing

    func run() async throws { try await acting.perform("resume", done: "resumed") }
}
