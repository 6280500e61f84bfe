import TestSupport
import Testing

import struct FoundationEssentials.Data

@Suite struct ClusterCommandTests {
    @Test("a cluster is applied, listed, shown, drained, wanted again and removed")
    func life() async throws {
        try await CommandLineFixture.with { fixture in
            let command = fixture.command
            let file = "\(try TestScratch.shared.folder("cluster"))/west.yaml"
            try Data("name: west\nlabels: {region: eu}\ncapacity: {runs: 20}\n".utf8).write(to: .init(filePath: file))
            #expect(try await command.run("cluster", "apply", file).output == "cluster west created, revision 1\n")
            #expect(try await command.run("cluster", "list", "-o", "name").output == "default\nwest\n")
            let list = try await command.run("cluster", "list").output
            #expect(list.contains("provisioning") && list.contains("region=eu") && list.contains("0/20"))
            let shown = try await command.run("cluster", "show", "west").output
            #expect(shown.contains("region=eu") && shown.contains("20 runs") && shown.contains("nobody has looked"))
            let late = try await command.run("cluster", "drain", "west", "--revision", "7")
            #expect(late.status == 65 && late.errors.contains("revision 1"))
            #expect(try await command.run("cluster", "drain", "west").output == "cluster west draining, revision 2\n")
            let again = try await command.run("cluster", "drain", "west", "--why", "rack")
            #expect(again.output == "cluster west draining already, revision 2\n")
            #expect(try await command.run("cluster", "undrain", "west").status == 0)
            let removed = try await command.run("cluster", "remove", "west")
            #expect(removed.output == "cluster west being removed, revision 4\n")
            let missing = try await command.run("cluster", "show", "east")
            #expect(missing.status == 66 && missing.errors.contains("slipway cluster list"))
            let wrong = try await command.run("cluster", "apply", "-", input: "name: West\n")
            #expect(wrong.status == 65 && wrong.errors.contains("standard input: line 1, column 7: name"))
        }
    }

    @Test("a job is planned, compared, paused, resumed, archived and found by what is said of it")
    func jobs() async throws {
        try await CommandLineFixture.with { fixture in
            let command = fixture.command
            let plan = try await command.run("job", "plan", "-", input: CommandLineFixture.jobFile)
            #expect(plan.output.hasPrefix("job default/report would be created, version 1\n") && plan.status == 0)
            #expect(plan.output.contains("could be placed now, on cluster default"))
            try await fixture.applyJob()
            let scheduled = CommandLineFixture.jobFile + "\nschedules:\n  - {name: daily, every: 24h}\n"
            let schedules = try await command.run("job", "plan", "-", input: scheduled).output
            #expect(schedules.hasPrefix("job default/report would stay as it is, version 1, with other schedules\n"))
            #expect(schedules.contains("\nschedule daily would be created\n"))
            let changed = CommandLineFixture.jobFile.replacing("kind: nightly", with: "kind: weekly")
            let update = try await command.run("job", "plan", "-", input: changed).output
            #expect(update.contains("version 1 to 2") && update.contains("~ kind:\n    - nightly\n    + weekly"))
            #expect(try await command.run("job", "apply", "-", input: changed).status == 0)
            #expect(try await command.run("job", "diff", "report").output == "~ kind:\n    - nightly\n    + weekly\n")
            #expect(try await command.run("job", "diff", "report", "2", "2").errors.contains("no difference"))
            #expect(
                try await command.run("job", "show", "report", "--at-version", "1").output.contains("kind: nightly")
            )
            #expect(try await command.run("job", "pause", "report").output == "job default/report paused\n")
            #expect(try await command.run("job", "pause", "report").output == "job default/report is paused already\n")
            #expect(try await command.run("job", "list", "--paused", "-o", "name").output == "report\n")
            #expect(try await command.run("job", "resume", "report").output == "job default/report resumed\n")
            #expect(
                try await command.run("job", "list", "--kind", "weekly", "--text", "ordered", "-o", "name").output
                    == "report\n"
            )
            #expect(
                try await command.run("job", "archive", "report", "--why", "old").output
                    == "job default/report archived\n"
            )
            #expect(try await command.run("job", "list").errors.contains("There are no jobs"))
            #expect(try await command.run("job", "list", "--archived", "-o", "name").output == "report\n")
            let refused = try await command.run("run", "create", "report")
            #expect(refused.status == 65 && refused.errors.contains("slipway job unarchive"))
            #expect(try await command.run("job", "unarchive", "report").status == 0)
        }
    }
}
