internal import ArgumentParser
internal import SlipwayCore

struct ScheduleResume: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume",
        abstract: "Let a paused schedule go on, from now on."
    )

    @OptionGroup var schedule: ScheduleOptions

    @Option(help: "Why, for those who look at it later.")
    var why: String?

    @OptionGroup var change: ChangeOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func run() async throws {
        let body = JSONValue.object(why.map { ["why": .string($0)] } ?? [:])
        output.show(changed: try await server.client(change, output).post(schedule.path() + "/resume", body))
    }
}
