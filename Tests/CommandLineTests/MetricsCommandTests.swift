import FoundationEssentials
import RunStore
import SlipwayCore
import TestSupport
import Testing

@Suite struct MetricsCommandTests {
    @Test("what a run took is shown with bars, courses, limits and cost; a job shows how its runs went")
    func metrics() async throws {
        try await CommandLineFixture.with { fixture in
            try await fixture.applyJob()
            let empty = try await fixture.command.run("job", "show", "report")
            #expect(empty.output.contains("Finished runs: none yet"))
            let id = try await fixture.createRun()
            let run = try await fixture.start(id)
            try await fixture.use(run, [(100, 20), (900, 300), (500, 300)])
            try await fixture.end(run, CommandLineFixture.ended(.succeeded))

            let report = try await fixture.command.run("run", "metrics", "\(id)")
            #expect(report.status == 0, "\(report.errors)")
            for words in [
                "STATE", "pending", "RESOURCE", "Samples: 3", "0.5", "15.0s", "512Mi", "300Mi", "TASK", "extract",
            ] {
                #expect(report.output.contains(words), "\(words) in:\n\(report.output)")
            }
            #expect(report.output.contains("0.9  15.0s  ▁█▅"))
            #expect(report.output.contains("EUR reserved, 1.50 EUR used"))
            for line in report.lines { #expect(line.count <= 80, "\(line)") }
            var plain = fixture.command
            plain.environment["LC_ALL"] = "C"
            #expect(try await plain.run("run", "metrics", "\(id)").output.contains("0.9  15.0s  _#+"))
            let shown = try await fixture.command.run("run", "show", "\(id)")
            #expect(shown.output.contains("runner 15.0s cpu, 300Mi peak"), "\(shown.output)")
            #expect(shown.output.contains("1.50 EUR used"))
            let job = try await fixture.command.run("job", "show", "report")
            #expect(job.output.contains("the latest 1: 1 succeeded") && job.output.contains("100.0 %"))
            #expect(job.output.contains("Running time:"))
        }
    }

    @Test("one output is taken whole as CSV or JSON, into a file too")
    func outputs() async throws {
        try await CommandLineFixture.with { fixture in
            try await fixture.applyJob()
            let id = try await fixture.createRun()
            let run = try await fixture.start(id)
            let rows = TaskOutput(
                task: "extract",
                name: "result",
                kind: .rows,
                columns: [.init(name: "n", type: "bigint"), .init(name: "text", type: "string")],
                // Longer than what a list shows.
                value: .array((0..<2000).map { .array([.integer($0), .string(String(repeating: "x", count: 50))]) }),
                rowCount: 2000
            )
            let total = TaskOutput(task: "extract", name: "total", kind: .scalar, value: .integer(7))
            try await fixture.write(run, ["one"], outputs: [rows, total])
            let command = fixture.command
            let cut = try await command.run("run", "output", "\(id)", "extract.result", "-o", "csv", "--rows", "1")
            #expect(cut.output == "n,text\r\n0,\(String(repeating: "x", count: 50))\r\n", "\(cut.errors)")
            let whole = try await command.run("run", "output", "\(id)", "extract", "-o", "csv")
            #expect(whole.output.split(separator: "\r\n").count == 2001)
            let scalar = try await command.run("run", "output", "\(id)", "extract.total", "-o", "json")
            #expect(scalar.output == "7\n")
            let table = try await command.run("run", "output", "\(id)", "--rows", "2")
            #expect(table.output.contains("extract.result (2000 rows)") && table.lines.count < 8)
            let file = "\(try TestScratch.shared.folder("output"))/rows.csv"
            let written = try await command.run("run", "output", "\(id)", "extract", "-o", "csv", "--to", file)
            #expect(written.status == 0 && written.output.isEmpty && written.errors.contains("bytes written"))
            #expect(try String(contentsOf: URL(filePath: file), encoding: .utf8) == whole.output)

            let unknown = try await command.run("run", "output", "\(id)", "extract.sum", "-o", "csv")
            #expect(unknown.status == 66 && unknown.errors.contains("extract.result, extract.total"))
            let place = try await command.run("run", "output", "\(id)", "extract", "-o", "csv", "--to", "/none/x")
            #expect(place.status == 65 && place.errors.contains("/none/x"))
            let form = try await command.run("run", "output", "\(id)", "--to", file)
            #expect(form.status == 64 && form.errors.contains("-o csv"))
        }
    }
}
