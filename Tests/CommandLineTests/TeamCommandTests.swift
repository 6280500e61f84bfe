import PostgresClient
import RunStore
import SlipwayCore
import Testing

@Suite struct TeamCommandTests {
    @Test("a team is applied, listed, shown, given credits and members, suspended and deleted")
    func team() async throws {
        try await CommandLineFixture.with { fixture in
            let file = "name: finance\nquotas: {cpu: 8, runs: {nominal: 3, borrowing_limit: 2}}\nimages: [a/*]\n"
            let applied = try await fixture.command.run("team", "apply", "-", input: file)
            #expect(applied.output == "team finance created, revision 1\n", "\(applied.errors)")
            #expect(try await fixture.command.run("team", "list", "-o", "name").lines == ["default", "finance"])
            let credits = try await fixture.command.run("team", "credits", "finance", "--set", "3600")
            #expect(credits.output == "team finance has 3600 cpu-seconds of credits left\n")
            #expect(try await fixture.command.run("team", "credits", "finance", "--add=-600").output.contains("3000"))
            let none = try await fixture.command.run("team", "credits", "default")
            #expect(none.output == "team default needs no credits\n")
            let member = try await fixture.command.run(
                "team",
                "member",
                "set",
                "finance",
                "ann@x.org",
                "--role",
                "admin"
            )
            #expect(member.output == "ann@x.org is admin of team finance\n")
            #expect(
                try await fixture.command.run("team", "member", "list", "finance", "-o", "name").output == "ann@x.org\n"
            )
            #expect(try await fixture.command.run("team", "suspend", "finance").output == "team finance is suspended\n")
            let shown = try await fixture.command.run("team", "show", "finance")
            for words in ["yes: none of its runs", "3, borrows at most 2", "CPU:", "ann@x.org (admin)", "a/*", "3000"] {
                #expect(shown.output.contains(words), "\(words) in \(shown.output)")
            }
            #expect(try await fixture.command.run("team", "resume", "finance").output == "team finance is admitted\n")
            let removed = try await fixture.command.run("team", "member", "remove", "finance", "ann@x.org")
            #expect(removed.status == 0)
            let stale = try await fixture.command.run("team", "delete", "finance", "--revision", "1")
            #expect(stale.status == 65 && stale.errors.contains("has revision"), "\(stale.errors)")
            #expect(try await fixture.command.run("team", "delete", "finance").output == "team finance deleted\n")
            let missing = try await fixture.command.run("team", "show", "finance")
            #expect(missing.status == 66 && missing.errors.contains("slipway team list"))
            let wrong = try await fixture.command.run("team", "apply", "-", input: "name: a\nquota: {}\n")
            #expect(wrong.status == 65 && wrong.errors.contains("standard input: line 2"), "\(wrong.errors)")
        }
    }

    @Test("a team that submits too much is told to come back")
    func rate() async throws {
        try await CommandLineFixture.with { fixture in
            try await fixture.applyJob()
            let file = "name: default\nsubmission_rate: {runs: 1, per: 1h}\n"
            _ = try await fixture.command.run("team", "apply", "-", input: file)
            _ = try await fixture.createRun()
            let refused = try await fixture.command.run("run", "create", "report")
            #expect(refused.status == 75 && refused.errors.contains("may submit 1 runs in 1h"), "\(refused.errors)")
        }
    }

    @Test("a credential is stored and found invalid, and its renewal has the paused runs wait again")
    func credential() async throws {
        try await CommandLineFixture.with { fixture in
            try await fixture.applyJob()
            let applied = try await fixture.command.run(
                ["credential", "apply", "lake", "--kind", "s3", "--secret", "lake/user,password"]
                    + ["--check-job", "report", "--check-every", "1h"]
            )
            #expect(applied.output == "credential default/lake created\n", "\(applied.errors)")
            let broken = try await fixture.command.run(
                "credential",
                "update",
                "lake",
                "--invalid",
                "--message",
                "expired"
            )
            #expect(broken.output == "credential default/lake is not valid\n", "\(broken.errors)")
            let shown = try await fixture.command.run("credential", "show", "lake")
            for words in ["no: runs that need it", "expired", "lake (user, password)", "job report, every 1h"] {
                #expect(shown.output.contains(words), "\(words) in \(shown.output)")
            }
            #expect(try await fixture.command.run("credential", "list", "--invalid", "-o", "name").output == "lake\n")
            let ids = [try await fixture.createRun(), try await fixture.createRun()]
            try await fixture.store.pool.query(
                "UPDATE live_runs SET state = 'paused', reason = 'credential_invalid', credentials = '{lake}'"
            )
            let unpaused = try await fixture.command.run("run", "unpause", "\(ids[0])")
            #expect(unpaused.output.hasPrefix("run \(ids[0]) waits again"), "\(unpaused.errors)")
            let listed = try await fixture.command.run("run", "unpause", "--job", "report", "--dry-run", "-o", "name")
            #expect(listed.output == "\(ids[1])\n", "\(listed.errors)")
            let renewed = try await fixture.command.run(
                ["credential", "update", "--all-invalid", "--valid", "--resume-paused-runs"]
            )
            #expect(renewed.lines == ["credential default/lake is valid", "1 paused run waits again"])
            let checked = try await fixture.command.run("credential", "check", "lake")
            #expect(checked.output.hasPrefix("credential default/lake is being checked"))
            let awaited = try await fixture.command.run("credential", "delete", "lake")
            #expect(awaited.status == 65, "runs wait for it: \(awaited)")
            _ = try await fixture.command.run(["run", "cancel"] + ids.map { "\($0)" })
            #expect(try await fixture.command.run("credential", "delete", "lake").output.hasSuffix(" deleted\n"))
            let missing = try await fixture.command.run("credential", "update", "lake", "--valid")
            #expect(missing.status == 66 && missing.errors.contains("slipway credential list"))
            let usage = try await fixture.command.run("credential", "update", "lake")
            #expect(usage.status == 64)
        }
    }
}
