internal import FoundationEssentials
internal import SlipwayCore

/// Where the assignment comes from.
enum AssignmentSource {
    static let maximumFileBytes = 16 << 20

    static func read(file: String?, environment: [String: String]) throws(AssignmentError) -> RunnerAssignment {
        let text: [UInt8]
        let source: String
        if let file {
            source = file
            guard let content = SmallFile.read(file, limitBytes: maximumFileBytes) else {
                throw AssignmentError(problem: "the file \(file) cannot be read")
            }
            text = content
        } else {
            source = RunnerAssignment.environmentName
            text = try joined(environment)
        }
        do {
            return try check(JSONDecoder().decode(RunnerAssignment.self, from: Data(text)), source: source)
        } catch let error as DecodingError {
            throw AssignmentError(problem: "\(source) is no assignment: \(describe(error))")
        } catch let error as AssignmentError {
            throw error
        } catch {
            throw AssignmentError(problem: "\(source) is no assignment")
        }
    }

    /// The parts in the environment, one behind the other.
    private static func joined(_ environment: [String: String]) throws(AssignmentError) -> [UInt8] {
        let count = environment.keys.count(where: RunnerAssignment.isEnvironmentName)
        guard count > 0 else {
            let name = RunnerAssignment.environmentName
            throw AssignmentError(problem: "\(name) is not set, so there is nothing to do; see slipway-runner --help")
        }
        var text: [UInt8] = []
        for part in 1...count {
            let name = RunnerAssignment.environmentName(part: part)
            guard let value = environment[name] else {
                throw AssignmentError(problem: "\(name) is not set, so a part of the assignment is missing")
            }
            text += value.utf8
        }
        return text
    }

    private static func check(_ assignment: RunnerAssignment, source: String) throws(AssignmentError)
        -> RunnerAssignment
    {
        let limits = assignment.limits
        for (name, value, allowed) in [
            ("log_line_bytes", limits.logLineBytes, 16...(1 << 20)),
            ("log_task_bytes", limits.logTaskBytes, 0...(1 << 40)),
            ("output_bytes", limits.outputBytes, 0...(64 << 20)),
            ("grace_seconds", limits.graceSeconds, 0...86_400),
        ] where !allowed.contains(value) {
            throw AssignmentError(
                problem:
                    "\(source): limits.\(name) is \(value); allowed is \(allowed.lowerBound) to \(allowed.upperBound)"
            )
        }
        guard Set(assignment.tasks.map(\.name)).count == assignment.tasks.count else {
            throw AssignmentError(problem: "\(source): two tasks have the same name")
        }
        return assignment
    }

    /// The member that is wrong, never its value.
    private static func describe(_ error: DecodingError) -> String {
        let (context, problem) =
            switch error {
            case .keyNotFound(let key, let context): (context, "\(key.stringValue) is missing")
            case .typeMismatch(_, let context): (context, "a value has the wrong type")
            case .valueNotFound(_, let context): (context, "a value is null")
            case .dataCorrupted(let context): (context, "a value is malformed")
            @unknown default: (DecodingError.Context(codingPath: [], debugDescription: ""), "it cannot be read")
            }
        let path = context.codingPath.map(\.stringValue).joined(separator: ".")
        return path.isEmpty ? problem : "\(problem) (at \(path))"
    }
}

/// The assignment cannot be used.
struct AssignmentError: Error, CustomStringConvertible {
    let problem: String
    var description: String { problem }
}
