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
            for wrong in ["default", "default.size=1", "default.cpu=much", "default.runs.lent=1"] {
                #expect(try await fixture.command.run("quota", "simulate", "--set", wrong).status == 64, "\(wrong)")
            }
        }
    }
}
