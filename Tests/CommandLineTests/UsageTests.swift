import TestSupport
import Testing

@Suite struct UsageTests {
    @Test("help teaches with examples and tells the exit codes")
    func help() async throws {
        let help = try await CommandLine().run("--help")
        #expect(help.status == 0 && help.output.contains("slipway run create report --follow"))
        #expect(help.output.contains("EXIT CODES"))
        for words in [
            ["job", "apply"], ["run", "create"], ["run", "logs"], ["run", "list"], ["admin", "migrate"], ["dev", "up"],
        ] {
            let help = try await CommandLine().run(words + ["--help"])
            #expect(help.status == 0 && help.output.contains("  slipway \(words.joined(separator: " "))"), "\(words)")
        }
    }

    @Test(
        "wrong usage ends with 64 and says what is right",
        arguments: [
            ["run", "creat"], ["run", "create"], ["run", "list", "--stat", "failed"], ["run", "list", "-o", "xml"],
            ["run", "create", "a", "--count", "0"], ["run", "create", "a", "--count", "2", "--follow"],
            ["job", "apply"],
            ["run", "list", "--server", "localhost:8080"], ["job", "show", "a/b"],
        ]
    )
    func usage(words: [String]) async throws {
        let result = try await CommandLine().run(words)
        #expect(result.status == 64 && result.output.isEmpty && !result.errors.isEmpty, "\(result.errors)")
    }

    @Test("the version is told with and without an API")
    func version() async throws {
        #expect(try await CommandLine().run("--version").output.hasPrefix("slipway "))
        let alone = try await CommandLine(environment: ["SLIPWAY_SERVER": "http://127.0.0.1:1"]).run("version")
        #expect(alone.status == 0 && alone.output.contains("not reachable"))
        try await CommandLineFixture.with { fixture in
            let both = try await fixture.command.run("version")
            #expect(both.output.contains("API:"))
        }
    }

    @Test("an API that cannot be reached is named, with what to do")
    func unreachable() async throws {
        for words in [
            ["run", "list"], ["run", "wait", "00000000-0000-7000-8000-000000000000"], ["job", "apply", "-"],
        ] {
            let result = try await CommandLine(environment: ["SLIPWAY_SERVER": "http://127.0.0.1:1"]).run(words)
            #expect(result.status == 69 && result.errors.contains("http://127.0.0.1:1"))
            #expect(result.errors.contains("SLIPWAY_SERVER"))
        }
        let state = try TestScratch.shared.folder("state")
        let local = try await CommandLine(environment: ["SLIPWAY_STATE": state]).run("run", "list")
        #expect(local.status == 69 && local.errors.contains("slipway dev up"), "\(local.errors)")
    }

    @Test("without the token the door stays closed")
    func token() async throws {
        try await CommandLineFixture.with(token: "open-sesame") { fixture in
            #expect(try await fixture.command.run("cluster", "list").status == 0)
            var stranger = fixture.command
            stranger.environment["SLIPWAY_TOKEN"] = "guess"
            let result = try await stranger.run("cluster", "list")
            #expect(result.status == 77 && result.errors.contains("SLIPWAY_TOKEN"))
        }
    }

    @Test("a migration is checked, applied, and found applied")
    func migrate() async throws {
        try await withFreshDatabase { url in
            let command = CommandLine(environment: ["SLIPWAY_POSTGRES_URL": url])
            #expect(try await command.run("admin", "migrate", "--check").status == 10)
            let applied = try await command.run("admin", "migrate")
            #expect(applied.status == 0 && applied.output.hasPrefix("Applied: 1"), "\(applied.errors)")
            let again = try await command.run("admin", "migrate", "--check")
            #expect(again.status == 0 && again.output == "The schema is up to date.\n")
        }
        let nowhere = try await CommandLine().run("admin", "migrate", "--postgres-url", "postgres://x@127.0.0.1:1/x")
        #expect(nowhere.status == 69)
        #expect(try await CommandLine().run("admin", "migrate").status == 64)
    }

    @Test("a run that is over the table's width is cut on a narrow terminal and not in wide form")
    func terminalWidth() async throws {
        try await CommandLineFixture.with { fixture in
            try await fixture.applyJob()
            _ = try await fixture.createRun()
            let narrow = try await fixture.command.runOnTerminal(["run", "list"], columns: 60)
            #expect(narrow.output.contains("…"))
            let wide = try await fixture.command.runOnTerminal(["run", "list", "-o", "wide"], columns: 60)
            #expect(!wide.output.contains("…"))
        }
    }
}
