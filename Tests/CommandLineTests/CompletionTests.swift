import DevStack
import TestSupport
import Testing

import class FoundationEssentials.FileManager

@Suite struct CompletionTests {
    /// The shell's script in a folder, and an environment in which `slipway` is found.
    private static func prepare(
        _ shell: String,
        _ file: String,
        _ fixture: CommandLineFixture
    ) async throws -> (folder: String, environment: [String: String]) {
        let folder = try TestScratch.shared.folder("completion-\(shell)")
        let script = try await fixture.command.run("completion", shell)
        try #require(script.status == 0)
        try script.output.write(toFile: "\(folder)/\(file)", atomically: true, encoding: .utf8)
        let path = "\(try BuiltExecutable.folder()):/usr/bin:/bin"
        let more = ["PATH": path, "HOME": folder, "SLIPWAY_CLIENT_CONFIG": "\(folder)/config.yaml"]
        return (folder, fixture.command.environment.merging(more) { $1 })
    }

    /// What is typed, and the line that it becomes.
    private static func lines(_ id: String) -> [(typed: String, becomes: String)] {
        [
            ("slipway run creat", "slipway run create"), ("slipway run list --sta", "slipway run list --state"),
            ("slipway job show rep", "slipway job show report"),
            ("slipway run show \(id.prefix(20))", "slipway run show \(id)"),
            ("slipway run list --team def", "slipway run list --team default"),
        ]
    }

    private static func expect(
        _ shell: [String],
        _ environment: [String: String],
        setUp: String,
        _ fixture: CommandLineFixture
    ) async throws {
        try #require(FileManager.default.isExecutableFile(atPath: shell[0]), "\(shell[0]) is not installed")
        try await fixture.applyJob()
        let id = try await "\(fixture.createRun())"
        var steps: [TerminalSession.Step] = [.type("\(setUp)\n"), .type("echo is-re''ady\n"), .wait("is-ready")]
        for (typed, becomes) in lines(id) {
            // Completed, the line is printed instead of being run.
            steps += [.type("\(typed)\t\u{01}echo got: \n"), .wait("got: \(becomes)")]
        }
        steps.append(.type("exit\n"))
        let end = try await TerminalSession.play(shell, environment: environment, columns: 200, steps)
        #expect(end.missing == nil, "\(end.output)")
    }

    @Test("bash completes commands, options, and names that the API knows")
    func bash() async throws {
        try await CommandLineFixture.with { fixture in
            let (folder, environment) = try await Self.prepare("bash", "slipway.bash", fixture)
            let shell = ["/bin/bash", "--norc", "--noprofile", "-i"]
            try await Self.expect(shell, environment, setUp: "source \(folder)/slipway.bash", fixture)
        }
    }

    @Test("zsh completes commands, options, and names that the API knows")
    func zsh() async throws {
        try await CommandLineFixture.with { fixture in
            let (folder, environment) = try await Self.prepare("zsh", "_slipway", fixture)
            let setUp = "fpath=(\(folder) $fpath); autoload -U compinit; compinit -u -D; setopt nobeep; bindkey -e"
            try await Self.expect(["/usr/bin/zsh", "-f", "-i"], environment, setUp: setUp, fixture)
        }
    }

    @Test("fish completes commands, options, and names that the API knows")
    func fish() async throws {
        try await CommandLineFixture.with { fixture in
            let (folder, environment) = try await Self.prepare("fish", "slipway.fish", fixture)
            try await Self.expect(
                ["/usr/bin/fish", "--no-config", "-i"],
                environment,
                setUp: "source \(folder)/slipway.fish",
                fixture
            )
        }
    }

    @Test("without an API names are not offered, silently and soon")
    func silent() async throws {
        let command = CommandLine(environment: ["SLIPWAY_SERVER": "http://127.0.0.1:1"])
        let result = try await command.run(
            "---completion",
            "job",
            "show",
            "--",
            "positional@0",
            "3",
            "0",
            "slipway",
            "job",
            "show",
            ""
        )
        #expect(result.status == 0 && result.output.filter { $0 != "\n" }.isEmpty && result.errors.isEmpty, "\(result)")
    }
}
