internal import ArgumentParser
internal import SlipwayCore

struct ScheduleCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schedule",
        abstract: "Let jobs run by themselves: by the calendar, at intervals, once, or always.",
        discussion: """
              slipway schedule create report nightly --cron "0 2 * * *" --zone Europe/Berlin
              slipway schedule dry-run report nightly          what its next ticks would do
              slipway schedule ticks report nightly            what became of each tick
              slipway schedule backfill report nightly --from 2026-01-01 --until 2026-02-01 --dry-run
              slipway schedule upcoming                        what is to come, over all jobs
            """,
        subcommands: [
            ScheduleCreate.self, ScheduleApply.self, ScheduleList.self, ScheduleShow.self, SchedulePause.self,
            ScheduleResume.self, ScheduleDelete.self, ScheduleTrigger.self, ScheduleTryOut.self, ScheduleTicks.self,
            ScheduleBackfill.self, ScheduleUpcoming.self,
        ]
    )
}

/// Names a schedule.
struct ScheduleOptions: ParsableArguments {
    @Argument(help: "The job's name.", completion: Candidates.jobs)
    var job: String

    @Argument(help: "The schedule's name.", completion: Candidates.schedules)
    var name: String

    @Option(
        name: .customLong("team"),
        help: "The team that owns the job. The context's unless given, else default.",
        completion: Candidates.teams
    )
    var givenTeam: String?

    var team: String { givenTeam ?? Surroundings.team }

    /// Its path below the API.
    func path() throws -> String {
        try "\(Self.jobPath(team, job))/schedules/\(Self.checked("the schedule's name", name))"
    }

    /// The job's path below the API.
    static func jobPath(_ team: String, _ job: String) throws -> String {
        "/jobs/\(try checked("--team", team))/\(try checked("the job's name", job))"
    }

    static func checked(_ what: String, _ value: String) throws -> String {
        guard !value.isEmpty, value.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") }) else {
            throw Failure(
                .usage,
                "\(what) is \"\(value)\"; allowed are lower-case letters, digits and -",
                advice: "See the schedules there are with `slipway schedule list`."
            )
        }
        return value
    }
}

extension OutputOptions {
    /// Shows a schedule that was changed.
    func show(changed schedule: Document) {
        guard format.isForPeople else { return format.show(schedule, name: schedule.text("name")) }
        let next = schedule["next"].map { ", next at \($0.text("local"))" } ?? ""
        let paused = schedule["paused"] == .bool(true) ? ", paused" : ""
        let change = schedule.text("change")
        let what = "schedule \(schedule.text("team"))/\(schedule.text("job"))/\(schedule.text("name"))"
        Terminal.print("\(what) \(change)\(change == "deleted" ? "" : paused + next)")
    }
}
