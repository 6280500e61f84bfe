import FoundationEssentials
import PostgresClient
import SlipwayCore
import TestSupport
import Testing

extension StackTests {
    /// Runs that go on with others, and ends that are told by halves.
    @Suite struct ResumeTests {
        @Test("a resumption executes only what is left, and a retry from a task only what follows it")
        func resume() async throws {
            let site = try Site.current()
            let ledger = "\(site.folder)/resume.ledger"
            let flag = "\(site.folder)/resume.flag"
            try await site.apply(
                """
                name: resume
                engine: none
                resources:
                  runner: {cpu: 1m, memory: 8Mi}
                tasks:
                  - name: load
                    command: |
                      echo load >> \(ledger)
                      echo rows=42 >> "$SLIPWAY_OUTPUT"
                  - name: check
                    needs: [load]
                    when: tasks.load.outputs.rows == "42"
                    command: |
                      echo check >> \(ledger)
                      test -e \(flag)
                  - name: report
                    needs: [check]
                    command: |
                      echo report >> \(ledger)
                """
            )
            let first = try await site.create("resume")[0]
            try await site.waitForEnd(of: [first], within: .seconds(60))
            #expect(try await states(of: first, on: site) == ["succeeded", "failed", "upstream_failed"])
            try Data().write(to: URL(filePath: flag))

            let resumed = try await site.slipway("run", "resume", first, "-o", "name")
            let second = try #require(resumed.names.first, "\(resumed.notes)")
            try await site.waitForEnd(of: [second], within: .seconds(60))
            let run = try await site.run(second)
            #expect(run.text("state") == "succeeded", "\(run)")
            #expect(try await states(of: second, on: site) == ["succeeded", "succeeded", "succeeded"])
            #expect(tasks(of: run).map { $0.text("carried_from") } == [first, "", ""])
            #expect(executed(ledger) == ["load", "check", "check", "report"])

            let nothing = try await site.slipway("run", "resume", second)
            #expect(nothing.status == 65 && nothing.notes.contains("nothing is left to execute"))

            let retried = try await site.slipway("run", "retry", second, "--from-task", "report", "-o", "name")
            let third = try #require(retried.names.first, "\(retried.notes)")
            try await site.waitForEnd(of: [third], within: .seconds(60))
            let last = try await site.run(third)
            #expect(last.text("state") == "succeeded")
            #expect(tasks(of: last).map { $0.text("carried_from") } == [first, second, ""])
            #expect(executed(ledger) == ["load", "check", "check", "report", "report"])
            let outputs = try await site.slipway("run", "output", third, "-o", "json").output
            #expect(outputs.contains("42"))
        }

        @Test(
            "when the runner is killed the exit code tells the end, its tasks end, and the evidence says what is missing"
        )
        func killed() async throws {
            let site = try Site.current()
            try await site.apply(
                """
                name: kills-its-runner
                engine: none
                resources:
                  runner: {cpu: 1m, memory: 8Mi}
                tasks:
                  - name: kill
                    command: |
                      echo before
                      sleep 1
                      kill -9 $PPID
                      sleep 60
                  - name: after
                    command: "true"
                """
            )
            let id = try await site.create("kills-its-runner")[0]
            try await site.waitForEnd(of: [id], within: .seconds(90))
            let run = try await site.run(id)
            #expect(run.text("state") == "failed" && run.text("reason") == "runner_crashed", "\(run)")
            #expect(run.text("exit_code") == "137")
            #expect(run["evidence"]?.text("summary") == "the runner left no summary")
            #expect(try await states(of: id, on: site) == ["failed", "cancelled"])
            #expect(tasks(of: run).first?.text("note") == "the run ended: runner_crashed")
            #expect(try await site.lines(of: "kill", id) == ["before"])
        }

        private func tasks(of run: JSONValue) -> [JSONValue] {
            if case .array(let tasks)? = run["tasks"] { tasks } else { [] }
        }

        private func states(of run: String, on site: Site) async throws -> [String] {
            tasks(of: try await site.run(run)).map { $0.text("state") }
        }

        private func executed(_ ledger: String) -> [String] {
            let text = FileManager.default.contents(atPath: ledger) ?? Data()
            return String(decoding: text, as: UTF8.self).split(separator: "\n").map(String.init)
        }
    }
}
