import PostgresClient
import RunStore
import SlipwayCore
import Testing

@Suite struct AdmissionCommandTests {
    @Test("run why and run holds tell what holds runs, quota simulate compares")
    func why() async throws {
        try await CommandLineFixture.with { fixture in
            try await fixture.applyJob()
            let quota = #"{"quotas": {"runs": {"nominal": 0}}}"#
            try await fixture.store.pool.query("UPDATE teams SET spec = \(PostgresJSON(text: quota))")
            let id = try await fixture.createRun()
            let why = try await fixture.command.run("run", "why", "\(id)")
            #expect(why.status == 0, "\(why.errors)")
            for words in [
                "team_runs_limit", "Team default has 0 runs live, and may have 0.", "1 in its team", "not known",
            ] {
                #expect(why.output.contains(words), "\(words) in:\n\(why.output)")
            }
            #expect(
                try await fixture.command.run("run", "why", "\(id)", "-o", "name").output.contains("team_runs_limit")
            )
            let shown = try await fixture.command.run("run", "show", "\(id)")
            #expect(
                shown.output.contains("Waits because") && shown.output.contains("(team_runs_limit)"),
                "\(shown.output)"
            )
            let holds = try await fixture.command.run("run", "holds")
            #expect(holds.output.contains("team_runs_limit") && holds.output.contains("own"))
            let simulated = try await fixture.command.run("quota", "simulate", "--set", "default.runs=3")
            #expect(simulated.status == 0, "\(simulated.errors)")
            #expect(simulated.output.contains("default") && simulated.output.contains("→"), "\(simulated.output)")
            let file = "name: default\nquotas: {runs: 2}\n"
            let limited = try await fixture.command.run("quota", "simulate", "--team-file", "-", input: file)
            #expect(limited.status == 0 && limited.output.contains("→"), "\(limited.errors)")
            // What a file leaves out is not limited.
            let free = try await fixture.command.run(
                "quota",
                "simulate",
                "--team-file",
                "-",
                "-o",
                "json",
                input: "name: default\n"
            )
            #expect(free.output.contains("\"unfinished_waits\" : 0"), "\(free.output) \(free.errors)")
            let broken = try await fixture.command.run("quota", "simulate", "--team-file", "-", input: "nam: a\n")
            #expect(broken.status != 0 && broken.errors.contains("the team file is not valid"), "\(broken.errors)")
            #expect(try await fixture.command.run("quota", "simulate").status == 64)
            for wrong in ["default", "default.size=1", "default.cpu=much", "default.runs.lent=1"] {
                #expect(try await fixture.command.run("quota", "simulate", "--set", wrong).status == 64, "\(wrong)")
            }
        }
    }
}
