import TestSupport
import Testing

import struct FoundationEssentials.FileAttributeKey
import class FoundationEssentials.FileManager

@Suite struct ContextCommandTests {
    /// A command line with a configuration of its own.
    private static func fresh(_ more: [String: String] = [:]) throws -> (CommandLine, file: String) {
        let folder = try TestScratch.shared.folder("config")
        let environment = [
            "XDG_CONFIG_HOME": folder, "SLIPWAY_CLIENT_CONFIG": "", "SLIPWAY_STATE": "\(folder)/state",
        ]
        return (CommandLine(environment: environment.merging(more) { $1 }), "\(folder)/slipway/config.yaml")
    }

    @Test("contexts are made, listed, shown, chosen and deleted, in a file for their owner only")
    func verbs() async throws {
        let (command, file) = try Self.fresh()
        #expect(try await command.run("context", "current").status == 66)
        let made = try await command.run(
            "context",
            "set",
            "prod",
            "--server",
            "https://prod.example.org/",
            "--team",
            "finance"
        )
        #expect(made.status == 0 && made.output == "context prod made, and holds\n", "\(made.errors)")
        _ = try await command.run("context", "set", "test", "--server", "http://127.0.0.1:1")
        #expect(try await command.run("context", "list", "-o", "name").lines == ["prod", "test"])
        #expect(try await command.run("context", "current").output == "prod\n")
        #expect(try await command.run("context", "use", "test").status == 0)
        #expect(try await command.run("context", "current").output == "test\n")
        #expect(try await command.run("context", "current").status == 0)
        let shown = try await command.run("context", "show", "prod", "-o", "jsonpath={.server} {.team}")
        #expect(shown.output == "https://prod.example.org finance\n")
        let mode = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions]
        #expect((mode as? Int) == 0o600 || (mode as? UInt16).map(Int.init) == 0o600, "\(String(describing: mode))")
        #expect(try await command.run("context", "set", "prod", "--team", "").status == 0)
        #expect(try await command.run("context", "show", "prod", "-o", "jsonpath={.team}").output == "")
        #expect(try await command.run("context", "delete", "test").status == 0)
        let gone = try await command.run("context", "use", "prood")
        #expect(gone.status == 66 && gone.errors.contains("did you mean prod?"), "\(gone.errors)")
    }

    @Test("options go before the environment, that before the context, that before the default")
    func precedence() async throws {
        var (command, _) = try Self.fresh()
        _ = try await command.run("context", "set", "a", "--server", "http://127.0.0.1:1/a")
        _ = try await command.run("context", "set", "b", "--server", "http://127.0.0.1:1/b")
        func address(_ words: String...) async throws -> String {
            let errors = try await command.run(["job", "list"] + words).errors
            let found = errors.split(separator: " ").first { $0.hasPrefix("http://") }
            return found.map(String.init) ?? errors
        }
        #expect(try await address() == "http://127.0.0.1:1/a")
        command.environment["SLIPWAY_CONTEXT"] = "b"
        #expect(try await address() == "http://127.0.0.1:1/b")
        command.environment["SLIPWAY_SERVER"] = "http://127.0.0.1:1/c"
        #expect(try await address() == "http://127.0.0.1:1/c")
        #expect(try await address("--context", "a") == "http://127.0.0.1:1/a")
        #expect(try await address("--context", "a", "--server", "http://127.0.0.1:1/d") == "http://127.0.0.1:1/d")
        #expect(try await command.run("job", "list", "--context", "none").status == 66)
    }

    @Test("a context's token goes to its own address only, and its team holds where none is named")
    func token() async throws {
        try await CommandLineFixture.with(token: "open-sesame") { fixture in
            var (command, file) = try Self.fresh()
            let folder = try TestScratch.shared.folder("token")
            try "open-sesame\n".write(toFile: "\(folder)/token", atomically: true, encoding: .utf8)
            _ = try await command.run(
                "context",
                "set",
                "here",
                "--server",
                fixture.server,
                "--token-file",
                "\(folder)/token",
                "--team",
                "absent",
                "--default-output",
                "name"
            )
            try await fixture.applyJob()
            let listed = try await command.run("job", "list")
            #expect(listed.status == 0 && listed.lines == ["report"], "\(listed.errors)")
            let absent = try await command.run("job", "show", "report")
            #expect(absent.status == 66 && absent.errors.contains("absent"), "\(absent.errors)")
            #expect(try await command.run("job", "show", "report", "--team", "default").status == 0)
            // Another address of the same API: the token is not for it.
            let other = fixture.server.replacing("127.0.0.1", with: "localhost")
            #expect(try await command.run("job", "list", "--server", other).status == 77)
            #expect(try await command.run("job", "list", "--server", fixture.server).status == 0)
            command.environment["SLIPWAY_TOKEN"] = "guess"
            #expect(try await command.run("job", "list").status == 77)
            #expect(try await command.run("job", "list", "--context", "here").status == 0)
            let shown = try await command.run("--show-config")
            #expect(!shown.output.contains("open-sesame") && shown.output.contains("context = here"))
            try "contexts: {here: {sever: x}}".write(toFile: file, atomically: true, encoding: .utf8)
            let wrong = try await command.run("job", "list")
            #expect(wrong.status == 64 && wrong.errors.contains("contexts.here.sever"), "\(wrong.errors)")
            #expect(wrong.errors.contains("did you mean server?"))
        }
    }

    @Test("who logs in is asked for a token that is not shown, and logs out again")
    func login() async throws {
        try await CommandLineFixture.with(token: "open-sesame") { fixture in
            let (command, file) = try Self.fresh()
            let refused = try await command.run("login", "--server", fixture.server, input: "guess\n")
            #expect(refused.status == 77 && refused.errors.contains("Nothing was stored"), "\(refused.errors)")
            #expect(!FileManager.default.fileExists(atPath: file))
            let typed = try await command.play(
                ["login", "--server", fixture.server, "--context", "here"],
                .wait("Token for"),
                .type("open-sesame\n")
            )
            #expect(typed.status == 0 && typed.isRestored, "\(typed.output)")
            #expect(!typed.output.contains("sesame") && typed.output.contains("context here holds"))
            #expect(try await command.run("job", "list").status == 0)
            let out = try await command.run("logout")
            #expect(out.status == 0 && out.output == "logged out of context here\n")
            let stranger = try await command.run("job", "list")
            #expect(stranger.status == 77 && stranger.errors.contains("slipway login"))
            let piped = try await command.run("login", input: "open-sesame\n")
            #expect(piped.status == 0, "\(piped.errors)")
            #expect(try await command.run("job", "list").status == 0)
        }
    }

    @Test("a prompt that is interrupted leaves the terminal as it was")
    func interrupted() async throws {
        let (command, _) = try Self.fresh()
        let end = try await command.play(
            ["login", "--server", "http://127.0.0.1:1"],
            .wait("Token for"),
            .type("secr"),
            .signal(15)
        )
        #expect(end.status == -15 && end.isRestored, "\(end)")
    }
}
