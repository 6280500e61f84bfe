internal import ArgumentParser
internal import SlipwayCore

struct ScheduleCreate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Make a schedule of a job.",
        discussion: """
              slipway schedule create report nightly --cron "0 2 * * *" --zone Europe/Berlin
              slipway schedule create report often --every 15m --jitter 1m --missed skip
              slipway schedule create report day --cron @daily --variable day='${{ tick.previous_date }}'
              slipway schedule create report once --at 2026-01-31T09:05:00+01:00
              slipway schedule create report sync --always-on --pause 10s

            Its first tick is the next one from now on. With --dry-run it shows what its next ticks would do, as \
            `slipway schedule dry-run` does.
            """
    )

    @OptionGroup var schedule: ScheduleOptions
    @OptionGroup var spec: ScheduleSpecOptions

    @Flag(help: "Make it paused.")
    var paused = false

    @OptionGroup var change: ChangeOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func run() async throws {
        _ = try schedule.path()
        if change.dryRun {
            return try await ScheduleTryOut.show(schedule, spec, [("count", "5")], output.format, server.client())
        }
        let body = try spec.document(name: schedule.name).jsonText(isPretty: false)
        output.show(
            changed: try await server.client().post(
                ScheduleOptions.jobPath(schedule.team, schedule.job) + "/schedules",
                [("paused", paused ? "true" : nil)],
                contentType: "application/json",
                body: body
            )
        )
    }
}
