internal import ArgumentParser
internal import SlipwayCore

/// What a schedule is, as options. The API checks what they say.
struct ScheduleSpecOptions: ParsableArguments {
    @Option(help: "By the calendar: minute, hour, day, month, weekday, such as \"0 2 * * MON-FRI\" or @daily.")
    var cron: String?

    @Option(help: "The time zone of --cron, such as Europe/Berlin; UTC unless given.")
    var zone: String?

    @Option(help: "At intervals, such as 15m; from 10s on.")
    var every: String?

    @Option(help: "A moment of --every, such as 2026-01-31T09:05:00Z.")
    var anchor: String?

    @Option(help: "Once, at this time, such as 2026-01-31T09:05:00+01:00.")
    var at: String?

    @Flag(help: "A run as soon as the last one is over.")
    var alwaysOn = false

    @Option(help: "With --always-on: after this pause, such as 10s.")
    var pause: String?

    @Option(help: "No tick is before this time.")
    var start: String?

    @Option(help: "No tick is at this time or later.")
    var end: String?

    @Option(help: "Runs are due up to this much later, such as 5m.")
    var jitter: String?

    @Option(
        help: ArgumentHelp(
            "What becomes of ticks that nobody decided in time: skip, latest, all, or all:20.",
            valueName: "policy"
        )
    )
    var missed: String?

    @Option(help: "What becomes of ticks outside the job's windows: wait or skip.")
    var outsideWindows: String?

    @Option(help: "What it is for.")
    var description: String?

    @OptionGroup var values: VariableOptions

    /// Whether any of them was given.
    var isEmpty: Bool {
        [cron, zone, every, anchor, at, pause, start, end, jitter, missed, outsideWindows, description].allSatisfy {
            $0 == nil
        } && !alwaysOn && values.variables.isEmpty
    }

    /// The schedule in the form of a file.
    func document(name: String?) throws -> Document {
        let texts = [
            "name": name, "cron": cron, "zone": zone, "every": every, "anchor": anchor, "at": at, "start": start,
            "end": end, "jitter": jitter, "outside_windows": outsideWindows, "description": description,
        ]
        var members = texts.compactMapValues { $0.map(JSONValue.string) }
        if let pause {
            guard alwaysOn else { throw ValidationError("--pause is only for --always-on.") }
            members["always_on"] = .object(["pause": .string(pause)])
        } else if alwaysOn {
            members["always_on"] = .bool(true)
        }
        if let missed {
            let words = missed.split(separator: ":", omittingEmptySubsequences: false)
            if words.count == 2, words[0] == "all", let limit = Int64(words[1]) {
                members["missed_ticks"] = .object(["all": .integer(limit)])
            } else {
                members["missed_ticks"] = .string(missed)
            }
        }
        let variables = try values.values()
        if !variables.isEmpty { members["variables"] = .object(variables.mapValues(JSONValue.string)) }
        return .object(members)
    }
}
