import DevStack
import FoundationEssentials
import Glibc
import TestSupport
import Testing

/// The state letter of a process in `/proc`, `nil` when there is none.
func stateOfProcess(_ pid: Int32) -> String? {
    guard let data = FileManager.default.contents(atPath: "/proc/\(pid)/stat") else { return nil }
    let text = String(decoding: data, as: UTF8.self)
    return text.split(separator: ")").last?.split(separator: " ").first.map(String.init)
}

@Suite struct ProcessTests {
    private func start(_ script: String) throws -> ManagedProcess {
        let log = "\(try TestScratch.shared.folder())/log"
        let process = try ManagedProcess(
            ProcessCommand(
                executable: "/bin/sh",
                arguments: ["-c", script],
                environment: ProcessCommand.basicEnvironment
            ),
            name: "sh",
            logFile: log
        )
        TestScratch.shared.adopt(process)
        return process
    }

    @Test(
        "an exit status and a signal are told apart",
        arguments: [("exit 5", "exit status 5"), ("kill -15 $$", "signal 15")]
    )
    func exits(script: String, expected: String) async throws {
        let process = try start(script)
        let exit = try #require(await process.waitForExit(within: .seconds(10)))
        #expect("\(exit)" == expected)
        #expect(!process.isRunning)
    }

    @Test("a process that ignores the signal is ended by force, with everything below it")
    func stubborn() async throws {
        let process = try start("trap '' TERM; setsid sleep 1000 & echo child $!; while :; do sleep 1000; done")
        try await eventually("the child is there") { process.logTail().contains("child") }
        let child = try #require(process.logTail().split(separator: " ").last.flatMap { Int32($0) })
        #expect(await process.stop(grace: .milliseconds(100)) == .signal(SIGKILL))
        try await eventually("the child is gone") { stateOfProcess(child).map { $0 == "Z" } ?? true }
    }

    @Test("it leads its own session, inherits no descriptor and no blocked signal")
    func cleanStart() async throws {
        let leaked = open("/dev/null", O_RDONLY)
        defer { close(leaked) }
        let process = try start("ls /proc/self/fd | wc -l; grep SigBlk /proc/self/status; ps -o sess= -p $$")
        _ = await process.waitForExit(within: .seconds(10))
        let lines = process.logTail().split(separator: "\n").map { $0.filter { !$0.isWhitespace } }
        // The three streams and the one with which the folder is listed.
        #expect(lines == ["4", "SigBlk:0000000000000000", "\(process.pid)"])
    }

    @Test("an identity survives encoding, and does not match another start of the same pid")
    func identity() throws {
        let own = try #require(ProcessIdentity(pid: getpid()))
        #expect(own.isRunning)
        let text = try JSONEncoder().encode(own)
        #expect(try JSONDecoder().decode(ProcessIdentity.self, from: text) == own)
        let other = String(decoding: text, as: UTF8.self).replacing("\(own.startTicks)", with: "1")
        #expect(try JSONDecoder().decode(ProcessIdentity.self, from: Data(other.utf8)).isRunning == false)
        #expect(ProcessIdentity(pid: 0) == nil)
    }

    @Test("when the guard's owner is killed, its processes and folders go")
    func orphans() async throws {
        let folder = try TestScratch.shared.folder()
        let process = try start("sleep 1000")
        var orphans: OrphanGuard? = try OrphanGuard()
        orphans?.kill(process.identity)
        orphans?.remove(folder)
        #expect(process.isRunning)
        orphans = nil
        try await eventually("the process is gone") { !process.isRunning }
        try await eventually("the folder is gone") { !FileManager.default.fileExists(atPath: folder) }
        #expect(process.exit == .signal(SIGKILL))
    }

    @Test("a missing program is an error that names it")
    func missingProgram() {
        let error = #expect(throws: DevStackError.self) {
            try ManagedProcess(ProcessCommand(executable: "/nowhere/program"), name: "x", logFile: "/dev/null")
        }
        #expect(error?.description.contains("/nowhere/program") == true)
    }
}
