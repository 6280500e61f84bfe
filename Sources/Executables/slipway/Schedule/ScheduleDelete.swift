internal import ArgumentParser
internal import SlipwayCore

struct ScheduleDelete: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Remove a schedule. Its runs stay, and so does what became of its ticks."
    )

    @OptionGroup var schedule: ScheduleOptions

    @Option(help: "Only if it has this revision.")
    var revision: Int?

    @OptionGroup var change: ChangeOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func run() async throws {
        output.show(changed: try await server.client(change, output).delete(schedule.path(), ifRevision: revision))
    }
}
