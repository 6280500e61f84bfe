import RunStore
import SlipwayCore
import Testing

@Suite("Tasks and warnings on the command line")
struct TaskCommandTests {
    @Test("a task with items is one line of a run, and all its lines in the list of tasks")
    func items() async throws {
        try await CommandLineFixture.with { fixture in
            try await fixture.applyJob()
            let id = try await fixture.createRun()
            let run = try await fixture.start(id)
            let items = (0..<3).map { (item: Int) in
                TaskRow(
                    name: "extract[\(item)]",
                    position: 0,
                    itemIndex: item,
                    state: item == 2 ? .failed : .succeeded,
                    item: .string("file-\(item)")
                )
            }
            let warning = RunWarning(
                source: .runner,
                sequence: 9,
                milliseconds: 1000,
                task: "extract",
                message: "odd\nrow"
            )
            try await fixture.write(run, [], tasks: items, warnings: [warning])
            let shown = try await fixture.command.run("run", "show", "\(id)").output
            #expect(shown.contains("2 of 3 succeeded, 1 failed") && !shown.contains("extract[0]"))
            #expect(shown.contains("Warnings:") && shown.contains("extract: odd row"))
            #expect(shown.contains("slipway run warnings \(id)"))
            let tasks = try await fixture.command.run("run", "tasks", "\(id)")
            #expect(tasks.lines.count == 5 && tasks.output.contains("file-2"), "\(tasks.errors)")
            let names = try await fixture.command.run("run", "tasks", "\(id)", "--task", "extract", "-o", "name").lines
            #expect(names == ["extract", "extract[0]", "extract[1]", "extract[2]"])
            let wrong = try await fixture.command.run("run", "tasks", "\(id)", "--task", "other")
            #expect(wrong.status != 0 && wrong.errors.contains("extract"))
            let warnings = try await fixture.command.run("run", "warnings", "\(id)")
            #expect(warnings.lines.count == 2 && warnings.output.contains("odd row"))
        }
    }

    @Test("a retry from a task, and an incomplete one, say what they take over and why they cannot")
    func retries() async throws {
        try await CommandLineFixture.with { fixture in
            try await fixture.applyJob()
            let id = try await fixture.createRun()
            let run = try await fixture.start(id)
            try await fixture.end(run, CommandLineFixture.ended(.failed))
            let made = try await fixture.command.run("run", "retry", "\(id)", "--from-task", "extract")
            #expect(made.output.contains("retry of \(id) from extract, with 0 tasks carried over"), "\(made.errors)")
            let incomplete = try await fixture.command.run("run", "retry", "\(id)", "--incomplete")
            #expect(
                incomplete.output.contains("resumption of \(id), with 0 tasks carried over"),
                "\(incomplete.errors)"
            )
            let unknown = try await fixture.command.run("run", "retry", "\(id)", "--from-task", "extrakt")
            #expect(unknown.status == 65 && unknown.errors.contains("extract"), "\(unknown.errors)")
            let both = try await fixture.command.run("run", "retry", "\(id)", "--from-task", "extract", "--incomplete")
            #expect(both.status == 64)

            let good = try await fixture.createRun()
            let ended = try await fixture.start(good)
            try await fixture.end(ended, CommandLineFixture.ended(.succeeded))
            let nothing = try await fixture.command.run("run", "resume", "\(good)")
            #expect(nothing.status == 65 && nothing.errors.contains("nothing is left to execute"))
        }
    }
}
