import DevStack
import FoundationEssentials
import SlipwayCore
import TestSupport

/// The `slipway` program as a person calls it.
struct SlipwayCommand: Sendable {
    /// The API it speaks to.
    let server: String

    /// What a call gave back.
    struct Answer: Sendable {
        /// The exit code; -1 when a signal ended it.
        let status: Int32
        let output: String
        /// Standard error: what is said to a person.
        let notes: String

        /// What it printed with `-o name`.
        var names: [String] { output.split(separator: "\n").map(String.init) }
    }

    /// Calls it and waits for its end.
    func callAsFunction(_ arguments: String..., within limit: Duration = .seconds(60)) async throws -> Answer {
        try await self(arguments, within: limit)
    }

    func callAsFunction(_ arguments: [String], within limit: Duration = .seconds(60)) async throws -> Answer {
        let call = try start(arguments)
        return try await call.answer(within: limit)
    }

    /// Calls it and goes on meanwhile.
    func start(_ arguments: [String]) throws -> Call {
        // Both streams of a test process go into one file; the shell keeps them apart.
        let notes = "\(try TestScratch.shared.folder("notes"))/errors"
        let process = try TestProcess(
            "/bin/sh",
            ["-c", #"exec "$0" "$@" 2>"$NOTES""#, BuiltExecutable.path("slipway")] + arguments,
            environment: ["SLIPWAY_SERVER": server, "NOTES": notes]
        )
        return Call(process: process, notesFile: notes)
    }

    /// A call under way.
    struct Call: Sendable {
        let process: TestProcess
        let notesFile: String

        func answer(within limit: Duration) async throws -> Answer {
            let exit = try await process.waitForExit(within: limit)
            let notes = FileManager.default.contents(atPath: notesFile) ?? Data()
            var status: Int32 = -1
            if case .status(let code) = exit { status = code }
            return Answer(status: status, output: process.output, notes: String(decoding: notes, as: UTF8.self))
        }
    }

    /// Calls it with `-o json`.
    func json(_ arguments: String...) async throws -> JSONValue {
        let answer = try await self(arguments + ["-o", "json"])
        guard answer.status == 0 else {
            throw Unexpected("slipway \(arguments.joined(separator: " ")) ended with \(answer.status): \(answer.notes)")
        }
        return try JSONDecoder().decode(JSONValue.self, from: Data(answer.output.utf8))
    }
}

/// Something went another way than every test takes for granted.
struct Unexpected: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

extension JSONValue {
    /// The members of a list; empty for anything else.
    var elements: [JSONValue] {
        if case .array(let elements) = self { elements } else { [] }
    }

    /// A plain value as text; empty for lists, objects and null.
    var text: String {
        switch self {
        case .string(let text): text
        case .integer(let number): String(number)
        case .number(let number): String(number)
        case .bool(let flag): String(flag)
        case .null, .array, .object: ""
        }
    }

    /// A member's plain value as text; empty if there is none.
    func text(_ member: String) -> String { self[member]?.text ?? "" }
}
