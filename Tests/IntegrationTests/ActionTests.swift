import FoundationEssentials
import PostgresClient
import SlipwayCore
import TestSupport
import Testing

extension StackTests {
    /// What people do to runs besides cancelling and retrying them.
    @Suite struct ActionTests {
        @Test(
            "the code of a released run goes on unobserved, and when its time has passed the run ends and its pod goes"
        )
        func releaseRunning() async throws {
            let site = try Site.current()
            let ledger = "\(site.folder)/release-running.ledger"
            try await site.apply(Self.ticking("release-running", ledger))
            let created = try await site.slipway(
                ["run", "create", "release-running", "--timeout", "run=12s", "-o", "name"]
            )
            let run = try #require(created.names.first, "\(created.notes)")
            try await eventually(within: .seconds(30), "it is running") {
                try await site.run(run).text("state") == "running"
            }
            let released = try await site.slipway("run", "release", run, "--why", "to see")
            #expect(released.output.contains("its code may go on unobserved until"), "\(released.notes)")
            let before = try Self.ticks(in: ledger)
            try await eventually(within: .seconds(5), "its code goes on") { try Self.ticks(in: ledger) > before + 5 }
            let shown = try await site.run(run)
            #expect(shown.text("state") == "running" && shown.text("holder").isEmpty)
            #expect(try await site.pods(of: [run]).count == 1)

            try await site.waitForEnd(of: [run], within: .seconds(40))
            let ended = try await site.run(run)
            #expect(ended.text("state") == "cancelled" && ended.text("reason") == "released")
            #expect(ended.text("ended_at") >= ended.text("release_deadline"))
            try await eventually(within: .seconds(30), "its pod is gone") { try await site.pods(of: [run]).isEmpty }
            #expect(ContainerProcesses.mentioning(ledger).isEmpty)
            let chain = try await site.slipway("run", "retry", run, "-o", "name")
            _ = try await site.slipway(["run", "cancel"] + chain.names)
        }

        @Test("the pod of a released run that waits for a node is removed, and cancelling the run ends it")
        func releaseWaiting() async throws {
            let site = try Site.current()
            try await site.apply(MistakeTests.tooLarge("release-waiting", schedule: "10m"))
            let run = try await site.create("release-waiting")[0]
            try await eventually(within: .seconds(30), "its pod is there") { try await !site.pods(of: [run]).isEmpty }
            let released = try await site.slipway("run", "release", run)
            #expect(released.output.contains("its pod is being removed"), "\(released.notes)")
            try await eventually(within: .seconds(30), "its pod is gone") { try await site.pods(of: [run]).isEmpty }
            #expect(try await site.run(run).text("state") == "starting")
            #expect(try await site.slipway("run", "cancel", run).status == 0)
            try await site.waitForEnd(of: [run], within: .seconds(30))
            #expect(try await site.run(run).text("state") == "cancelled")
        }

        @Test("a released run that is cancelled while its code runs has its pod removed by a worker")
        func cancelReleased() async throws {
            let site = try Site.current()
            let ledger = "\(site.folder)/cancel-released.ledger"
            try await site.apply(Self.ticking("cancel-released", ledger))
            let run = try await site.create("cancel-released")[0]
            try await eventually(within: .seconds(30), "it is running") {
                try await site.run(run).text("state") == "running"
            }
            #expect(try await site.slipway("run", "release", run).status == 0)
            #expect(try await site.slipway("run", "cancel", run).output.contains("is cancelling"))
            try await site.waitForEnd(of: [run], within: .seconds(30))
            #expect(try await site.run(run).text("state") == "cancelled")
            #expect(try await site.pods(of: [run]).isEmpty)
            #expect(ContainerProcesses.mentioning(ledger).isEmpty)
        }

        @Test("a run that waits for its next attempt runs at once when it is promoted")
        func promote() async throws {
            let site = try Site.current()
            try await site.apply(
                """
                name: promote-retry
                engine: none
                resources:
                  runner: {cpu: 1m, memory: 8Mi}
                retries: {user: 1, backoff: {initial: 1h, max: 2h}}
                tasks:
                  - name: only
                    command: "false"
                """
            )
            let first = try await site.create("promote-retry")[0]
            try await site.waitForEnd(of: [first], within: .seconds(30))
            let retries = try await site.slipway("run", "list", "--origin", first, "-o", "name").names
            let retry = try #require(retries.first)
            #expect(try await site.run(retry).text("reason") == "retry_backoff")
            let promoted = try await site.slipway("run", "promote", retry)
            #expect(promoted.status == 0, "\(promoted.notes)")
            try await site.waitForEnd(of: [retry], within: .seconds(30))
            let runs = [first, retry]
            let deleted = try await site.slipway("run", "delete", "--job", "promote-retry", "--yes", "-o", "name")
            #expect(Set(deleted.names) == Set(runs))
            #expect(try await site.number("SELECT count(*) FROM runs WHERE id::text = ANY(\(runs))") == 0)
            #expect(
                try await site.number(
                    "SELECT count(*) FROM audit_log WHERE subject = ANY(\(runs)) AND action = 'delete' AND actor IS NOT NULL"
                ) == 2
            )
        }

        /// A job whose code writes a line ten times a second, for ever.
        private static func ticking(_ name: String, _ ledger: String) -> String {
            """
            name: \(name)
            engine: none
            resources:
              runner: {cpu: 1m, memory: 8Mi}
            tasks:
              - name: tick
                command: |
                  while :; do echo tick >> \(ledger); echo tick; sleep 0.1; done
            """
        }

        private static func ticks(in ledger: String) throws -> Int {
            (FileManager.default.contents(atPath: ledger) ?? Data()).count / 5
        }
    }
}
