internal import ArgumentParser
internal import SlipwayCore

struct ScheduleTryOut: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dry-run",
        abstract: "Show the next ticks and what windows, limits and policies would do to them.",
        discussion: """
            Nothing is made. With options that say what a schedule is, one that is not stored is tried on the job.

              slipway schedule dry-run report nightly --count 5
              slipway schedule dry-run report new --cron "*/20 2 * * *" --zone Europe/Berlin --from 2026-03-28T00:00:00Z
            """
    )

    @OptionGroup var schedule: ScheduleOptions
    @OptionGroup var spec: ScheduleSpecOptions

    @Option(help: "How many ticks: 1 to 1000.")
    var count = 10

    @Option(help: "The ticks after this time, such as 2026-01-31T09:05:00Z; now unless given.")
    var from: String?

    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func run() async throws {
        let query = [("count", String(count)), ("from", from)]
        try await Self.show(schedule, spec.isEmpty ? nil : spec, query, output.format, server.client())
    }

    /// - Parameter spec: what is tried; `nil`: the schedule that is stored.
    static func show(
        _ schedule: ScheduleOptions,
        _ spec: ScheduleSpecOptions?,
        _ query: [(String, String?)],
        _ format: OutputFormat,
        _ client: APIClient
    ) async throws {
        let path = try schedule.path()
        let document: Document
        if let spec {
            document = try await client.post(
                ScheduleOptions.jobPath(schedule.team, schedule.job) + "/schedules:dry-run",
                query,
                contentType: "application/json",
                body: spec.document(name: schedule.name).jsonText(isPretty: false)
            )
        } else {
            document = try await client.get(path + "/dry-run", query)
        }
        Listing.dryRun.show(
            document.elements("ticks"),
            document: document,
            format: format,
            empty: "The clock tells no tick of this schedule."
        )
    }
}
