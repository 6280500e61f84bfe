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

    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func run() async throws {
        var request: [String: JSONValue] = [:]
        if let why { request["why"] = .string(why) }
        let variables = try values.values()
        if !variables.isEmpty { request["variables"] = .object(variables.mapValues(JSONValue.string)) }
        let run = try await server.client().post(schedule.path() + "/trigger", .object(request))
        switch output.format {
        case .json: Terminal.print(run.jsonText(isPretty: true))
        case .yaml: Terminal.print(YAMLText.of(run))
        case .name: Terminal.print(run.text("id"))
        case .table, .wide:
            Terminal.print("run \(run.text("id")) created, job \(run.text("job")), version \(run.text("version"))")
        }
    }
}
