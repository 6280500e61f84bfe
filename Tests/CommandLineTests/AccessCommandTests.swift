import SlipwayCore
import TestSupport
import Testing

import class Foundation.NSNumber
import class FoundationEssentials.FileManager

/// Tokens, service accounts, members and the audit log, as those who give access use them.
@Suite struct AccessCommandTests {
    @Test("a service account gets a token that may what it may, until the token is revoked")
    func tokens() async throws {
        try await CommandLineFixture.with(token: "the-installation") { fixture in
            let command = fixture.command
            let account = ["service-account", "apply", "default/nightly", "--role", "submitter"]
            #expect(try await command.run(account).output == "service account default/nightly created: submitter\n")
            #expect(try await command.run(account).output == "service account default/nightly unchanged: submitter\n")
            let made = try await command.run("token", "create", "ci", "--service-account", "default/nightly")
            let token = try #require(made.lines.first)
            #expect(made.status == 0 && made.errors.contains("It is not shown again"), "\(made.errors)")
            var program = command
            program.environment["SLIPWAY_TOKEN"] = token
            let known = try await program.run("whoami").output
            #expect(known.contains("submitter of default") && known.contains("service_account"), "\(known)")
            try await fixture.applyJob()
            let created = try await program.run("run", "create", "report", "-o", "name")
            let id = try #require(created.lines.first)
            let refused = try await program.run("run", "cancel", id)
            #expect(refused.status == 77 && refused.errors.contains("operator"), "\(refused.errors)")
            let list = try await command.run("token", "list", "-o", "wide").output
            #expect(list.contains("default/nightly") && !list.contains(token))
            let name = try #require(try await command.run("token", "list", "-o", "name").lines.first)
            #expect(try await command.run("token", "show", name).output.contains("default/nightly"))
            #expect(try await command.run("token", "revoke", name, "--why", "rotated").status == 0)
            let ended = try await program.run("whoami", "--server", fixture.server)
            #expect(ended.status == 77, "\(ended.output)")
            #expect(try await command.run("token", "list", "--revoked").output.contains("revoked"))
            let gone = try await command.run("service-account", "delete", "default/nightly")
            #expect(gone.output == "service account default/nightly deleted\n")
            #expect(try await command.run("service-account", "show", "default/nightly").status == 66)
        }
    }

    @Test("what a token may is said in roles that there are, and is never more than its maker's")
    func grants() async throws {
        try await CommandLineFixture.with(token: "the-installation") { fixture in
            let command = fixture.command
            let role = try await command.run("token", "create", "a", "--role", "owner")
            #expect(role.status == 64 && role.errors.contains("viewer, submitter, operator, admin"), "\(role.errors)")
            let team = try await command.run("token", "create", "a", "--team", "default")
            #expect(team.status == 64 && team.errors.contains("TEAM=ROLE"))
            let time = try await command.run("token", "create", "a", "--expires-in", "soon")
            #expect(time.status == 65 && time.errors.contains("expires_in"), "\(time.errors)")
            let viewer = try await command.run("token", "create", "a", "--team", "default=viewer", "-o", "name")
            var reader = command
            let token: String = try #require(viewer.lines.first)
            reader.environment["SLIPWAY_TOKEN"] = token
            #expect(try await reader.run("whoami").output.contains("viewer of default"))
            let top = try await reader.run("top", "--team", "default")
            #expect(top.status == 0 && top.output.contains("CLUSTERS"), "\(top)")
            #expect(!top.output.contains("PROCESSES"), "the processes are no team's")
            let more = try await reader.run("token", "create", "b", "--role", "admin")
            #expect(more.status != 0, "\(more.output)")
            #expect(try await command.run("token", "show", "abc").status == 64)
        }
    }

    @Test("members are set, listed and taken out, and the audit log says by whom")
    func members() async throws {
        try await CommandLineFixture.with(token: "the-installation") { fixture in
            let command = fixture.command
            let set = ["team", "member", "set", "default", "ann@example.org", "--role"]
            #expect(try await command.run(set + ["viewer"]).output == "ann@example.org is viewer of team default\n")
            #expect(try await command.run(set + ["operator"]).status == 0)
            #expect(try await command.run(set + ["captain"]).status == 64)
            let list = try await command.run("team", "member", "list", "default").output
            #expect(list.contains("ann@example.org") && list.contains("operator"))
            #expect(try await command.run("team", "member", "remove", "default", "ann@example.org").status == 0)
            #expect(
                try await command.run("team", "member", "list", "default", "-o", "name").output.isEmpty
            )
            let audit = try await command.run("audit", "list", "--action", "set_member", "-o", "wide").output
            #expect(audit.contains("default") && audit.contains("127.0.0.1"), "\(audit)")
            let lines = try await command.run("audit", "export").lines
            #expect(lines.count >= 3 && lines.allSatisfy { $0.hasPrefix("{") && $0.hasSuffix("}") })
            let wrong = try await command.run("audit", "list", "--since", "yesterday")
            #expect(wrong.status == 65 && wrong.errors.contains("since"), "\(wrong.errors)")
        }
    }

    @Test("the first admin token is made once, into a file that only its owner reads")
    func bootstrap() async throws {
        try await CommandLineFixture.with(token: "the-installation") { fixture in
            var command = fixture.command
            command.environment["SLIPWAY_POSTGRES_URL"] = fixture.database
            let file = "\(try TestScratch.shared.folder("bootstrap"))/token"
            let made = try await command.run("admin", "bootstrap-token", "--to", file)
            #expect(made.status == 0, "\(made.errors)")
            let attributes = try FileManager.default.attributesOfItem(atPath: file)
            #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o600)
            let token = try String(contentsOfFile: file, encoding: .utf8)
            command.environment["SLIPWAY_TOKEN"] = String(token.dropLast())
            #expect(try await command.run("whoami").output.contains("admin everywhere"))
            let again = try await command.run("admin", "bootstrap-token")
            #expect(again.status == 0 && again.output.isEmpty && again.errors.contains("was made before"))
        }
    }
}
