import PostgresClient
import SlipwayCore
import TestSupport
import Testing

extension StackTests {
    /// Cancelling, again and again, and running anew.
    @Suite struct CancelTests {
        @Test("a run that finds no node is cancelled once its pod is gone")
        func cancelWaiting() async throws {
            let site = try Site.current()
            try await site.apply(MistakeTests.tooLarge("cancel-waiting", schedule: "10m"))
            let run = try await site.create("cancel-waiting")[0]
            try await eventually(within: .seconds(30), "its pod is there") { try await !site.pods(of: [run]).isEmpty }
            try await cancel(run, on: site)
            #expect(try await site.run(run).text("running_at").isEmpty)
        }

        @Test(
            "a running run is cancelled once its pod is gone, cancelling twice is harmless, and a retry is a run of its own"
        )
        func cancelRunning() async throws {
            let site = try Site.current()
            let ledger = "\(site.folder)/cancel-running.ledger"
            // It takes a while to clean up, as real jobs do, so that its pod is there while it is cancelling.
            try await site.apply(
                """
                name: cancel-running
                engine: none
                resources:
                  runner: {cpu: 1m, memory: 8Mi}
                tasks:
                  - name: wait
                    command: |
                      trap 'sleep 1; exit 1' TERM
                      echo "$SLIPWAY_RUN_ID" >> \(ledger)
                      while :; do sleep 0.1; done
                """
            )
            let run = try await site.create("cancel-running", variables: [:])[0]
            try await eventually(within: .seconds(30), "it is running") {
                try await site.run(run).text("state") == "running"
            }
            let early = try await site.slipway("run", "retry", run)
            #expect(early.status == 65)
            #expect(early.notes.contains("slipway run cancel"))

            try await cancel(run, on: site)
            #expect(ContainerProcesses.mentioning(ledger).isEmpty)
            let again = try await site.slipway("run", "cancel", run)
            #expect(again.status == 0)
            #expect(again.output.contains("was already cancelled"))

            // A later version changes nothing for a retry of this one.
            try await site.apply("name: cancel-running\nengine: none\ntasks:\n  - name: other\n    command: \"true\"\n")
            let retry = try await site.slipway("run", "retry", run, "-o", "name").names[0]
            #expect(retry != run)
            try await eventually(within: .seconds(30), "the retry is running") {
                try await site.run(retry).text("state") == "running"
            }
            let shown = try await site.run(retry)
            #expect(shown.text("origin") == run)
            #expect(shown.text("version") == "1")
            let linked = try await site.slipway("run", "list", "--origin", run, "-o", "name")
            #expect(linked.names == [retry])
            try await cancel(retry, on: site)
            #expect(try await site.run(run).text("state") == "cancelled")
        }

        /// Cancels a placed run and sees that it is not over before its pod is gone.
        private func cancel(_ run: String, on site: Site) async throws {
            let answer = try await site.slipway("run", "cancel", run)
            #expect(answer.status == 0)
            #expect(answer.output.contains("is cancelling; its pod is being removed"))
            #expect(try await site.slipway("run", "cancel", run).status == 0)
            try await eventually(within: .seconds(60), "\(run) is cancelled") {
                try await site.number("SELECT count(*) FROM runs WHERE id::text = \(run) AND state = 'cancelled'") == 1
            }
            #expect(try await site.pods(of: [run]).isEmpty)
            let answerOfWait = try await site.slipway("run", "wait", run)
            #expect(answerOfWait.status == 12)
            let ends = try await site.database.query(
                "SELECT from_state, state, reason FROM run_events WHERE run_id::text = \(run) AND kind = 'state' ORDER BY sequence DESC LIMIT 1"
            )
            let end = try #require(try ends.decode(String.self, String.self, String.self).first)
            #expect(end == ("cancelling", "cancelled", "cancel_requested"))
            try await eventually(within: .seconds(30), "no pod of \(run) is to be removed") {
                try await site.number("SELECT count(*) FROM cleanups WHERE run_id::text = \(run)") == 0
            }
        }
    }
}
