import RunStore
import SlipwayCore
import TestSupport
import Testing
import Yams

import struct FoundationEssentials.Data
import class FoundationEssentials.JSONDecoder

@Suite struct RunCommandTests {
    @Test("a run is created with variables, listed, shown, cancelled and retried")
    func lifecycle() async throws {
        try await CommandLineFixture.with { fixture in
            try await fixture.applyJob()
            let id = try await fixture.createRun("--variable", "country=DE", "--variable", "days=30")
            #expect(
                try await fixture.store.run(id)?.variables == .object(["country": .string("DE"), "days": .integer(30)])
            )
            let shown = try await fixture.command.run("run", "show", id.description)
            #expect(shown.output.contains("pending"))
            let table = shown.lines.map { $0.split(separator: " ").map(String.init) }
            #expect(table.contains(["country", "DE", "run"]) && table.contains(["days", "30", "run"]))
            let cancelled = try await fixture.command.run("run", "cancel", id.description)
            #expect(cancelled.output == "run \(id) cancelled\n" && cancelled.status == 0)
            let again = try await fixture.command.run("run", "cancel", id.description)
            #expect(again.output == "run \(id) was already cancelled\n" && again.status == 0)
            let retried = try await fixture.command.run("run", "retry", id.description, "-o", "name")
            let retry = try #require(RunID(retried.lines.first ?? ""))
            #expect(try await fixture.store.run(retry)?.originID == id)
            let list = try await fixture.command.run("run", "list", "--state", "pending", "-o", "name")
            #expect(list.lines == [retry.description])
            let events = try await fixture.command.run("run", "events", id.description)
            #expect(events.output.contains("retried") && events.output.contains("cancelled"))
        }
    }

    @Test("wrong variables are refused with the names there are")
    func wrongVariables() async throws {
        try await CommandLineFixture.with { fixture in
            try await fixture.applyJob()
            let result = try await fixture.command.run("run", "create", "report", "--variable", "contry=DE")
            #expect(result.status == 65 && result.errors.contains("contry") && result.errors.contains("country"))
            let form = try await fixture.command.run("run", "create", "report", "--variable", "country")
            #expect(form.status == 64 && form.errors.contains("name=value"))
        }
    }

    @Test("many runs are created at once, and parts of ids name them")
    func shortIDs() async throws {
        try await CommandLineFixture.with { fixture in
            try await fixture.applyJob()
            let created = try await fixture.command.run("run", "create", "report", "--count", "1500", "-o", "name")
            #expect(Set(created.lines).count == 1500)
            let id = try #require(created.lines.last)
            let byEnd = try await fixture.command.run("run", "show", String(id.suffix(10)), "-o", "name")
            #expect(byEnd.output == "\(id)\n", "\(byEnd.errors)")
            let ambiguous = try await fixture.command.run("run", "show", String(id.prefix(6)))
            #expect(ambiguous.status == 64 && ambiguous.errors.contains("ambiguous"))
            let unknown = try await fixture.command.run("run", "show", "ffffff")
            #expect(unknown.status == 66)
            let short = try await fixture.command.run("run", "show", "abc")
            #expect(short.status == 64 && short.errors.contains("at least 6"))
        }
    }

    @Test(
        "the exit code of a run that is waited for tells its end",
        arguments: [
            (PlacementEnd.Outcome.succeeded, Int32(0)), (.failed, 10), (.timeout, 11), (.cancelled, 12),
        ]
    )
    func wait(outcome: PlacementEnd.Outcome, status: Int32) async throws {
        try await CommandLineFixture.with { fixture in
            try await fixture.applyJob()
            let id = try await fixture.createRun()
            let waiting = try fixture.command.start(["run", "wait", id.description])
            let run = try await fixture.start(id)
            if outcome == .cancelled { _ = try await fixture.store.cancel(id, by: nil) }
            try await fixture.end(run, CommandLineFixture.ended(outcome))
            let result = try await waiting.result()
            #expect(result.status == status, "\(result.errors)")
            #expect(result.errors.contains(id.description))
        }
    }

    @Test("waiting ends in time when the run does not")
    func timeout() async throws {
        try await CommandLineFixture.with { fixture in
            try await fixture.applyJob()
            let id = try await fixture.createRun()
            let result = try await fixture.command.run("run", "wait", id.description, "--timeout", "1")
            #expect(result.status == 75 && result.errors.contains("slipway run show"))
        }
    }

    @Test("every form of output can be read by what it is meant for")
    func forms() async throws {
        try await CommandLineFixture.with { fixture in
            try await fixture.applyJob()
            let id = try await fixture.createRun()
            let run = try await fixture.start(id)
            try await fixture.end(run, CommandLineFixture.ended(.failed))
            let commands = [
                ["job", "list"], ["job", "show", "report"], ["job", "versions", "report"], ["run", "list"],
                ["run", "show", "\(id)"], ["run", "events", "\(id)"], ["run", "output", "\(id)"],
                ["run", "metrics", "\(id)"],
                ["cluster", "list"], ["cluster", "holders"], ["version"],
            ]
            for words in commands {
                let json = try await fixture.command.run(words + ["-o", "json"])
                let value = try JSONDecoder().decode(JSONValue.self, from: Data(json.output.utf8))
                let yaml = try await fixture.command.run(words + ["-o", "yaml"])
                let read = try #require(try Yams.compose(yaml: yaml.output), "\(words)")
                #expect(try JSONDecoder().decode(JSONValue.self, from: Data(Self.json(read).utf8)) == value, "\(words)")
                let wide = try await fixture.command.run(words + ["-o", "wide"])
                #expect(wide.status == 0, "\(words): \(wide.errors)")
            }
        }
    }

    /// A YAML node as JSON text, by YAML's own rules for plain scalars.
    private static func json(_ node: Node) throws -> String {
        switch node {
        case .mapping(let mapping):
            let members = try mapping.map { "\(quoted($0.key.string ?? "")):\(try json($0.value))" }
            return "{\(members.joined(separator: ","))}"
        case .sequence(let sequence): return "[\(try sequence.map(json).joined(separator: ","))]"
        case .scalar(let scalar):
            let isText = scalar.style != .plain || node.tag.rawValue.hasSuffix(":str")
            return isText ? quoted(scalar.string) : scalar.string
        case .alias: return "null"
        }
    }

    private static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": quoted += "\\\(scalar)"
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }

    @Test("tables fit 80 columns")
    func width() async throws {
        try await CommandLineFixture.with { fixture in
            try await fixture.applyJob()
            let long = String(repeating: "long-name-", count: 6) + "x"
            _ = try await fixture.command.run(
                "job",
                "apply",
                "-",
                input: "name: \(long)\nengine: none\ntasks: [{name: \(long), command: ['true']}]"
            )
            _ = try await fixture.command.run("run", "create", long)
            let id = try await fixture.createRun()
            let run = try await fixture.start(id)
            let output = TaskOutput(
                task: "extract",
                name: "result",
                kind: .rows,
                columns: [.init(name: "名前", type: "string"), .init(name: "text", type: "string")],
                value: .array([.array([.string("日本語日本語"), .string(String(repeating: "wide ", count: 40))])]),
                rowCount: 1
            )
            try await fixture.write(run, ["one"], outputs: [output])
            try await fixture.end(run, CommandLineFixture.ended(.failed), warnings: 3)
            for words in [
                ["job", "list"], ["job", "versions", "report"], ["run", "list"], ["run", "events", "\(id)"],
                ["run", "output", "\(id)"], ["run", "metrics", "\(id)"], ["cluster", "list"], ["cluster", "holders"],
            ] {
                let result = try await fixture.command.run(words)
                #expect(result.status == 0 && !result.output.isEmpty, "\(words): \(result.errors)")
                for line in result.lines { #expect(Self.width(line) <= 80, "\(words): \(line)") }
            }
        }
    }

    /// Columns on a terminal, as far as the characters of these tests go.
    private static func width(_ line: String) -> Int {
        line.unicodeScalars.reduce(0) { $0 + ((0x2E80...0xFF60).contains($1.value) ? 2 : 1) }
    }

    @Test("outputs are shown as a table or as CSV")
    func outputs() async throws {
        try await CommandLineFixture.with { fixture in
            try await fixture.applyJob()
            let id = try await fixture.createRun()
            let none = try await fixture.command.run("run", "output", "\(id)")
            #expect(none.status == 0 && none.output.isEmpty && !none.errors.isEmpty)
            let run = try await fixture.start(id)
            let rows = TaskOutput(
                task: "extract",
                name: "result",
                kind: .rows,
                columns: [.init(name: "country", type: "string"), .init(name: "n", type: "bigint")],
                value: .array([
                    .array([.string("NL"), .integer(9_007_199_254_740_993)]), .array([.string("a,\"b\"\nc"), .null]),
                ]),
                rowCount: 10,
                isTruncated: true
            )
            try await fixture.write(run, ["one"], outputs: [rows])
            let csv = try await fixture.command.run("run", "output", "\(id)", "-o", "csv")
            #expect(csv.output == "country,n\r\nNL,9007199254740993\r\n\"a,\"\"b\"\"\nc\",\r\n")
            let table = try await fixture.command.run("run", "output", "\(id)")
            #expect(table.lines.first == "extract.result (2 of 10 rows)" && table.output.contains("9007199254740993"))
        }
    }

    @Test("logs are read whole, by stream, and with times")
    func logs() async throws {
        try await CommandLineFixture.with { fixture in
            try await fixture.applyJob()
            let id = try await fixture.createRun()
            let run = try await fixture.start(id)
            try await fixture.write(run, ["first", "second \u{1B}[31mred"])
            let all = try await fixture.command.run("run", "logs", "\(id)")
            #expect(all.lines.suffix(2) == ["task/extract │ first", "task/extract │ second red"])
            #expect(all.lines.first?.hasPrefix("run │ created → pending") == true)
            let two = try await fixture.command.run(
                ["run", "logs", "\(id)", "--stream", "extract", "--stream", "sail", "--color", "always"]
            )
            #expect(
                two.lines == [
                    "\u{1B}[36mtask/extract │ \u{1B}[0mfirst", "\u{1B}[36mtask/extract │ \u{1B}[0msecond \u{1B}[31mred",
                ]
            )
            let one = try await fixture.command.run("run", "logs", "\(id)", "--stream", "extract", "--since", "10m")
            #expect(one.lines.first == "first")
            let found = try await fixture.command.run("run", "logs", "\(id)", "--grep", "SECOND", "--ignore-case")
            #expect(found.lines == ["task/extract │ second red"])
            let sensitive = try await fixture.command.run("run", "logs", "\(id)", "--grep", "SECOND")
            #expect(sensitive.output.isEmpty && sensitive.errors.contains("No lines."))
            let last = try await fixture.command.run("run", "logs", "\(id)", "--stream", "extract", "--tail", "1")
            #expect(last.lines == ["second red"])
            let lastFound = try await fixture.command.run("run", "logs", "\(id)", "--grep", "s", "--tail", "1")
            #expect(lastFound.lines.count == 1)
            let documents = try await fixture.command.run("run", "logs", "\(id)", "--stream", "extract", "-o", "json")
            #expect(documents.lines.count == 2 && documents.lines[1].contains("u001b"))
            for form in ["yaml", "wide", "name", "jsonpath={.text}"] {
                let other = try await fixture.command.run("run", "logs", "\(id)", "-o", form)
                #expect(other.status == 64 && other.errors.contains("'table' and 'json'"), "\(form): \(other)")
            }
            var wide = fixture.command
            wide.environment["SLIPWAY_OUTPUT"] = "wide"
            #expect(try await wide.run("run", "logs", "\(id)", "--stream", "extract").lines.first == "first")
            let early = try await fixture.command.run(
                ["run", "logs", "\(id)", "--stream", "extract", "--until", "2020-01-01T00:00:00Z"]
            )
            #expect(early.output.isEmpty)
            let tooMany = try await fixture.command.run("run", "logs", "\(id)", "--tail", "100000")
            #expect(tooMany.status == 64)
            let late = try await fixture.command.run("run", "logs", "\(id)", "--since", "2100-01-01T00:00:00Z")
            #expect(late.output.isEmpty && late.status == 0)
            let wrong = try await fixture.command.run("run", "logs", "\(id)", "--since", "soon")
            #expect(wrong.status == 64)
            let other = try await fixture.command.run("run", "logs", "\(id)", "--stream", "sail")
            #expect(other.output.isEmpty && other.errors.contains("task/extract"))
        }
    }
}
