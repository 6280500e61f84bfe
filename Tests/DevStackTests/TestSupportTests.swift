import DevStack
import TestSupport
import Testing

/// The tools the other tests stand on.
@Suite struct TestSupportTests {
    @Test("a fresh database is empty, and gone afterwards")
    func freshDatabase() async throws {
        let shell = try PostgresShell(scratch: TestScratch.shared.path)
        let name = try await withFreshDatabase { url in
            try await shell.run("CREATE TABLE things (id int)", url: url)
            #expect(try await shell.run("SELECT count(*) FROM things", url: url) == "0")
            return try PostgresAddress(url).database
        }
        let server = try await TestServers.shared.postgresURL()
        let left = try await shell.run("SELECT 1 FROM pg_database WHERE datname = '\(name)'", url: server)
        #expect(left == "")
    }

    @Test("a failing body still drops its schema, and its own error is reported")
    func freshSchema() async throws {
        struct Failure: Error {}
        let shell = try PostgresShell(scratch: TestScratch.shared.path)
        var name = ""
        await #expect(throws: Failure.self) {
            try await withFreshSchema { _, schema in
                name = schema
                throw Failure()
            }
        }
        let server = try await TestServers.shared.postgresURL()
        let left = try await shell.run("SELECT 1 FROM pg_namespace WHERE nspname = '\(name)'", url: server)
        #expect(left == "")
    }

    @Test("a program's lines are awaited, it is frozen and killed")
    func program() async throws {
        let program = try TestProcess("/bin/sh", ["-c", "echo one; echo two >&2; sleep 1000 & wait"])
        try await program.waitForLine(containing: "two")
        #expect(program.lines == ["one", "two"])
        program.freeze()
        try await eventually("the program is frozen") { stateOfProcess(program.pid) == "T" }
        program.thaw()
        #expect(await program.kill9() == .signal(9))
        #expect(program.isRunning == false)
    }

    @Test("a program that ends early is told from one that is slow")
    func endsEarly() async throws {
        let program = try TestProcess("/bin/sh", ["-c", "echo broken; exit 3"])
        await #expect(throws: NotInTime.self) {
            try await program.waitForLine(containing: "ready", within: .seconds(30))
        }
        #expect(try await program.waitForExit() == .status(3))
    }

    @Test("waiting in vain says for what")
    func inVain() async throws {
        let error = await #expect(throws: NotInTime.self) {
            try await eventually(within: .milliseconds(30), "the moon") { false }
        }
        #expect(try #require(error).description.contains("the moon"))
    }
}
