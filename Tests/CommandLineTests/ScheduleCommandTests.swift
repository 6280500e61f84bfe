import PostgresClient
import SlipwayCore
import Testing

@Suite struct ScheduleCommandTests {
    @Test("a schedule is made, shown, listed, tried, paused, resumed, triggered and deleted")
    func life() async throws {
        try await CommandLineFixture.with { fixture in
            try await fixture.applyJob()
            func run(_ words: String...) async throws -> CommandResult {
                let result = try await fixture.command.run(["schedule"] + words)
                #expect(result.status == 0, "\(words): \(result.errors)")
                return result
            }
            let made = try await run(
                "create",
                "report",
                "nightly",
                "--cron",
                "30 2 * * *",
                "--zone",
                "Europe/Berlin",
                "--missed",
                "all:3",
                "-v",
                "country=DE"
            )
            #expect(made.output.hasPrefix("schedule default/report/nightly created, next at 2"))
            let shown = try await run("show", "report", "nightly").output
            #expect(shown.contains("30 2 * * * (Europe/Berlin)") && shown.contains("all, up to 3"))
            #expect(shown.contains("country=DE"))
            #expect(try await run("list").output.contains("active"))
            #expect(try await run("list", "-o", "name").output == "report/nightly\n")
            #expect(try await run("dry-run", "report", "nightly", "--count", "2").lines.count == 3)
            let tried = try await run(
                "dry-run",
                "report",
                "new",
                "--every",
                "12h",
                "--count",
                "4",
                "-o",
                "json"
            )
            #expect(tried.output.contains("\"starts\""))
            #expect(try await run("upcoming", "--limit", "5").lines.count == 6)
            #expect(try await run("pause", "report", "nightly", "--why", "holidays").output.contains("updated, paused"))
            #expect(try await run("list", "--paused", "-o", "name").output == "report/nightly\n")
            #expect(try await run("resume", "report", "nightly").output.contains("updated, next at"))
            let id = try await run("trigger", "report", "nightly", "-o", "name").lines.first ?? ""
            #expect(RunID(id) != nil)
            let preview = try await run(
                "backfill",
                "report",
                "nightly",
                "--from",
                "2026-01-01",
                "--until",
                "2026-01-04",
                "--dry-run"
            )
            #expect(preview.lines.count == 4 && preview.errors.contains("3 runs would be made"))
            let filled = try await run(
                "backfill",
                "report",
                "nightly",
                "--from",
                "2026-01-01",
                "--until",
                "2026-01-04",
                "-o",
                "name"
            )
            #expect(filled.lines.count == 3)
            let first = try await fixture.command.run("run", "show", filled.lines[0])
            #expect(first.output.contains("backfill nightly, tick 2026-01-01T01:30:00"))
            let list = try await fixture.command.run(
                "run",
                "list",
                "--trigger",
                "backfill",
                "--schedule",
                "nightly",
                "-o",
                "name"
            )
            #expect(list.lines.count == 3)
            #expect(try await run("delete", "report", "nightly").output.contains("deleted"))
            #expect(try await run("ticks", "report").errors.contains("No such tick"))
            let gone = try await fixture.command.run("schedule", "show", "report", "nightly")
            #expect(gone.status == 66 && gone.errors.contains("has no schedule"))
        }
    }

    @Test("files of several schedules are applied, and their mistakes told with their lines")
    func apply() async throws {
        try await CommandLineFixture.with { fixture in
            try await fixture.applyJob()
            let file = """
                job: report
                name: hourly
                cron: "@hourly"
                ---
                job: report
                name: daily
                every: 24h
                anchor: 2026-01-01T06:00:00Z
                """
            let first = try await fixture.command.run("schedule", "apply", "-", input: file)
            #expect(first.status == 0 && first.lines.count == 2 && first.output.contains("created"), "\(first.errors)")
            let again = try await fixture.command.run("schedule", "apply", "-", input: file)
            #expect(again.lines.allSatisfy { $0.contains("unchanged") })
            let wrong = try await fixture.command.run(
                "schedule",
                "apply",
                "-",
                input: "job: report\nname: a\nevery: 1s\n"
            )
            #expect(
                wrong.status == 65 && wrong.errors.contains(#"3:8: every: "1s" must be a duration"#),
                "\(wrong.errors)"
            )
            let nameless = try await fixture.command.run("schedule", "apply", "-", input: "job: report\nevery: 1h\n")
            #expect(nameless.status == 65 && nameless.errors.contains("no name"))
        }
    }
}
