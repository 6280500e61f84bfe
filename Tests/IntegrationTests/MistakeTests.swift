import PostgresClient
import SlipwayCore
import TestSupport
import Testing

extension StackTests {
    /// What goes wrong ends in a clear state, with a reason, a message, and advice on what to do next.
    @Suite struct MistakeTests {
        @Test("a wrong job file is refused with line, field and what is allowed, all mistakes at once")
        func wrongFile() async throws {
            let site = try Site.current()
            let file = try site.file(
                """
                name: wrong
                engine: spark
                resources:
                  runner: {cpu: lots, memory: 16Mi}
                tasks:
                  - name: only
                    comand: "true"
                """
            )
            let answer = try await site.slipway("job", "apply", file)
            #expect(answer.status == 65)
            #expect(answer.output.isEmpty)
            #expect(answer.notes.contains("\(file): line 2, column 9: engine is \"spark\" and must be none, sail"))
            #expect(
                answer.notes.contains(
                    "line 4, column 17: resources.runner.cpu is \"lots\" and must be an amount of CPU such as"
                )
            )
            #expect(
                answer.notes.contains(
                    "line 7, column 5: tasks[0].comand is not known; allowed are name, sql, python, command"
                )
            )
            #expect(answer.notes.contains("did you mean command?"))
            #expect(answer.notes.contains("Correct the file and apply it again."))
            let nothing = try await site.slipway("job", "show", "wrong")
            #expect(nothing.status == 66)
            #expect(nothing.notes.contains("slipway job list"))
        }

        @Test(
            "an unknown table is the user's failure and named in the message",
            .enabled(if: Given.pythonEnvironment != nil, "SLIPWAY_TEST_PYTHON_ENV is not set")
        )
        func unknownTable() async throws {
            let site = try Site.current()
            try await site.apply(
                """
                name: unknown-table
                engine: sail
                resources:
                  runner: {cpu: 1m, memory: 512Mi}
                  sail: {cpu: 1m, memory: 256Mi}
                tasks:
                  - name: look
                    sql: SELECT * FROM ships_at_sea
                """
            )
            let run = try await failed("unknown-table", on: site)
            #expect(run.text("reason") == "task_failed")
            #expect(run.text("failure_class") == "user")
            #expect(run.text("failed_task") == "look")
            #expect(run.text("error_name") == "AnalysisException")
            #expect(run.text("message").contains("ships_at_sea"))
        }

        @Test(
            "an exception in Python shows the stack down to the user's line",
            .enabled(if: Given.pythonEnvironment != nil, "SLIPWAY_TEST_PYTHON_ENV is not set")
        )
        func pythonException() async throws {
            let site = try Site.current()
            try await site.apply(
                """
                name: exception
                engine: none
                resources:
                  runner: {cpu: 1m, memory: 512Mi}
                tasks:
                  - name: divide
                    python: |
                      def share(cake, guests):
                          return cake / guests

                      share(1, 0)
                """
            )
            let run = try await failed("exception", on: site)
            #expect(run.text("failure_class") == "user")
            #expect(run.text("error_name") == "ZeroDivisionError")
            #expect(run.text("message") == "division by zero")
            let trace = run.text("stack_trace")
            #expect(
                trace.contains(#"File "divide.py", line 4"#) && trace.contains(#"File "divide.py", line 2, in share"#)
            )
            #expect(trace.contains("return cake / guests"))
            #expect(!trace.contains("slipway_runner"))
        }

        @Test("an image that cannot be pulled is named, while the run waits and when it has failed")
        func missingImage() async throws {
            let site = try Site.current()
            try await site.apply(
                """
                name: missing-image
                engine: none
                image: registry.example/missing:1
                resources:
                  runner: {cpu: 1m, memory: 16Mi}
                timeouts: {start: 15s}
                tasks:
                  - name: only
                    command: "true"
                """
            )
            let run = try await failed("missing-image", on: site, waitingFor: "image_pull_failed")
            #expect(run.text("reason") == "image_pull_failed")
            #expect(run.text("failure_class") == "infrastructure")
            #expect(run.text("message").contains("registry.example/missing:1"))
            #expect(run.text("running_at").isEmpty)
        }

        @Test("a run too large for every node says so while it waits, and fails when its time is over")
        func fullNode() async throws {
            let site = try Site.current()
            try await site.apply(Self.tooLarge("full-node", schedule: "15s"))
            let run = try await failed("full-node", on: site, waitingFor: "unschedulable")
            #expect(["schedule_timeout", "unschedulable"].contains(run.text("reason")))
            #expect(run.text("failure_class") == "infrastructure")
            #expect(run.text("message").contains("Insufficient cpu"))
            #expect(run.text("message").contains("timeouts.schedule"))
        }

        /// A job that no node has room for.
        static func tooLarge(_ name: String, schedule: String) -> String {
            """
            name: \(name)
            engine: none
            resources:
              runner: {cpu: "1000", memory: 16Mi}
            timeouts: {schedule: \(schedule)}
            tasks:
              - name: only
                command: "true"
            """
        }

        /// Creates a run and waits as a person would until it has failed; whatever the reason, there is advice and no pod.
        ///
        /// - Parameter reason: what the run is to show while it waits.
        private func failed(_ job: String, on site: Site, waitingFor reason: String? = nil) async throws -> JSONValue {
            let id = try await site.create(job)[0]
            if let reason {
                try await eventually(within: .seconds(30), "\(id) says that it waits for \(reason)") {
                    let shown = try await site.slipway("run", "show", id).output
                    return shown.contains("Reason:") && shown.contains(reason)
                }
                #expect(try await site.run(id).text("ended_at").isEmpty)
            }
            let answer = try await site.slipway("run", "wait", id, within: .seconds(90))
            #expect(answer.status == 10)
            let run = try await site.run(id)
            #expect(run.text("state") == "failed")
            #expect(!run.text("message").isEmpty)
            #expect(!run.text("advice").isEmpty)
            #expect(answer.notes.contains("Advice:") && answer.notes.contains(run.text("advice")))
            let event = try await site.database.query(
                "SELECT reason FROM run_events WHERE run_id::text = \(id) AND state = 'failed'"
            )
            #expect(try event.decode(String.self) == [run.text("reason")])
            try await eventually(within: .seconds(30), "the pod of \(id) is gone") {
                try await site.pods(of: [id]).isEmpty
            }
            return run
        }
    }
}
