import PostgresClient
import RunStore
import SlipwayCore
import TestSupport
import Testing

@Suite struct ActionCommandTests {
    @Test("after each action a sentence says what happens next")
    func sentences() async throws {
        try await CommandLineFixture.with { fixture in
            try await fixture.applyJob()
            let id = try await fixture.createRun()
            let promoted = try await fixture.command.run("run", "promote", "\(id)")
            #expect(promoted.output == "run \(id) promoted; a dispatcher places it before all others\n")
            let run = try await fixture.start(id)
            let released = try await fixture.command.run("run", "release", "\(id)", "--why", "odd node")
            #expect(released.output.hasPrefix("run \(id) released; its code may go on unobserved until 20"))
            #expect(try await fixture.command.run("run", "release", "\(id)").output.contains("was released already"))
            let cancelled = try await fixture.command.run("run", "cancel", "\(id)")
            #expect(cancelled.output == "run \(id) is cancelling; its pod is being removed\n")
            let epoch = try #require(try await fixture.store.run(id)).leaseEpoch
            let adopted = try await fixture.store.adopt([(id, epoch)], holder: fixture.holder.id)
            var taken = run
            taken.leaseEpoch = try #require(adopted.first).leaseEpoch
            try await fixture.end(taken, CommandLineFixture.ended(.cancelled))

            var made: [RunID] = []
            for (words, what) in [
                (["retry"], "retry"), (["rerun", "--variable", "days=3"], "rerun"), (["resume"], "resumption"),
            ] {
                let result = try await fixture.command.run(["run"] + words + ["\(id)"])
                #expect(result.output.contains(" created, \(what) of \(id)"), "\(result.errors)")
                #expect(result.output.hasSuffix("it waits for admission\n"))
                let again = try await fixture.command.run(["run"] + words + ["\(id)"])
                #expect(again.output.hasSuffix("is a \(what) of \(id) already, and is not over\n"))
                let name = try await fixture.command.run(["run"] + words + ["\(id)", "-o", "name"])
                made.append(try #require(RunID(name.lines.first ?? "")))
            }
            #expect(try await fixture.store.run(made[1])?.variables["days"] == .integer(3))
            let deleted = try await fixture.command.run("run", "delete", "\(id)")
            #expect(deleted.output.hasPrefix("run \(id) deleted with its logs"))
            let again = try await fixture.command.run("run", "delete", "\(id)")
            #expect(again.status == 0 && again.output == "run \(id) was deleted already\n")
        }
    }

    @Test("what cannot be done is told with what to do instead, after what could be done")
    func refusals() async throws {
        try await CommandLineFixture.with { fixture in
            try await fixture.applyJob()
            let live = try await fixture.createRun()
            let early = try await fixture.command.run("run", "retry", "\(live)")
            #expect(early.status == 65 && early.errors.contains("slipway run cancel \(live)"), "\(early.errors)")
            let stranger = "00000000-0000-7000-8000-000000000000"
            let unknown = try await fixture.command.run("run", "cancel", stranger)
            #expect(unknown.status == 66 && unknown.errors.contains("slipway run list"))
            let both = try await fixture.command.run("run", "release", stranger, "\(live)")
            #expect(both.status == 65 && both.errors.contains("2 of 2") && both.errors.contains("is pending"))
            let mixed = try await fixture.command.run("run", "cancel", stranger, "\(live)")
            #expect(mixed.status == 66 && mixed.output == "run \(live) cancelled\n")
            let wrong = try await fixture.command.run("run", "rerun", "\(live)", "--variable", "contry=DE")
            #expect(wrong.status == 65 && wrong.errors.contains("contry"))
        }
    }

    @Test("runs that were not named are shown first, and nothing happens without a yes")
    func filters() async throws {
        try await CommandLineFixture.with { fixture in
            try await fixture.applyJob()
            var ids: [RunID] = []
            for _ in 0..<3 { ids.append(try await fixture.createRun()) }
            let dry = try await fixture.command.run("run", "cancel", "--job", "report", "--dry-run")
            #expect(dry.status == 0 && dry.lines.count == 4 && dry.lines[0].hasPrefix("ID"))
            #expect(dry.lines.dropFirst().allSatisfy { $0.contains("ended") && $0.count <= 80 })
            let names = try await fixture.command.run("run", "cancel", "--all", "--dry-run", "-o", "name")
            #expect(names.lines == ids.reversed().map(\.description))
            let mute = try await fixture.command.run("run", "cancel", "--all")
            #expect(mute.status == 64 && mute.errors.contains("--yes"))
            let asked = try await fixture.command.runOnTerminal(["run", "cancel", "--all"], typing: "n")
            #expect(asked.status == 64 && asked.output.contains("Cancel these 3 runs? [y/N]"), "\(asked.output)")
            #expect(try await fixture.store.liveCounts() == [.pending: 3])
            let one = try await fixture.command.runOnTerminal(
                ["run", "cancel", "--state", "pending", "--limit", "1"],
                typing: "y"
            )
            #expect(one.status == 0 && one.output.contains("run \(ids[2]) cancelled"), "\(one.output)")
            let old = try await fixture.command.run("run", "cancel", "--older-than", "1h", "--yes")
            #expect(old.status == 0 && old.errors.contains("no such runs"))
            let rest = try await fixture.command.run("run", "cancel", "--newer-than", "1h", "--kind", "nightly", "-y")
            #expect(rest.lines == [ids[1], ids[0]].map { "run \($0) cancelled" })
            #expect(try await fixture.store.liveCounts().isEmpty)
        }
    }

    @Test("what narrows a list narrows an action on many, and nothing blank means every run")
    func narrowed() async throws {
        try await CommandLineFixture.with { fixture in
            try await fixture.applyJob()
            let here = try await fixture.createRun()
            let there = try await fixture.createRun("--variable", "country=DE")
            for (words, expected) in [
                (["--with-variable", "country=DE"], [there]), (["--filter", "variables.country=NL"], [here]),
                (["--search", "DE"], [there]), (["--trigger", "schedule,backfill"], []),
                (["--trigger", "manual", "--schedule", "nightly"], []), (["--released"], []),
                (["--trigger", "manual"], [there, here]),
            ] {
                let listed = try await fixture.command.run(["run", "list", "-o", "name"] + words)
                #expect(listed.lines == expected.map(\.description), "\(words): \(listed)")
                let meant = try await fixture.command.run(["run", "cancel", "--dry-run", "-o", "name"] + words)
                #expect(meant.status == 0 && meant.lines == expected.map(\.description), "\(words): \(meant)")
            }
            let unknown = try await fixture.command.run("run", "cancel", "--trigger", "magic", "--dry-run")
            #expect(unknown.status == 65 && unknown.errors.contains("manual, schedule, backfill"), "\(unknown)")
            for option in ["--filter", "--job", "--team"] {
                let blank = try await fixture.command.run("run", "delete", option, " ", "--yes")
                #expect(blank.status == 64 && blank.errors.contains("leave it out"), "\(option): \(blank)")
            }
        }
    }

    @Test("many more runs than one request takes are acted on")
    func many() async throws {
        try await CommandLineFixture.with { fixture in
            try await fixture.applyJob()
            _ = try await fixture.command.run("run", "create", "report", "--count", "1500", "-o", "name")
            let result = try await fixture.command.run("run", "cancel", "--all", "--yes", "-o", "name")
            #expect(result.lines.count == 1500, "\(result.errors)")
            #expect(try await fixture.store.liveCounts().isEmpty)
            let deleted = try await fixture.command.run("run", "delete", "--team", "default", "--yes", "-o", "name")
            #expect(Set(deleted.lines) == Set(result.lines))
        }
    }

    @Test("a run is shown with its chain, what it waits for, its limits, and who let go of it")
    func shown() async throws {
        try await CommandLineFixture.with { fixture in
            try await fixture.applyJob()
            var ann = fixture.command
            ann.environment["SLIPWAY_ACTOR"] = "ann"
            let created = try await ann.run(
                "run",
                "create",
                "report",
                "--timeout",
                "run=2h",
                "--timeout",
                "on_timeout=failed",
                "--why",
                "month end",
                "-o",
                "name"
            )
            let id = try #require(RunID(created.lines.first ?? ""), "\(created.errors)")
            _ = try await fixture.start(id)
            _ = try await ann.run("run", "release", "\(id)", "--why", "odd node")
            let shown = try await fixture.command.run("run", "show", "\(id)").output
            #expect(shown.contains("on_timeout=failed run=2h") && shown.contains("ann"))
            #expect(shown.contains("Released:") && shown.contains("odd node"))
            let list = try await fixture.command.run("run", "list", "--released")
            #expect(list.output.contains("running, released"))
            try await fixture.store.pool.query("UPDATE live_runs SET release_deadline = clock_timestamp()")
            _ = try await fixture.store.endReleased()
            let retry = try await fixture.command.run("run", "retry", "\(id)", "-o", "name").lines[0]
            try await fixture.store.pool.query(
                "UPDATE live_runs SET eligible_at = clock_timestamp() + interval '1 hour', reason = 'retry_backoff'"
            )
            let second = try await fixture.command.run("run", "show", retry).output
            #expect(second.contains("Waits until:") && second.contains("retry_backoff"))
            #expect(second.contains("2 *") && second.contains(id.description))
            let events = try await fixture.command.run("run", "events", "\(id)", "-o", "wide").output
            #expect(events.contains("ann") && events.contains("month end"))
            let wrong = try await fixture.command.run("run", "create", "report", "--timeout", "run=soon")
            #expect(wrong.status == 65 && wrong.errors.contains("timeouts.run") && wrong.errors.contains("1h30m"))
            ann.environment["SLIPWAY_ACTOR"] = String(repeating: "x", count: 101)
            #expect(try await ann.run("run", "list").status == 64)
        }
    }

    @Test("the program says under which name it asks, and where that comes from")
    func actor() async throws {
        let named = try await CommandLine(environment: ["SLIPWAY_ACTOR": "ann"]).run("--show-config")
        #expect(named.lines.contains("actor = ann  # SLIPWAY_ACTOR"), "\(named.errors)")
        let unnamed = try await CommandLine().run("--show-config")
        #expect(unnamed.lines.contains { $0.hasPrefix("actor = ") && $0.hasSuffix("  # login name") })
    }

    @Test(
        "runs are named or described, not both and not neither",
        arguments: [
            ["run", "cancel"], ["run", "delete", "0192b1c4", "--job", "report"], ["run", "retry", "0192b1c4", "--all"],
            ["run", "release", "--older-than", "soon"], ["run", "promote", "--all", "--limit", "0"],
            ["run", "rerun", "0192b1c4", "--variable", "x"], ["run", "create", "report", "--timeout", "2h"],
        ]
    )
    func usage(words: [String]) async throws {
        let result = try await CommandLine().run(words)
        #expect(result.status == 64 && result.output.isEmpty && !result.errors.isEmpty)
    }
}
