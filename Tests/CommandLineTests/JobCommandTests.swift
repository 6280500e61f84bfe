import TestSupport
import Testing

import struct FoundationEssentials.Data

@Suite struct JobCommandTests {
    @Test("a job is applied from a file or from standard input, listed and shown")
    func apply() async throws {
        try await CommandLineFixture.with { fixture in
            let file = "\(try TestScratch.shared.folder("job"))/report.yaml"
            try Data(CommandLineFixture.jobFile.utf8).write(to: .init(filePath: file))
            let first = try await fixture.command.run("job", "apply", file)
            #expect(first.output == "job default/report created, version 1\n" && first.status == 0)
            let second = try await fixture.command.run("job", "apply", "-f", "-", input: CommandLineFixture.jobFile)
            #expect(second.output == "job default/report unchanged, version 1\n")
            let list = try await fixture.command.run("job", "list")
            #expect(list.lines.first?.hasPrefix("NAME") == true && list.lines.last?.hasPrefix("report") == true)
            #expect(try await fixture.command.run("job", "list", "-o", "name").output == "report\n")
            let filtered = try await fixture.command.run("job", "list", "--filter", "name=other", "-o", "name")
            #expect(filtered.status == 0 && filtered.output.isEmpty, "\(filtered)")
            let schedules = try await fixture.command.run("schedule", "list", "--filter", "zone=")
            #expect(schedules.status == 65 && schedules.errors.contains("filter"), "\(schedules)")
            let shown = try await fixture.command.run("job", "show", "report")
            #expect(shown.output.contains("default/report") && shown.output.contains("How many days are looked at"))
            let narrowed = try await fixture.command.run("job", "show", "report", "--runs", "5", "--days", "2")
            #expect(narrowed.status == 0 && narrowed.output.contains("none yet"))
            let refused = try await fixture.command.run("job", "show", "report", "--days", "0")
            #expect(refused.status != 0 && refused.errors.contains("days"))
            #expect(try await fixture.command.run("job", "versions", "report", "-o", "name").output == "1\n")
            let before = try await fixture.command.run("job", "versions", "report", "--before", "2", "-o", "name")
            #expect(before.output == "1\n")
        }
    }

    @Test("a wrong file is refused with the place of each mistake")
    func wrongFile() async throws {
        try await CommandLineFixture.with { fixture in
            let result = try await fixture.command.run(
                "job",
                "apply",
                "-",
                input: "name: Report\nengine: none\ntaks: []\n"
            )
            #expect(result.status == 65 && result.output.isEmpty)
            #expect(result.errors.contains("standard input: line 1, column 7: name"))
            #expect(result.errors.contains("taks") && result.errors.contains("tasks"))
        }
    }

    @Test("what does not exist is said, with what to do next")
    func missing() async throws {
        try await CommandLineFixture.with { fixture in
            let file = try await fixture.command.run("job", "apply", "/nowhere/report.yaml")
            #expect(file.status == 66 && file.errors.contains("/nowhere/report.yaml does not exist"))
            let job = try await fixture.command.run("job", "show", "other")
            #expect(job.status == 66 && job.errors.contains("slipway job list"))
            let run = try await fixture.command.run("run", "create", "other")
            #expect(run.status == 66 && run.errors.contains("\"other\"") && run.errors.contains("slipway job list"))
        }
    }
}
