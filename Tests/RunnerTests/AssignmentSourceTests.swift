import Foundation
import SlipwayCore
import Testing

@testable import Runner

@Suite("Assignment source")
struct AssignmentSourceTests {
    private static func assignment(tasks: [TaskSpec]) -> RunnerAssignment {
        RunnerAssignment(
            runID: RunID(high: 0x7000, low: 1 << 63),
            placement: 1,
            job: "large",
            tasks: tasks,
            variables: [:],
            sailAddress: nil
        )
    }

    private static let small = assignment(
        tasks: (0..<20).map { TaskSpec(name: "t\($0)", action: .command(["true"])) }
    )

    private static func environment(_ assignment: RunnerAssignment, partBytes: Int) throws -> [String: String] {
        let bytes = [UInt8](try JSONEncoder().encode(assignment))
        var environment = ["PATH": "/usr/bin"]
        for (index, start) in stride(from: 0, to: bytes.count, by: partBytes).enumerated() {
            let part = bytes[start..<min(start + partBytes, bytes.count)]
            environment[RunnerAssignment.environmentName(part: index + 1)] = String(decoding: part, as: UTF8.self)
        }
        return environment
    }

    @Test("joins as many parts as there are", arguments: [40, 500, 1_000_000])
    func joins(partBytes: Int) throws {
        let environment = try Self.environment(Self.small, partBytes: partBytes)
        #expect(try AssignmentSource.read(file: nil, environment: environment) == Self.small)
    }

    @Test(
        "says which part is missing",
        arguments: ["SLIPWAY_ASSIGNMENT", "SLIPWAY_ASSIGNMENT_2", "SLIPWAY_ASSIGNMENT_3"]
    )
    func missing(name: String) throws {
        var environment = try Self.environment(Self.small, partBytes: 500)
        environment[name] = nil
        let error = #expect(throws: AssignmentError.self) {
            try AssignmentSource.read(file: nil, environment: environment)
        }
        #expect(error?.problem == "\(name) is not set, so a part of the assignment is missing")
    }

    @Test("a real runner takes an assignment of 900 kB from its environment, and its tasks see none of it")
    func real() throws {
        let filler = String(repeating: "é$", count: 15_000)
        let tasks = (0..<20).map { index in
            TaskSpec(
                name: "t\(index)",
                action: .command(["/bin/sh", "-c", "env | grep -c SLIPWAY_ASSIGNMENT; true", filler])
            )
        }
        let assignment = Self.assignment(tasks: tasks)
        #expect(try JSONEncoder().encode(assignment).count > 900_000)
        let outcome = try RunnerUnderTest(assignment).outcome()
        #expect(outcome.exitCode == 0, "\(outcome.standardError)")
        #expect(outcome.log(of: "t0") == ["0"] && outcome.log(of: "t19") == ["0"])
    }
}
