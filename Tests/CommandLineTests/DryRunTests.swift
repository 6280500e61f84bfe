import TestSupport
import Testing

@Suite struct DryRunTests {
    @Test("changes are checked and shown, and nothing is changed")
    func changes() async throws {
        try await CommandLineFixture.with { fixture in
            try await fixture.applyJob()
            let before = try await fixture.command.run("job", "show", "report", "-o", "json").output
            let team = "name: finance\nnamespace: finance"
            let commands: [(words: [String], input: String, told: String)] = [
                (["job", "pause", "report"], "", "POST /api/v1/jobs/default/report/pause"),
                (["job", "archive", "report"], "", "POST /api/v1/jobs/default/report/archive"),
                (["job", "apply", "-"], CommandLineFixture.jobFile, "would stay as it is"),
                (["run", "create", "report", "-v", "country=DE"], "", "\"country\" : \"DE\""),
                (["schedule", "create", "report", "nightly", "--cron", "0 2 * * *"], "", "02:00"),
                (["team", "apply", "-"], team, "POST /api/v1/teams"),
                (["credential", "apply", "lake", "--kind", "s3"], "", "PUT /api/v1/credentials/default/lake"),
            ]
            for (words, input, told) in commands {
                let result = try await fixture.command.run(words + ["--dry-run"], input: input)
                #expect(result.status == 0 && result.output.contains(told), "\(words): \(result)")
            }
            #expect(try await fixture.command.run("job", "show", "report", "-o", "json").output == before)
            for list in ["run", "schedule", "credential"] {
                #expect(try await fixture.command.run(list, "list", "-o", "name").output.isEmpty, "\(list)")
            }
            let json = try await fixture.command.run(
                "job",
                "pause",
                "report",
                "--dry-run",
                "-o",
                "jsonpath={.method} {.dry_run}"
            )
            #expect(json.output == "POST true\n")
        }
    }

    @Test("what is not there, or is wrong, is refused in a dry run too")
    func refused() async throws {
        try await CommandLineFixture.with { fixture in
            try await fixture.applyJob()
            let unknown = try await fixture.command.run("job", "pause", "reprot", "--dry-run")
            #expect(unknown.status == 66 && unknown.errors.contains("did you mean report?"), "\(unknown.errors)")
            let variable = try await fixture.command.run("run", "create", "report", "-v", "contry=DE", "--dry-run")
            #expect(variable.status == 65 && variable.errors.contains("did you mean country?"), "\(variable.errors)")
            let team = try await fixture.command.run("team", "apply", "-", "--dry-run", input: "name: x\nwieght: 2")
            #expect(team.status == 65 && team.errors.contains("wieght"), "\(team.errors)")
        }
    }
}
