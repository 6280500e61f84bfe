import DevStack
import TestSupport
import Testing

import struct FoundationEssentials.Data
import class FoundationEssentials.FileManager
import class FoundationEssentials.JSONDecoder

/// How a command ended and what it wrote.
struct CommandResult: Sendable {
    var status: Int32
    var output: String
    var errors: String

    var lines: [String] { output.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(String.init) }
}

/// The `slipway` executable as a person or a script calls it.
struct CommandLine: Sendable {
    var environment: [String: String] = [:]

    /// What the person who runs the tests has configured is none of their business.
    private var ownEnvironment: [String: String] {
        ["SLIPWAY_CLIENT_CONFIG": "/dev/null/config.yaml"].merging(environment) { $1 }
    }

    /// Runs it in a pipe.
    func run(_ arguments: String..., input: String = "") async throws -> CommandResult {
        try await run(arguments, input: input)
    }

    func run(_ arguments: [String], input: String = "") async throws -> CommandResult {
        try await start(arguments, input: input).result()
    }

    /// Starts it in a pipe.
    func start(_ arguments: [String], input: String = "") throws -> Running {
        let folder = try TestScratch.shared.folder("command")
        try Data(input.utf8).write(to: .init(filePath: "\(folder)/in"))
        let shell = "cat \(folder)/in | \"$0\" \"$@\" > \(folder)/out 2> \(folder)/err"
        let process = try TestProcess(
            "/bin/sh",
            ["-c", shell, try BuiltExecutable.path("slipway")] + arguments,
            environment: ownEnvironment
        )
        return Running(process: process, folder: folder)
    }

    /// Runs it on a terminal of so many columns; output and errors are one there.
    ///
    /// - Parameter line: what a person types, with the return key after it.
    func runOnTerminal(_ arguments: [String], columns: Int = 80, typing line: String? = nil) async throws
        -> CommandResult
    {
        let folder = try TestScratch.shared.folder("terminal")
        let words = ([try BuiltExecutable.path("slipway")] + arguments).map { "'\($0)'" }.joined(separator: " ")
        let script = "stty cols \(columns); exec \(words)"
        let typed = "printf '%s\\n' \"$2\" | script -qec \"$0\" \"$1\""
        let process = try TestProcess(
            line == nil ? "/usr/bin/script" : "/bin/sh",
            line.map { ["-c", typed, script, "\(folder)/out", $0] } ?? ["-qec", script, "\(folder)/out"],
            environment: ownEnvironment.merging(["TERM": "xterm"]) { $1 }
        )
        guard case .status(let status) = try await process.waitForExit(within: .seconds(60)) else {
            throw EndedBySignal(description: "the terminal was ended by a signal")
        }
        return CommandResult(status: status, output: try Running.read("\(folder)/out"), errors: "")
    }

    struct Running: Sendable {
        let process: TestProcess
        let folder: String

        func result() async throws -> CommandResult {
            guard case .status(let status) = try await process.waitForExit(within: .seconds(60)) else {
                throw EndedBySignal(description: "the command was ended by a signal")
            }
            return CommandResult(
                status: status,
                output: try Self.read("\(folder)/out"),
                errors: try Self.read("\(folder)/err")
            )
        }

        /// What it wrote so far.
        var output: String {
            get throws { try Self.read("\(folder)/out") }
        }

        static func read(_ path: String) throws -> String {
            guard let data = FileManager.default.contents(atPath: path) else { return "" }
            return String(decoding: data, as: UTF8.self)
        }
    }
}

/// A command did not end by itself.
struct EndedBySignal: Error {
    let description: String
}
