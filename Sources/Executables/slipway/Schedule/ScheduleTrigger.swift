internal import ArgumentParser
internal import SlipwayCore

struct ScheduleTrigger: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "trigger",
        abstract: "Run the job once, now, with the schedule's variables. Its ticks stay as they are."
    )

    @OptionGroup var schedule: ScheduleOptions
    @OptionGroup var values: VariableOptions

    @Option(help: "Why, for those who look at it later.")
    var why: String?

    @OptionGroup var change: ChangeOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func run() async throws {
        var request: [String: JSONValue] = [:]
        if let why { request["why"] = .string(why) }
        let variables = try values.values()
        if !variables.isEmpty { request["variables"] = .object(variables.mapValues(JSONValue.string)) }
        let run = try await server.client(change, output).post(schedule.path() + "/trigger", .object(request))
        guard output.format.isForPeople else { return output.format.show(run, name: run.text("id")) }
        Terminal.print("run \(run.text("id")) created, job \(run.text("job")), version \(run.text("version"))")
    }
}
