import RunStore
import SlipwayCore
import TestSupport
import Testing

import struct FoundationEssentials.Data
import class FoundationEssentials.FileManager

/// Files beside a job file, and variables that are secrets.
@Suite struct JobSourceTests {
    private static let jobFile = """
        name: report
        engine: none
        variables:
          token: {type: secret}
          country: NL
        tasks:
          - name: load
            sql: {file: queries/load.sql}
        """

    /// A job file with files beside it, by their paths.
    private static func folder(_ files: [String: String], job: String = jobFile) throws -> String {
        let folder = try TestScratch.shared.folder("job")
        for (path, text) in files.merging(["report.yaml": job], uniquingKeysWith: { $1 }) {
            if let slash = path.lastIndex(of: "/") {
                try FileManager.default.createDirectory(
                    atPath: "\(folder)/\(path[..<slash])",
                    withIntermediateDirectories: true
                )
            }
            try Data(text.utf8).write(to: .init(filePath: "\(folder)/\(path)"))
        }
        return folder
    }

    @Test("the text of a file beside the job file is stored with the job, and a change of it is a new version")
    func inlined() async throws {
        try await CommandLineFixture.with { fixture in
            let query = "SELECT 'a: b', \"ü\" -- # \\n\n"
            let folder = try Self.folder(["queries/load.sql": query])
            let first = try await fixture.command.run("job", "apply", "\(folder)/report.yaml")
            #expect(first.output == "job default/report created, version 1\n", "\(first.errors)")
            let job = try #require(try await fixture.store.job(team: "default", name: "report"))
            #expect(job.spec.tasks[0].action == .sql(.text(query)))
            let again = try await fixture.command.run("job", "apply", "\(folder)/report.yaml")
            #expect(again.output == "job default/report unchanged, version 1\n")
            try Data("SELECT 2".utf8).write(to: .init(filePath: "\(folder)/queries/load.sql"))
            let changed = try await fixture.command.run("job", "apply", "\(folder)/report.yaml")
            #expect(changed.output == "job default/report updated, version 2\n")
        }
    }

    @Test("what cannot be taken is told with the job file's line and the path")
    func refused() async throws {
        try await CommandLineFixture.with { fixture in
            let outside = try Self.folder(["secret.sql": "SELECT 'outside'"])
            let folder = try Self.folder(["queries/binary": "", "queries/blank.sql": " \n"])
            try Data([0x53, 0xFF, 0xFE]).write(to: .init(filePath: "\(folder)/queries/binary"))
            try FileManager.default.createSymbolicLink(
                atPath: "\(folder)/queries/link.sql",
                withDestinationPath: "\(outside)/secret.sql"
            )
            try FileManager.default.createSymbolicLink(
                atPath: "\(folder)/inside.sql",
                withDestinationPath: "queries/blank.sql"
            )
            for (path, expected) in [
                ("queries/load.sql", "does not exist beside the job file"), ("queries", "is not a regular file"),
                ("../secret.sql", "must be a path below the folder of the job file"),
                ("queries/link.sql", "leads out of the folder of the job file"),
                ("queries/binary", "is not UTF-8 text"), ("inside.sql", "holds no text"),
            ] {
                let text = Self.jobFile.replacing("queries/load.sql", with: path)
                try Data(text.utf8).write(to: .init(filePath: "\(folder)/report.yaml"))
                let result = try await fixture.command.run("job", "apply", "\(folder)/report.yaml")
                #expect(result.status == 65 && result.output.isEmpty)
                let place = "\(folder)/report.yaml: line 8, column 17: tasks[0].sql.file is \"\(path)\" and \(expected)"
                #expect(result.errors.contains(place), "\(result.errors)")
                #expect(!result.errors.contains("outside'"))
            }
            let piped = try await fixture.command.run("job", "apply", "-", input: Self.jobFile)
            #expect(piped.status == 65 && piped.errors.contains("standard input: line 8, column 17: tasks[0].sql.file"))
            #expect(piped.errors.contains("comes from standard input has no folder"))
        }
    }

    @Test("a secret is given, shown and looked for by its name and key")
    func secrets() async throws {
        try await CommandLineFixture.with { fixture in
            let folder = try Self.folder(["queries/load.sql": "SELECT 1"])
            _ = try await fixture.command.run("job", "apply", "\(folder)/report.yaml")
            let missing = try await fixture.command.run("run", "create", "report")
            #expect(missing.status == 65 && missing.errors.contains("token is required"))
            let wrong = try await fixture.command.run("run", "create", "report", "--variable", "token=hunter2")
            #expect(wrong.status == 65 && wrong.errors.contains("secret/key") && !wrong.errors.contains("hunter2"))
            let form = try await fixture.command.run("run", "create", "report", "--variable", "hunter2")
            #expect(form.status == 64 && !form.errors.contains("hunter2"), "\(form.errors)")
            let id = try await fixture.createRun("--variable", "token=vault/api-key")
            let shown = try await fixture.command.run("run", "show", id.description)
            let table = shown.lines.map { $0.split(separator: " ").map(String.init) }
            #expect(table.contains(["token", "vault/api-key", "run"]) && table.contains(["country", "NL", "job"]))
            let other = try await fixture.createRun("--variable", "token=vault/other")
            let found = try await fixture.command.run("run", "list", "--variable", "token=vault/other", "-o", "name")
            #expect(found.lines == [other.description], "\(found.errors)")
        }
    }
}
