internal import ArgumentParser
internal import SlipwayCore

struct ScheduleApply: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apply",
        abstract: "Make the schedules in files, or change those there are to be as the files say.",
        discussion: """
            A file has one schedule or several, separated by ---, each with its job and name. Applying it again changes nothing. \
            A change holds from now on: no tick of the past is run because of it.

              job: report
              name: nightly
              cron: "0 2 * * *"
              zone: Europe/Berlin
              missed_ticks: latest
              variables: {day: "${{ tick.previous_date }}"}

              slipway schedule apply schedules.yaml
            """
    )

    @Argument(help: "Files in YAML or JSON; - is standard input.")
    var files: [String]

    @Option(help: "The job, where a file names none.", completion: Candidates.jobs)
    var job: String?

    @Option(
        name: .customLong("team"),
        help: "The team, where a file names none. The context's unless given, else default.",
        completion: Candidates.teams
    )
    var givenTeam: String?

    var team: String { givenTeam ?? Surroundings.team }

    @OptionGroup var change: ChangeOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func run() async throws {
        let client = try server.client(change, output)
        for file in files {
            let text = try GivenFile.text(file)
            let schedules = try JobFileErrors.refusing("schedule") {
                try ScheduleFile.parseAll(text, file: GivenFile.shown(file))
            }
            try await UnsentRequest.each(schedules) { try await apply($0, in: GivenFile.shown(file), client) }
        }
    }

    private func apply(_ schedule: ScheduleDocument, in file: String, _ client: APIClient) async throws {
        guard let name = schedule.name, let job = schedule.job ?? job else {
            let missing = schedule.name == nil ? "name" : "job"
            throw Failure(.refused, "\(file): a schedule has no \(missing)", advice: "Each needs a job and a name.")
        }
        let path = try ScheduleOptions.jobPath(schedule.team ?? team, job) + "/schedules/\(name)"
        output.show(changed: try await client.put(path, JSONValue(encoding: schedule.spec)))
    }
}
