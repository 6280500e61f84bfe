import TestSupport
import Testing

/// Webhooks, times of keeping and pins.
@Suite struct NotificationCommandTests {
    @Test("a webhook is created, tested, changed, turned off and deleted; its secret is shown once")
    func webhooks() async throws {
        try await CommandLineFixture.with { fixture in
            let command = fixture.command
            let none = try await command.run("webhook", "list")
            #expect(none.status == 0 && none.errors.contains("slipway webhook create"))
            let create = ["webhook", "create", "pager", "--url", "https://pager.example.org/in"]
            let created = try await command.run(create + ["--events", "run.failed,run.timeout"])
            #expect(created.output.hasPrefix("webhook default/pager created\n"), "\(created.errors)")
            #expect(created.output.contains("whsec_"))
            let twice = try await command.run(create)
            #expect(twice.status == 65 && twice.errors.contains("pager"), "\(twice.status) \(twice.errors)")
            let shown = try await command.run("webhook", "show", "pager").output
            #expect(shown.contains("run.timeout") && !shown.contains("whsec_"))
            let test = try await command.run("webhook", "test", "pager", "-o", "name")
            let delivery = try #require(test.lines.first)
            let again = try await command.run("webhook", "resend", "pager", delivery)
            #expect(again.status == 0, "\(again.errors)")
            let deliveries = try await command.run("webhook", "deliveries", "pager").output
            #expect(deliveries.contains("webhook.test") && deliveries.contains("waiting"))
            #expect(try await command.run("webhook", "deliveries", "pager", "-o", "name").lines.count == 2)
            let wrong = try await command.run("webhook", "update", "pager", "--events", "run.exploded")
            #expect(wrong.status == 65 && wrong.errors.contains("run.failed"), "\(wrong.errors)")
            #expect(try await command.run("webhook", "update", "pager").status == 64)
            #expect(try await command.run("webhook", "update", "pager", "--enable", "--disable").status == 64)
            let rotated = try await command.run("webhook", "rotate-secret", "pager").output
            #expect(rotated.contains("whsec_") && rotated.contains("signs beside it until"))
            #expect(try await command.run("webhook", "update", "pager", "--disable", "--why", "moved").status == 0)
            #expect(try await command.run("webhook", "list").output.contains("off"))
            #expect(try await command.run("webhook", "delete", "pager", "--revision", "1").status == 65)
            #expect(try await command.run("webhook", "delete", "pager").output == "webhook default/pager deleted\n")
            #expect(try await command.run("webhook", "show", "pager").status == 66)
        }
    }

    @Test("for how long what is kept is set by kind and team, and what would go is shown")
    func retention() async throws {
        try await CommandLineFixture.with { fixture in
            let command = fixture.command
            let set = try await command.run("retention", "set", "runs=20d", "audit=forever")
            #expect(set.status == 0, "\(set.errors)")
            let shown = try await command.run("retention", "show").lines
            #expect(shown.contains { $0.hasPrefix("runs") && $0.contains("20d") })
            #expect(shown.contains { $0.hasPrefix("audit") && $0.contains("forever") })
            let wrong = try await command.run("retention", "set", "runs=soon")
            #expect(wrong.status == 65 && wrong.errors.contains("keep.runs"), "\(wrong.errors)")
            #expect(try await command.run("retention", "set", "runs").status == 64)
            #expect(try await command.run("retention", "set", "--team", "nobody", "runs=9d").status == 66)
            #expect(try await command.run("retention", "dry-run").errors.contains("No partition is old enough."))
            #expect(try await command.run("retention", "set", "runs=standard").status == 0)
        }
    }

    @Test("a run is pinned, listed among those that stay, and let go")
    func pins() async throws {
        try await CommandLineFixture.with { fixture in
            let command = fixture.command
            try await fixture.applyJob()
            let id = try await fixture.createRun()
            let pinned = try await command.run("run", "pin", "\(id)", "--why", "evidence")
            #expect(pinned.output == "run \(id) is kept\n", "\(pinned.errors)")
            let list = try await command.run("retention", "pins").output
            #expect(list.contains("\(id)") && list.contains("evidence"))
            #expect(try await command.run("run", "unpin", "\(id)").status == 0)
            #expect(try await command.run("retention", "pins", "-o", "name").output.isEmpty)
        }
    }
}
