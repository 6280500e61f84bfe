import PostgresClient
import SlipwayCore
import TestSupport
import Testing

extension StackTests {
    /// What a run takes is seen, and what it may give has a bound.
    @Suite struct UsageTests {
        @Test("a command that computes for some seconds shows the processor time and the memory it took")
        func burning() async throws {
            let site = try Site.current()
            try await site.apply(
                """
                name: burning
                engine: none
                resources:
                  runner: {cpu: 10m, memory: 256Mi}
                tasks:
                  - name: burn
                    command: |
                      exec perl -e 'use Time::HiRes "clock"; $x .= "a" x (1 << 20) for 1..64; 1 while clock() < 8'
                """
            )
            let id = try await site.create("burning")[0]
            let waited = try await site.slipway("run", "wait", id, within: .seconds(120))
            #expect(waited.status == 0, "\(waited.notes)")
            let metrics = try await site.slipway.json("run", "metrics", id)
            let runner = try #require(metrics["containers"]?.elements.first)
            let used = try #require(runner["used"], "\(metrics)")
            // What it took after the last sample is not seen; a sample speaks for the time since the one before.
            let seconds = try #require(Double(used.text("cpu_seconds")))
            #expect((4...10).contains(seconds))
            let peak = try #require(Int(used.text("peak_memory_bytes")))
            #expect((64 << 20...112 << 20).contains(peak))
            #expect(runner["series"]?["at"]?.elements.isEmpty == false)
            #expect(metrics["tasks"]?.elements.first?.text("name") == "burn")
            let stored = try await site.number(
                "SELECT count(*) FROM run_usage_summary WHERE run_id::text = \(id) AND cpu_seconds > 0"
            )
            #expect(stored == 1)
        }

        @Test("a command whose output is too large fails with the bound in its message")
        func largeCommand() async throws {
            try await tooLarge(
                "large-command",
                """
                engine: none
                resources:
                  runner: {cpu: 1m, memory: 64Mi}
                tasks:
                  - name: give
                    command: (printf 'x='; head -c 2000000 /dev/zero | tr '\\0' a) > "$SLIPWAY_OUTPUT"
                """,
                says: "SLIPWAY_OUTPUT"
            )
        }

        @Test(
            "a query whose result is too large fails with the bound in its message",
            .enabled(if: Given.pythonEnvironment != nil, "SLIPWAY_TEST_PYTHON_ENV is not set")
        )
        func largeQuery() async throws {
            try await tooLarge(
                "large-query",
                """
                engine: sail
                resources:
                  runner: {cpu: 1m, memory: 512Mi}
                  sail: {cpu: 1m, memory: 512Mi}
                tasks:
                  - name: give
                    sql: SELECT repeat('x', 1000) AS text FROM range(5000)
                    output: {rows: 5000}
                """,
                says: "output.rows"
            )
        }

        @Test(
            "a Python task whose output is too large fails with the bound in its message",
            .enabled(if: Given.pythonEnvironment != nil, "SLIPWAY_TEST_PYTHON_ENV is not set")
        )
        func largePython() async throws {
            try await tooLarge(
                "large-python",
                """
                engine: none
                resources:
                  runner: {cpu: 1m, memory: 512Mi}
                tasks:
                  - name: give
                    python: |
                      context.set_output("text", "x" * 2_000_000)
                """,
                says: "output text"
            )
        }

        private func tooLarge(_ name: String, _ rest: String, says words: String) async throws {
            let site = try Site.current()
            try await site.apply("name: \(name)\n\(rest)")
            let id = try await site.create(name)[0]
            let waited = try await site.slipway("run", "wait", id, within: .seconds(120))
            #expect(waited.status == 10, "\(waited.notes)")
            let run = try await site.run(id)
            #expect(run.text("reason") == "output_too_large" && run.text("failure_class") == "user")
            #expect(run.text("failed_task") == "give")
            #expect(run.text("message").contains(words) && run.text("message").contains("1048576"))
            #expect(!run.text("advice").isEmpty)
        }
    }
}
