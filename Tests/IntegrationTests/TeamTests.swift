import FoundationEssentials
import PostgresClient
import SlipwayCore
import TestSupport
import Testing

extension StackTests {
    /// What runs wait for besides room, and what their teams allow.
    @Suite struct TeamTests {
        @Test("a check finds a credential invalid, runs that need it are paused, and its renewal lets them run")
        func credential() async throws {
            let site = try Site.current()
            let key = "\(site.folder)/lake-key"
            try await site.apply(Self.job("check-lake", command: "test -f \(key)"))
            let applied = try await site.slipway(
                ["credential", "apply", "lake", "--kind", "file", "--check-job", "check-lake", "--check-every", "1h"]
            )
            #expect(applied.status == 0, "\(applied.notes)")
            try await eventually(within: .seconds(60), "the check has found the credential invalid") {
                try await site.slipway.json("credential", "show", "lake")["valid"] == .bool(false)
            }
            let told = try await site.slipway.json("credential", "show", "lake").text("message")
            #expect(told.contains("ended as failed"), "\(told)")
            try await site.apply(Self.job("reader", command: "cat \(key)", more: "credentials: [lake]"))
            let runs = try await site.create("reader", count: 3)
            try await waitForPause(of: runs, "credential_invalid", on: site)
            // A person's word is enough, and so is a check that succeeds.
            let renewed = try await site.slipway("credential", "update", "lake", "--valid")
            #expect(renewed.status == 0 && renewed.output == "credential default/lake is valid\n", "\(renewed.notes)")
            let unpaused = try await site.slipway("run", "unpause", runs[0])
            #expect(unpaused.status == 0, "\(unpaused.notes)")
            try Data("open sesame\n".utf8).write(to: URL(filePath: key))
            let checked = try await site.slipway("credential", "check", "lake")
            #expect(checked.status == 0, "\(checked.notes)")
            try await site.waitForEnd(of: runs, within: .seconds(90))
            #expect(try await site.run(runs[2]).text("state") == "succeeded")
        }

        @Test("runs of a team whose credits are used up are paused, and run once there are more")
        func credits() async throws {
            let site = try Site.current()
            let file = "\(try TestScratch.shared.folder("team"))/team.yaml"
            try await site.send("POST", "/api/v1/namespaces", #"{"metadata": {"name": "spenders"}}"#)
            try Data("name: spenders\n".utf8).write(to: URL(filePath: file))
            #expect(try await site.slipway("team", "apply", file).status == 0)
            #expect(try await site.slipway("team", "credits", "spenders", "--set", "2").status == 0)
            try await site.apply(
                Self.job(
                    "spend",
                    command: "sleep 30",
                    more: "team: spenders\nresources: {runner: {cpu: 1, memory: 8Mi}}"
                )
            )
            let spent = try await create("spend", on: site)
            try await eventually(within: .seconds(60), "the credits are used up") {
                let left = try await site.slipway.json("team", "show", "spenders").text("credits")
                return try #require(Double(left)) < 1
            }
            let waiting = try await create("spend", on: site)
            try await waitForPause(of: [waiting], "credits_exhausted", on: site)
            // What runs is not touched.
            #expect(try await site.run(spent).text("state") != "paused")
            #expect(try await site.slipway("run", "cancel", spent).status == 0)
            #expect(try await site.slipway("team", "credits", "spenders", "--add", "100000").status == 0)
            try await eventually(within: .seconds(60), "the paused run runs") {
                try await site.run(waiting).text("state") == "running"
            }
            #expect(try await site.slipway("run", "cancel", waiting).status == 0)
            try await site.waitForEnd(of: [spent, waiting], within: .seconds(60))
        }

        @Test("a job that its team does not allow any more is not placed")
        func policy() async throws {
            let site = try Site.current()
            let folder = try TestScratch.shared.folder("team")
            func apply(_ more: String) async throws {
                let file = "\(folder)/strict.yaml"
                try Data("name: strict\n\(more)".utf8).write(to: URL(filePath: file))
                let answer = try await site.slipway("team", "apply", file)
                #expect(answer.status == 0, "\(answer.notes)")
            }
            try await apply("node_selector: {}\n")
            try await site.apply(Self.job("any", command: "true", more: "team: strict"))
            try await apply("images: [elsewhere/*]\n")
            let refused = try await site.slipway(
                "job",
                "apply",
                try site.file(Self.job("other", command: "true", more: "team: strict"))
            )
            #expect(refused.status == 65 && refused.notes.contains("elsewhere/*"), "\(refused.notes)")
            let run = try await create("any", team: "strict", on: site)
            try await site.waitForEnd(of: [run], within: .seconds(60))
            let ended = try await site.run(run)
            #expect(ended.text("state") == "failed" && ended.text("reason") == "invalid_job")
            #expect(ended.text("message").contains("is not an image that its team allows"), "\(ended.text("message"))")
        }

        private static func job(_ name: String, command: String, more: String = "") -> String {
            """
            name: \(name)
            engine: none
            \(more)
            tasks:
              - {name: only, command: "\(command)"}
            """
        }

        private func create(_ job: String, team: String = "spenders", on site: Site) async throws -> String {
            let answer = try await site.slipway("run", "create", job, "--team", team, "-o", "name")
            return try #require(answer.names.first, "\(answer.notes)")
        }

        private func waitForPause(of runs: [String], _ reason: String, on site: Site) async throws {
            try await eventually(within: .seconds(60), "the runs are paused") {
                let paused = try await site.number(
                    "SELECT count(*) FROM live_runs WHERE id::text = ANY(\(runs)) AND state = 'paused' AND reason = \(reason)"
                )
                return paused == runs.count
            }
        }
    }
}
