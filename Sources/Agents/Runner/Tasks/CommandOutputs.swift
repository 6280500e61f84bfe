internal import SlipwayCore

/// What a command wrote to the file that `SLIPWAY_OUTPUT` names: a JSON object, or `name=value` lines.
enum CommandOutputs {
    static let maximumCount = 100

    struct Outcome: Hashable {
        var outputs: [TaskOutput] = []
        /// What could not be used, for the person who wrote the command.
        var problems: [String] = []
    }

    static func read(_ content: [UInt8], task: String) -> Outcome {
        let text = String(decoding: content, as: UTF8.self)
        let isObject = text.first { !$0.isWhitespace } == "{"
        var outcome = isObject ? members(of: content, task: task) : lines(of: text, task: task)
        if outcome.outputs.count > maximumCount {
            outcome.problems.append("\(outcome.outputs.count) outputs were written; only \(maximumCount) are kept")
            outcome.outputs.removeLast(outcome.outputs.count - maximumCount)
        }
        return outcome
    }

    private static func members(of content: [UInt8], task: String) -> Outcome {
        var outcome = Outcome()
        do {
            guard case .object(let members) = try JSONParser.parse(content[...]) else { return outcome }
            for (name, value) in members.sorted(by: { $0.key < $1.key }) {
                if let output = output(name, value, task: task) {
                    outcome.outputs.append(output)
                } else {
                    outcome.problems.append(problem(withName: name))
                }
            }
        } catch {
            outcome.problems.append("SLIPWAY_OUTPUT begins with { but is not JSON: \(error)")
        }
        return outcome
    }

    /// A later value of the same name replaces the earlier.
    private static func lines(of text: String, task: String) -> Outcome {
        var outcome = Outcome()
        var positions: [String: Int] = [:]
        for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
            if line.allSatisfy(\.isWhitespace) { continue }
            guard let equals = line.firstIndex(of: "=") else {
                outcome.problems.append("line \(index + 1) of SLIPWAY_OUTPUT has no \"=\"; write name=value")
                continue
            }
            let name = String(line[..<equals])
            guard isName(name) else {
                outcome.problems.append(problem(withName: name))
                continue
            }
            let value = JSONValue.string(String(line[line.index(after: equals)...]))
            if let position = positions[name] {
                outcome.outputs[position].value = value
            } else {
                positions[name] = outcome.outputs.count
                outcome.outputs.append(TaskOutput(task: task, name: name, kind: .text, value: value))
            }
        }
        return outcome
    }

    private static func output(_ name: String, _ value: JSONValue, task: String) -> TaskOutput? {
        guard isName(name) else { return nil }
        return TaskOutput(task: task, name: name, kind: value.string == nil ? .scalar : .text, value: value)
    }

    private static func problem(withName name: String) -> String {
        "\"\(UTF8Text.prefix(of: name, bytes: 80))\" cannot name an output: 1 to 63 letters, digits, \"_\", \"-\" or \".\""
    }

    static func isName(_ name: String) -> Bool {
        (1...63).contains(name.utf8.count)
            && name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "_-.".contains($0)) }
    }
}
