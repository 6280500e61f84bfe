internal import ArgumentParser
internal import SlipwayCore

struct ScheduleShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "show", abstract: "Show a schedule.")

    @OptionGroup var schedule: ScheduleOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func run() async throws {
        let document = try await server.client().get(schedule.path())
        output.format.show(document, name: document.text("name"), sentence: Self.text(document))
    }

    private static func text(_ schedule: Document) -> String {
        let spec = schedule["spec"] ?? .null
        var facts = Facts()
        facts.add("Schedule", schedule.text("name"))
        facts.add("Job", "\(schedule.text("team"))/\(schedule.text("job"))")
        facts.add("Description", spec.text("description"))
        facts.add("When", ScheduleText.when(spec))
        facts.add("From", spec.text("start"))
        facts.add("Until", spec.text("end"))
        facts.add("Jitter", spec.text("jitter"))
        facts.add("Missed ticks", ScheduleText.missed(spec))
        facts.add("Outside windows", spec.text("outside_windows"))
        let variables = (spec["variables"]?.members ?? [:]).sorted { $0.key < $1.key }
        facts.add("Variables", variables.map { "\($0.key)=\($0.value.variableText)" }.joined(separator: "\n"))
        facts.add("State", schedule.text("state"))
        facts.add("Problem", schedule.text("problem"))
        facts.add("Next", schedule["next"]?.text("local") ?? "")
        facts.add("Last tick", schedule.text("last_tick"))
        facts.add("Last run", schedule.text("last_run"))
        facts.add("Since", schedule.text("effective_since"))
        if schedule["from_job_file"] == .bool(true) { facts.add("Made by", "the job's file") }
        facts.add("Created by", schedule.text("created_by"))
        facts.add("Revision", schedule.text("revision"))
        return facts.text
    }
}

/// Parts of schedules as people read them.
enum ScheduleText {
    static func when(_ spec: Document) -> String {
        if !spec.text("cron").isEmpty { return "\(spec.text("cron")) (\(spec.text("zone")))" }
        if !spec.text("every").isEmpty {
            let anchor = spec.text("anchor")
            return "every \(spec.text("every"))" + (anchor.isEmpty ? "" : " from \(anchor)")
        }
        if !spec.text("at").isEmpty { return "once at \(spec.text("at"))" }
        return "always on, pause \(spec["always_on"]?.text("pause") ?? "0s")"
    }

    static func missed(_ spec: Document) -> String {
        let policy = spec["missed_ticks"] ?? .null
        return policy.string ?? "all, up to \(policy.text("all"))"
    }
}
