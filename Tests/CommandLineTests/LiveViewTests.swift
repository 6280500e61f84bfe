import SlipwayCore
import TestSupport
import Testing

@Suite struct LiveViewTests {
    @Test("a timeline shows states and tasks within the terminal's width, in ASCII if asked")
    func timeline() async throws {
        try await CommandLineFixture.with { fixture in
            try await fixture.applyJob()
            let id = try await fixture.createRun()
            let run = try await fixture.start(id)
            let going = try await fixture.command.run("run", "timeline", "\(id)", "--ascii")
            #expect(going.status == 0 && going.output.contains(">"), "\(going)")
            try await fixture.end(run, CommandLineFixture.ended(.failed))
            let over = try await fixture.command.run("run", "timeline", "\(id)", "--ascii", "--width", "60")
            #expect(over.output.utf8.allSatisfy { $0 < 0x80 } && !over.output.contains(">"))
            for line in over.lines { #expect(line.count <= 60, "\(line)") }
            for state in ["pending", "ready", "running", "extract"] {
                #expect(over.lines.contains { $0.hasPrefix(state) }, "\(state) is missing in\n\(over.output)")
            }
            #expect(over.lines.contains { $0.hasPrefix("extract") && $0.contains("x") })
            let blocks = try await fixture.command.run("run", "timeline", "\(id)")
            #expect(blocks.output.contains("█") && !blocks.output.contains("\u{1B}"))
            let document = try await fixture.command.run(
                "run",
                "timeline",
                "\(id)",
                "-o",
                "jsonpath={.tasks[*].name} {.state}"
            )
            #expect(document.output == "extract failed\n")
        }
    }

    @Test("top shows what goes on, opens a run, filters, and gives the terminal back")
    func top() async throws {
        try await CommandLineFixture.with { fixture in
            try await fixture.applyJob()
            let id = try await fixture.createRun()
            _ = try await fixture.start(id)
            let end = try await fixture.command.play(
                ["top", "--interval", "1"],
                .wait("RUNS 1"),
                .wait("> \(id)"),
                .wait("PROCESSES"),
                .type("\r"),
                .wait("Run:"),
                .wait("Job:"),
                .type("q"),
                .wait("QUEUE"),
                .type("/"),
                .wait("/_"),
                .type("zzz"),
                .wait("RUNS 0"),
                .type("\u{1B}"),
                .wait("RUNS 1"),
                .type("jkG\u{1B}[A"),
                .type("q")
            )
            #expect(end.missing == nil && end.status == 0 && end.isRestored, "\(end)")
            #expect(end.output.contains("\u{1B}[?1049h") && end.output.hasSuffix("\u{1B}[?1049l"))
        }
    }

    @Test("however top ends, the terminal is as it was", arguments: [1, 2, 3, 15] as [Int32])
    func restored(signal: Int32) async throws {
        let command = CommandLine(environment: ["SLIPWAY_SERVER": "http://127.0.0.1:1"])
        let end = try await command.play(["top"], .wait("cannot be reached"), .signal(signal))
        #expect(end.missing == nil && end.status == -Int(signal) && end.isRestored, "\(end)")
        #expect(end.output.contains("\u{1B}[?25h\u{1B}[?1049l"))
    }

    @Test("where there is no terminal top is printed once, without escapes")
    func printed() async throws {
        try await CommandLineFixture.with { fixture in
            try await fixture.applyJob()
            let id = try await fixture.createRun()
            let text = try await fixture.command.run("top")
            #expect(text.status == 0 && text.output.hasPrefix("QUEUE (") && text.output.contains("PROCESSES (1)"))
            #expect(!text.output.contains("\u{1B}"))
            _ = try await fixture.start(id)
            #expect(try await fixture.command.run("top", "-o", "name").output == "\(id)\n")
        }
    }
}
