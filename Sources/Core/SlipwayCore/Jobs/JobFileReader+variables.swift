internal import Yams

extension JobFileReader {
    mutating func variables(_ field: JobFileField) -> [String: JobSpec.Variable] {
        var variables: [String: JobSpec.Variable] = [:]
        for (name, value) in entries(of: field, maximum: limits.variables, keys: .variableName) {
            variables[name] = variable(value.confidential)
        }
        return variables
    }

    private mutating func variable(_ field: JobFileField) -> JobSpec.Variable? {
        if case .scalar(let scalar) = field.node {
            guard !field.isNull else {
                fail(field, "must be a default or a mapping with type; {type: string} makes it required")
                return nil
            }
            let value = Self.value(of: scalar)
            guard text(field) != nil else { return nil }
            return JobSpec.Variable(type: Self.type(of: scalar, value), default: value)
        }
        if Self.isReference(field.node) {
            return defaultValue(field, .secret).map { JobSpec.Variable(type: .secret, default: $0) }
        }
        guard let members = members(of: field, known: ["type", "default", "description"]) else { return nil }
        let type = members["type"].map { choice($0, as: JobSpec.VariableType.self) } ?? .string
        let description = members["description"].flatMap {
            text($0, maximumCharacters: limits.descriptionCharacters)
        }
        guard let type else { return nil }
        let fallback = members["default"].flatMap { defaultValue($0, type) }
        return JobSpec.Variable(type: type, default: fallback, description: description)
    }

    private mutating func defaultValue(_ field: JobFileField, _ type: JobSpec.VariableType) -> JSONValue? {
        if type == .secret { return secret(field) }
        guard case .scalar(let scalar) = field.node else {
            fail(field, "must be \(type.allowed)")
            return nil
        }
        // A text variable takes the word as it is written; a quoted word is a text and nothing else.
        let given: JSONValue = type == .string ? .string(scalar.string) : Self.value(of: scalar)
        let isQuotedNumber = scalar.style != .plain && (type == .integer || type == .number || type == .boolean)
        guard !isQuotedNumber, let value = type.value(of: given) else {
            fail(field, "must be \(type.allowed)\(isQuotedNumber ? ", not quoted" : "")")
            return nil
        }
        return value
    }

    /// Whether it has the form in which the environment refers to a secret too.
    private static func isReference(_ node: Node) -> Bool {
        guard case .mapping(let mapping) = node else { return false }
        return mapping.contains { $0.key.string == "secret" }
    }

    private mutating func secret(_ field: JobFileField) -> JSONValue? {
        var given: JSONValue?
        switch field.node {
        case .scalar(let scalar): given = .string(scalar.string)
        case .mapping:
            guard let members = members(of: field, known: ["secret", "key"], required: ["secret", "key"]) else {
                return nil
            }
            given = .object(members.compactMapValues { $0.node.string.map(JSONValue.string) })
        default: break
        }
        guard let reference = given.flatMap(SecretReference.init) else {
            fail(field, "must be \(JobSpec.VariableType.secret.allowed)")
            return nil
        }
        return reference.value
    }

    /// What a scalar is: only an unquoted one may be a number or a boolean.
    private static func value(of scalar: Node.Scalar) -> JSONValue {
        let text = scalar.string
        guard scalar.style == .plain else { return .string(text) }
        if let value = PlainScalar.boolean(text) { return .bool(value) }
        if let value = PlainScalar.integer(text) { return .integer(value) }
        if let value = PlainScalar.number(text) { return .number(value) }
        return .string(text)
    }

    private static func type(of scalar: Node.Scalar, _ value: JSONValue) -> JobSpec.VariableType {
        switch value {
        case .bool: .boolean
        case .integer: .integer
        case .number: .number
        default: scalar.style == .plain && CalendarDate.isValid(scalar.string) ? .date : .string
        }
    }
}
