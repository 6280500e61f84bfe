import SlipwayCore
import TestSupport
import Testing

@Suite struct OutputFormTests {
    private static let paths = [
        ("{.name}", "report"), (".name", "report"), ("name", "report"), ("{['name']}", "report"),
        ("{.spec.tasks[0].name}", "extract"), ("{.spec.tasks[-1].name}", "extract"),
        ("{.spec.tasks[*].name}", "extract"), ("{.spec.tasks[?(@.name==\"extract\")].name}", "extract"),
        ("{.spec.tasks[?(@.name!='extract')].name}", ""), ("{.version} is {.name}", "1 is report"),
        ("{range .spec.tasks[*]}<{.name}>{end}", "<extract>"), ("{.name}{\"\\t\"}{.team}", "report\tdefault"),
        ("{.nothing.at.all}", ""), ("{..command[0]}", "true"), ("{.spec.tasks[0:1].name}", "extract"),
    ]

    @Test("paths find what kubectl's would")
    func jsonPath() async throws {
        try await CommandLineFixture.with { fixture in
            try await fixture.applyJob()
            for (path, expected) in Self.paths {
                let shown = try await fixture.command.run("job", "show", "report", "-o", "jsonpath=\(path)")
                #expect(
                    shown.status == 0 && shown.output == (expected.isEmpty ? "" : expected + "\n"),
                    "\(path): \(shown)"
                )
            }
        }
    }

    @Test(
        "wrong paths are told with their place",
        arguments: [
            ("{.a", "character 4: \"}\" is missing"), ("{.a[}", "allowed between brackets"),
            ("{.a[?(@.b=1)]}", "allowed here are ==, !=, <, <=, > and >="), ("{.}x{end}", "{end} has no {range"),
            ("{range .a}x", "{end} is missing"), ("{.a[?(@.b==\"x)]}", "closing \" is missing"),
            ("{.a.}", "a name is missing"),
        ]
    )
    func wrongPath(path: String, told: String) async throws {
        let result = try await CommandLine().run("job", "list", "-o", "jsonpath=\(path)")
        #expect(result.status == 64 && result.errors.contains(told), "\(result.errors)")
    }

    @Test("columns can be chosen, and lists give paths, names and a default form")
    func columns() async throws {
        try await CommandLineFixture.with { fixture in
            try await fixture.applyJob()
            let id = try await fixture.createRun()
            let chosen = try await fixture.command.run(
                "run",
                "list",
                "-o",
                "custom-columns=RUN:.id,STATE:.state,NODE:.node"
            )
            let state = "\(RunState.pending)"
            #expect(chosen.lines.first?.split(separator: " ") == ["RUN", "STATE", "NODE"], "\(chosen.errors)")
            #expect(chosen.lines.last?.split(separator: " ").map(String.init) == ["\(id)", state, "<none>"])
            let path = try await fixture.command.run("run", "list", "-o", "jsonpath={.runs[*].id}")
            #expect(path.output == "\(id)\n")
            let wrong = try await fixture.command.run("run", "list", "-o", "custom-columns=ID")
            #expect(wrong.status == 64 && wrong.errors.contains("TITLE:PATH"))
            var command = fixture.command
            command.environment["SLIPWAY_OUTPUT"] = "name"
            #expect(try await command.run("run", "list").output == "\(id)\n")
            #expect(try await command.run("run", "list", "-o", "table").lines.count == 2)
        }
    }

    @Test("colours are for terminals unless somebody insists or objects")
    func colors() async throws {
        try await CommandLineFixture.with { fixture in
            try await fixture.applyJob()
            let id = try await fixture.createRun()
            let words = ["run", "timeline", "\(id)"]
            let escape = "\u{1B}["
            var command = fixture.command
            #expect(try await !command.run(words).output.contains(escape))
            #expect(try await command.run(words + ["--color", "always"]).output.contains(escape))
            #expect(try await command.runOnTerminal(words).output.contains(escape))
            #expect(try await !command.runOnTerminal(words + ["--no-color"]).output.contains(escape))
            command.environment = fixture.command.environment.merging(["CLICOLOR_FORCE": "1"]) { $1 }
            #expect(try await command.run(words).output.contains(escape))
            command.environment["NO_COLOR"] = "1"
            #expect(try await !command.run(words).output.contains(escape))
            #expect(try await !command.runOnTerminal(words).output.contains(escape))
            #expect(try await command.run(words + ["--color", "always"]).output.contains(escape))
            #expect(try await command.run(words + ["--no-color", "--color", "always"]).status == 64)
            let quiet = try await command.run("run", "list", "--state", "failed", "--quiet")
            #expect(quiet.status == 0 && quiet.errors.isEmpty && quiet.output.isEmpty)
        }
    }

    @Test("a watched list goes on with the rows that are new or changed, in the same columns")
    func watch() async throws {
        try await CommandLineFixture.with { fixture in
            try await fixture.applyJob()
            let first = try await fixture.createRun()
            let watching = try fixture.command.start(["run", "list", "--watch"])
            try await eventually("the list is shown") { try watching.output.contains("\(first)") }
            let second = try await fixture.createRun()
            try await eventually("the new run is shown") { try watching.output.contains("\(second)") }
            _ = try await fixture.command.run("run", "cancel", "\(first)")
            try await eventually("the change is shown") { try watching.output.contains("cancelled") }
            await watching.process.kill9()
            let lines = try watching.output.split(separator: "\n").map(String.init)
            #expect(lines.count == 4 && !lines.joined().contains("\u{1B}"), "\(lines)")
            let column = try #require(lines[0].firstRange(of: "STATE"))
            for line in lines.dropFirst() {
                let place = lines[0].distance(from: lines[0].startIndex, to: column.lowerBound)
                #expect(line.dropFirst(place - 1).first == " " && line.dropFirst(place).first != " ", "\(line)")
            }
        }
    }

    @Test("the events of a run are followed until it is over")
    func follow() async throws {
        try await CommandLineFixture.with { fixture in
            try await fixture.applyJob()
            let id = try await fixture.createRun()
            let following = try fixture.command.start(["run", "events", "\(id)", "--follow"])
            let run = try await fixture.start(id)
            try await eventually("running is told") { try following.output.contains("running") }
            try await fixture.end(run, CommandLineFixture.ended(.succeeded))
            let result = try await following.result()
            #expect(result.status == 0 && result.lines.last?.contains("succeeded") == true, "\(result)")
        }
    }
}
