internal import Glibc
internal import Synchronization

/// A process that was started here, or by an earlier call and found again by its identity.
///
/// It leads its own session; ending it ends its whole process group and everything below it.
package final class ManagedProcess: Sendable {
    package enum Exit: Hashable, Sendable, CustomStringConvertible {
        case status(Int32)
        case signal(Int32)
        /// Not a child of this process, or waited for elsewhere: nobody told us.
        case unknown

        package var description: String {
            switch self {
            case .status(let status): "exit status \(status)"
            case .signal(let signal): "signal \(signal)"
            case .unknown: "unknown exit status"
            }
        }
    }

    package let name: String
    package let identity: ProcessIdentity
    /// Where standard output and standard error go.
    package let logFile: String
    private let exitSeen = Mutex<Exit?>(nil)

    /// Starts a process; both output streams are appended to `logFile`.
    package init(_ command: ProcessCommand, name: String, logFile: String) throws(DevStackError) {
        let log = open(logFile, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard log >= 0 else {
            throw DevStackError("cannot write \(logFile): \(String(cString: strerror(errno)))")
        }
        defer { close(log) }
        let pid = try ProcessSpawn.start(command, .init(input: nil, output: log, errors: log))
        guard let identity = ProcessIdentity(pid: pid) else {
            throw DevStackError("\(name) started, but /proc does not show it")
        }
        self.name = name
        self.identity = identity
        self.logFile = logFile
    }

    /// A process that runs already.
    package init(adopting identity: ProcessIdentity, name: String, logFile: String) {
        self.name = name
        self.identity = identity
        self.logFile = logFile
    }

    package var pid: Int32 { identity.pid }

    package var isRunning: Bool { exitSeen.withLock { $0 == nil } && identity.isRunning }

    /// How the process ended; `nil` while it runs.
    package var exit: Exit? {
        exitSeen.withLock { seen in
            if seen == nil, !identity.isRunning { seen = collectExit() }
            return seen
        }
    }

    /// Sends a signal to the process alone. Does nothing once it has ended.
    package func send(_ signal: Int32) {
        exitSeen.withLock { seen in
            if seen == nil, identity.isRunning { Glibc.kill(pid, signal) }
        }
    }

    /// Asks the process to end, and ends it by force when it has not within `grace`.
    @discardableResult
    package func stop(_ signal: Int32 = SIGTERM, grace: Duration) async -> Exit {
        send(signal)
        if let exit = await waitForExit(within: grace) { return exit }
        return await kill()
    }

    /// Ends the process, its group and everything below it at once, and waits until they are gone.
    @discardableResult
    package func kill() async -> Exit {
        let family = isRunning ? ProcessStatus.descendants(of: pid) : []
        exitSeen.withLock { seen in
            guard seen == nil, identity.isRunning else { return }
            Glibc.kill(-pid, SIGKILL)
            Glibc.kill(pid, SIGKILL)
        }
        for descendant in family where descendant.isRunning {
            Glibc.kill(descendant.pid, SIGKILL)
        }
        _ = await Polling.until(within: .seconds(10)) { !family.contains(where: \.isRunning) }
        return await waitForExit(within: .seconds(10)) ?? .unknown
    }

    /// Waits for the process to end.
    ///
    /// - Returns: how it ended, or `nil` if it still runs after `limit`.
    package func waitForExit(within limit: Duration) async -> Exit? {
        _ = await Polling.until(within: limit) { exit != nil }
        return exit
    }

    /// The last lines of the log, to show when something went wrong.
    package func logTail(lines: Int = 20) -> String {
        LogFile.tail(of: logFile, lines: lines)
    }

    /// Called once, when the process has ended: what is left of its group goes too, while the ended process that was
    /// not yet waited for keeps the group's number from being reused.
    private func collectExit() -> Exit {
        guard let status = ProcessStatus(pid: pid), status.startTicks == identity.startTicks, status.parent == getpid()
        else { return .unknown }
        Glibc.kill(-pid, SIGKILL)
        var word: Int32 = 0
        guard waitpid(pid, &word, 0) == pid else { return .unknown }
        let signal = word & 0x7F
        return signal == 0 ? .status((word >> 8) & 0xFF) : .signal(signal)
    }
}
