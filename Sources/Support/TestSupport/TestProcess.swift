package import DevStack
internal import FoundationEssentials
internal import Glibc

/// A program under test: its lines can be awaited, and it can be frozen, thawed and killed. It ends with the tests.
package final class TestProcess: Sendable {
    private let process: ManagedProcess

    /// - Parameters:
    ///   - executable: a path, for example from `BuiltExecutable`.
    ///   - environment: added to a basic one; nothing is inherited.
    package init(
        _ executable: String,
        _ arguments: [String] = [],
        environment: [String: String] = [:],
        workingDirectory: String? = nil
    ) throws {
        let name = executable.split(separator: "/").last.map(String.init) ?? executable
        let command = ProcessCommand(
            executable: executable,
            arguments: arguments,
            environment: ProcessCommand.basicEnvironment.merging(environment) { $1 },
            workingDirectory: workingDirectory
        )
        let log = "\(try TestScratch.shared.folder(name))/output.log"
        process = try ManagedProcess(command, name: name, logFile: log)
        TestScratch.shared.adopt(process)
    }

    package var pid: Int32 { process.pid }
    package var isRunning: Bool { process.isRunning }

    /// How the program ended; `nil` while it runs.
    package var exit: ManagedProcess.Exit? { process.exit }

    /// Everything written so far, standard output and errors in the order they came.
    package var output: String {
        var position = 0
        return String(decoding: LogFile.read(process.logFile, from: &position), as: UTF8.self)
    }

    /// The complete lines written so far.
    package var lines: [String] {
        output.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(String.init)
    }

    /// Waits for a line that contains `text`.
    ///
    /// - Throws: `NotInTime` with the end of the output when it does not come or the program ends before.
    @discardableResult
    package func waitForLine(containing text: String, within limit: Duration = .seconds(30)) async throws -> String {
        var found: String?
        _ = await Polling.until(within: limit) {
            let hasEnded = !process.isRunning
            found = lines.first { $0.contains(text) }
            return found != nil || hasEnded
        }
        guard let found else {
            throw NotInTime(
                description: "no line with \"\(text)\" from \(process.name):\n\(process.logTail(lines: 30))"
            )
        }
        return found
    }

    /// Waits for the program to end by itself.
    package func waitForExit(within limit: Duration = .seconds(30)) async throws -> ManagedProcess.Exit {
        guard let exit = await process.waitForExit(within: limit) else {
            throw NotInTime(description: "\(process.name) still runs after \(limit):\n\(process.logTail(lines: 30))")
        }
        return exit
    }

    /// Sends a signal to the program.
    package func send(_ signal: Int32) { process.send(signal) }

    /// Freezes the program, as a long garbage collection or a suspended machine would.
    package func freeze() { process.send(SIGSTOP) }
    package func thaw() { process.send(SIGCONT) }

    /// Ends the program at once, with all it started.
    @discardableResult
    package func kill9() async -> ManagedProcess.Exit { await process.kill() }

    /// Asks the program to end, and forces it after `grace`.
    @discardableResult
    package func stop(grace: Duration = .seconds(20)) async -> ManagedProcess.Exit {
        await process.stop(grace: grace)
    }
}
