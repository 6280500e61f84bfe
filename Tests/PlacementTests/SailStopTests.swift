import Foundation
import Testing

@testable import Placement

/// Runs the sidecar's script with a stand-in for Sail, once for each way in which Sail meets a signal.
@Suite struct SailStopTests {
    @Test func aStopAskedForEndsSailByInterruptAndIsNoFailure() throws {
        let sail = try StandInSail("$SIG{INT} = sub { print \"interrupted\\n\"; exit 130 };", "sleep 60;")
        #expect(try sail.stop(by: SIGTERM) == 0)
        #expect(sail.output.contains("interrupted"))
    }

    @Test func anInterruptIsPassedOnAsWell() throws {
        let sail = try StandInSail("$SIG{INT} = sub { print \"interrupted\\n\"; exit 130 };", "sleep 60;")
        #expect(try sail.stop(by: SIGINT) == 0)
        #expect(sail.output.contains("interrupted"))
    }

    @Test func aSailThatWaitsForItsQueriesIsKilledWithinTwoSeconds() throws {
        let sail = try StandInSail("$SIG{INT} = 'IGNORE';", "sleep 60;")
        let start = ContinuousClock.now
        #expect(try sail.stop(by: SIGTERM) == 0)
        #expect(ContinuousClock.now - start < .seconds(4))
        #expect(!sail.isSailAlive)
    }

    @Test func aCrashKeepsItsCode() throws {
        let sail = try StandInSail("", "exit 42;")
        #expect(sail.waitForEnd() == 42)
    }

    @Test func confidentialValuesAreMaskedInWhatSailWrites() throws {
        let sail = try StandInSail(
            "$SIG{INT} = sub { print STDERR \"begin middle-line of a\\n\"; print \"last own/v.*[a]\\n\"; exit 130 };",
            "sleep 60;",
            environment: [
                "A": "own/v.*[a]", "B": "first line\n  middle-line\nof", "C": "middle-line of a", "D": "not named",
                "SLIPWAY_CONFIDENTIAL": "A B C GONE",
            ]
        )
        #expect(try sail.stop(by: SIGTERM) == 0)
        #expect(sail.output.contains("begin ***\n") && sail.output.contains("last ***\n"), "\(sail.output)")
    }

    @Test func aCrashKeepsItsCodeAndItsLastWordsThroughTheFilter() throws {
        let environment = ["A": "a secret", "SLIPWAY_CONFIDENTIAL": "A"]
        let sail = try StandInSail("", "print \"it is a secret\"; exit 42;", environment: environment)
        #expect(sail.waitForEnd() == 42)
        #expect(sail.output.contains("it is ***"))
    }

    @Test func theScriptHoldsNothingThatKubernetesWouldExpand() {
        #expect(!SailContainer.script.contains("$(") && !SailContainer.script.contains("$$"))
    }

    @Test func sailListensOnThePodsAddress() throws {
        let sail = try StandInSail("", "exit 0;")
        #expect(sail.waitForEnd() == 0)
        #expect(sail.output.contains("spark server --ip 127.1.2.3 --port 50051"))
    }
}

/// A shell running the script, with a program called `sail` first on its path. The stand-in is no shell script: those
/// cannot catch a signal that was ignored when they began, which Sail can.
private final class StandInSail {
    private let process = Process()
    private let folder: URL
    private let pipe = Pipe()
    private(set) var output = ""
    private var sailID: pid_t = 0

    /// - Parameters:
    ///   - preparation: what it does before it says that it runs.
    ///   - behaviour: what it does then.
    init(_ preparation: String, _ behaviour: String, environment: [String: String] = [:]) throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "sail-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let program = "#!/usr/bin/perl\n$| = 1;\n\(preparation)\nprint \"$$ @ARGV\\n\";\n\(behaviour)\n"
        let path = folder.appending(path: "sail")
        try Data(program.utf8).write(to: path)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path.path)
        process.executableURL = URL(filePath: "/bin/sh")
        process.arguments = ["-c", SailContainer.script]
        process.environment = environment.merging(
            ["PATH": "\(folder.path):/usr/bin:/bin", "SLIPWAY_POD_IP": "127.1.2.3", "TMPDIR": folder.path]
        ) { _, own in own }
        process.standardOutput = pipe
        try Self.withSignalsUnblocked { try process.run() }
        // The first line says that the stand-in is prepared.
        while !output.contains("\n"), let byte = try pipe.fileHandleForReading.read(upToCount: 1), !byte.isEmpty {
            output += String(decoding: byte, as: UTF8.self)
        }
        sailID = output.split(separator: " ").first.flatMap { pid_t($0) } ?? 0
    }

    deinit {
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
        if isSailAlive { kill(sailID, SIGKILL) }
        try? FileManager.default.removeItem(at: folder)  // why: a leftover folder harms nobody
    }

    /// Threads of the task pool block most signals, and children inherit that; a container's first process does not.
    private static func withSignalsUnblocked(_ body: () throws -> Void) rethrows {
        var none = sigset_t()
        var before = sigset_t()
        sigemptyset(&none)
        pthread_sigmask(SIG_SETMASK, &none, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        try body()
    }

    var isSailAlive: Bool { sailID > 0 && kill(sailID, 0) == 0 }

    func stop(by signal: Int32) throws -> Int32 {
        try #require(isSailAlive)
        kill(process.processIdentifier, signal)
        return waitForEnd()
    }

    /// The exit code; -1 if it has not ended after ten seconds.
    func waitForEnd() -> Int32 {
        let deadline = ContinuousClock.now + .seconds(10)
        while process.isRunning {
            guard ContinuousClock.now < deadline else { return -1 }
            usleep(10_000)
        }
        if let rest = try? pipe.fileHandleForReading.readToEnd() {  // why: output already read is enough then
            output += String(decoding: rest, as: UTF8.self)
        }
        return process.terminationStatus
    }
}
