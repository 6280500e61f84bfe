/// The variables a run executes with, each with where its value comes from.
package struct RunVariables: Sendable, Hashable {
    /// The value of every variable that the job declares, of the declared type; of a secret its reference.
    package var values: [String: JSONValue]
    /// Has the same names; those of runs that an earlier version stored may be missing.
    package var origins: [String: VariableOrigin]

    package init(values: [String: JSONValue], origins: [String: VariableOrigin]) {
        self.values = values
        self.origins = origins
    }

    /// Checks what was given against the job's declarations and fills in the defaults.
    ///
    /// Text such as `5`, `1.5`, `true` is accepted for the types integer, number and boolean, as the command line gives
    /// it; the result has the declared type. Dates stay text, `2026-01-31`. A secret is `name/key` or a reference.
    ///
    /// - Parameters:
    ///   - trigger: wins over the job's defaults.
    ///   - run: wins over both.
    /// - Throws: all mistakes: unknown names, values of another type, required variables without a value, too much.
    package static func resolve(
        _ spec: JobSpec,
        trigger: [String: JSONValue] = [:],
        run: [String: JSONValue] = [:]
    ) throws(RunVariableErrors) -> RunVariables {
        var errors: [RunVariableError] = []
        var variables = RunVariables(values: [:], origins: [:])
        for name in Set(trigger.keys).union(run.keys).sorted() where spec.variables[name] == nil {
            errors.append(unknown(name, in: spec))
        }
        for (name, variable) in spec.variables.sorted(by: { $0.key < $1.key }) {
            let layers = [(VariableOrigin.run, run[name]), (.trigger, trigger[name]), (.job, variable.default)]
            guard let (origin, given) = layers.first(where: { $0.1 != nil }), let given else {
                errors.append(RunVariableError(name: name, message: "is required: the job gives it no default"))
                continue
            }
            if let value = variable.type.value(of: given) {
                variables.values[name] = value
                variables.origins[name] = origin
            } else {
                errors.append(RunVariableError(name: name, message: "must be \(variable.type.allowed)"))
            }
        }
        if errors.isEmpty, let excess = excess(of: variables.values) { errors.append(excess) }
        guard errors.isEmpty else { throw RunVariableErrors(errors: errors) }
        return variables
    }

    /// The variables of a run that follows the one with these, with changes or with another version of the job.
    ///
    /// Values are kept as far as the version declares the variable. One that the job's default gave is the run's own if
    /// the version's default is another.
    ///
    /// - Parameter changes: `null` takes the version's default.
    package func changed(
        by changes: [String: JSONValue],
        for spec: JobSpec
    ) throws(RunVariableErrors) -> RunVariables {
        var trigger: [String: JSONValue] = [:]
        var run = changes.filter { $0.value != .null }
        for (name, value) in values where changes[name] == nil {
            guard let variable = spec.variables[name] else { continue }
            switch origins[name] {
            case .trigger: trigger[name] = value
            case .run: run[name] = value
            case .job, nil:
                let standard = variable.default.flatMap(variable.type.value)
                if standard == nil || standard != variable.type.value(of: value) { run[name] = value }
            }
        }
        return try Self.resolve(spec, trigger: trigger, run: run)
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

/// Where a run's value of a variable comes from.
package enum VariableOrigin: String, Sendable, Hashable, Codable, CaseIterable {
    /// The job's default.
    case job
    /// What creates runs by itself, such as a schedule.
    case trigger
    /// Whoever asked for the run.
    case run
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
        case .secret: SecretReference(given)?.value
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

    private static func boolean(_ given: JSONValue) -> JSONValue? {
        switch given {
        case .bool: given
        case .string("true"): .bool(true)
        case .string("false"): .bool(false)
        default: nil
        }
    }
}
