/// The variables a run executes with: the job's defaults, overridden by what the run was given.
package enum RunVariables {
    /// Checks overrides against the job's declarations and fills in the defaults.
    ///
    /// Text such as `5`, `1.5`, `true` is accepted for the types integer, number and boolean, as the command line gives
    /// it; the result has the declared type. Dates stay text, `2026-01-31`.
    ///
    /// - Throws: all mistakes: unknown names, values of another type, required variables without a value, too much.
    package static func resolve(
        _ spec: JobSpec,
        overrides: [String: JSONValue]
    ) throws(RunVariableErrors) -> [String: JSONValue] {
        var errors: [RunVariableError] = []
        var values: [String: JSONValue] = [:]
        for name in overrides.keys.sorted() where spec.variables[name] == nil {
            errors.append(unknown(name, in: spec))
        }
        for (name, variable) in spec.variables.sorted(by: { $0.key < $1.key }) {
            guard let given = overrides[name] ?? variable.default else {
                errors.append(RunVariableError(name: name, message: "is required: the job gives it no default"))
                continue
            }
            if let value = variable.type.value(of: given) {
                values[name] = value
            } else {
                errors.append(RunVariableError(name: name, message: "must be \(variable.type.allowed)"))
            }
        }
        if errors.isEmpty, let excess = excess(of: values) { errors.append(excess) }
        guard errors.isEmpty else { throw RunVariableErrors(errors: errors) }
        return values
    }

    private static func unknown(_ name: String, in spec: JobSpec) -> RunVariableError {
        let known = spec.variables.keys.sorted()
        let nearest = NearestName.of(name, among: known)
        let shown = String(name.prefix(JobLimits.standard.errorValueCharacters))
        return RunVariableError(name: shown, message: "is not a variable of the job", nearest: nearest)
    }

    private static func excess(of values: [String: JSONValue]) -> RunVariableError? {
        let limit = JobLimits.standard.variablesBytes
        let size = JSONValue.object(values).canonicalText.utf8.count
        guard size > limit else { return nil }
        let largest = values.max { $0.value.canonicalText.utf8.count < $1.value.canonicalText.utf8.count }
        let message = "makes the run's variables \(size) bytes; \(limit) are allowed for all of them"
        return RunVariableError(name: largest?.key ?? "", message: message)
    }
}

/// Everything that is wrong with a run's variables.
package struct RunVariableErrors: Error, Sendable, Hashable, CustomStringConvertible {
    package var errors: [RunVariableError]

    /// One line a mistake. Values are not repeated: they may be confidential.
    package var description: String { errors.map(\.description).joined(separator: "\n") }
}

/// What is wrong with one variable.
package struct RunVariableError: Error, Sendable, Hashable, CustomStringConvertible {
    package var name: String
    package var message: String
    /// For an unknown name: the known one that was probably meant.
    package var nearest: String?

    package var description: String {
        "variables.\(name) \(message)" + (nearest.map { "; did you mean \"\($0)\"?" } ?? "")
    }
}

extension JobSpec.VariableType {
    /// The value as this type, or `nil` if it is not one.
    func value(of given: JSONValue) -> JSONValue? {
        switch self {
        case .string: given.string.flatMap { $0.utf8.contains(0) ? nil : .string($0) }
        case .integer: Self.integer(given)
        case .number: Self.number(given)
        case .boolean: Self.boolean(given)
        case .date: given.string.flatMap { CalendarDate.isValid($0) ? .string($0) : nil }
        case .secret: Self.secret(given)
        }
    }

    /// For "must be …".
    var allowed: String {
        switch self {
        case .string: "a string"
        case .integer: "a whole number of at most 64 bits"
        case .number: "a number"
        case .boolean: "true or false"
        case .date: "a date such as 2026-01-31"
        case .secret: "a reference {secret: name, key: key}, or secret/key as text; never the value itself"
        }
    }

    private static func integer(_ given: JSONValue) -> JSONValue? {
        switch given {
        case .integer: given
        case .number(let value): Int64(exactly: value).map(JSONValue.integer)
        case .string(let text): Int64(text).map(JSONValue.integer)
        default: nil
        }
    }

    private static func number(_ given: JSONValue) -> JSONValue? {
        let value: Double? =
            switch given {
            case .integer(let value): Double(value)
            case .number(let value): value
            case .string(let text): PlainScalar.number(text)
            default: nil
            }
        return value.flatMap { $0.isFinite ? .number($0) : nil }
    }

    private static func secret(_ given: JSONValue) -> JSONValue? {
        let words: [String?] =
            switch given {
            case .object(let members) where Set(members.keys) == ["secret", "key"]:
                [members["secret"]?.string, members["key"]?.string]
            case .string(let text): text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
            default: []
            }
        guard words.count == 2, let name = words[0], let key = words[1], JobNameRule.objectName.isValid(name),
            JobNameRule.objectKey.isValid(key)
        else { return nil }
        return .object(["secret": .string(name), "key": .string(key)])
    }

    private static func boolean(_ given: JSONValue) -> JSONValue? {
        switch given {
        case .bool: given
        case .string("true"): .bool(true)
        case .string("false"): .bool(false)
        default: nil
        }
    }
}
