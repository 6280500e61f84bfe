internal import FoundationEssentials

/// Runs short commands to their end.
package enum ProcessOutput {
    /// Runs a command and returns what it printed, standard output and errors together.
    ///
    /// - Parameter scratch: a folder for the output file.
    /// - Throws: `DevStackError` with the end of the output when the command fails or takes longer than `limit`.
    @discardableResult
    package static func of(
        _ command: ProcessCommand,
        name: String,
        scratch: String,
        limit: Duration
    ) async throws -> String {
        let file = "\(scratch)/\(name)-\(UInt32.random(in: 0 ... .max)).out"
        // why: it is only the scratch file that would remain.
        defer { try? FileManager.default.removeItem(atPath: file) }
        let process = try ManagedProcess(command, name: name, logFile: file)
        let exit = await process.waitForExit(within: limit)
        if exit == nil { await process.kill() }
        let output = SmallFile.read(file) ?? ""
        guard exit == .status(0) else {
            let ending = exit.map { "failed with \($0)" } ?? "did not end within \(limit)"
            let tail = output.split(separator: "\n").suffix(12).joined(separator: "\n")
            throw DevStackError("\(name) \(ending)\(tail.isEmpty ? "" : ":\n\(tail)")")
        }
        return output
    }
}
