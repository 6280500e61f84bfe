internal import ArgumentParser

struct JobUnarchive: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "unarchive",
        abstract: "Make an archived job an ordinary one again."
    )

    @OptionGroup var acting: JobActing

    func run() async throws { try await acting.perform("unarchive", done: "unarchived") }
}
