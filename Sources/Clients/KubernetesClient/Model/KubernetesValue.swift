/// Any JSON value, for the parts of a manifest that are passed on without being understood.
package enum KubernetesValue: Codable, Hashable, Sendable {
    case null
    case bool(Bool)
    case integer(Int64)
    case number(Double)
    case string(String)
    case array([KubernetesValue])
    case object([String: KubernetesValue])

    /// Decodes whatever stands there.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        // A failed attempt costs far more than a successful one, so the commonest shapes come first; the last attempt
        // throws for all of them.
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(String.self) {  // why: a shape test
            self = .string(value)
        } else if let value = try? container.decode([String: KubernetesValue].self) {  // why: a shape test
            self = .object(value)
        } else if let value = try? container.decode([KubernetesValue].self) {  // why: a shape test
            self = .array(value)
        } else if let value = try? container.decode(Bool.self) {  // why: a shape test
            self = .bool(value)
        } else if let value = try? container.decode(Int64.self) {  // why: a shape test
            self = .integer(value)
        } else {
            self = .number(try container.decode(Double.self))
        }
    }

    /// Encodes the bare value.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .null: try container.encodeNil()
        case .bool(let value): try container.encode(value)
        case .integer(let value): try container.encode(value)
        case .number(let value): try container.encode(value)
        case .string(let value): try container.encode(value)
        case .array(let value): try container.encode(value)
        case .object(let value): try container.encode(value)
        }
    }
}

extension KubernetesValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral, ExpressibleByNilLiteral
{
    package init(stringLiteral value: String) { self = .string(value) }
    package init(integerLiteral value: Int64) { self = .integer(value) }
    package init(booleanLiteral value: Bool) { self = .bool(value) }
    package init(nilLiteral: ()) { self = .null }
    package init(arrayLiteral elements: KubernetesValue...) { self = .array(elements) }
    package init(dictionaryLiteral elements: (String, KubernetesValue)...) {
        self = .object(Dictionary(elements) { _, last in last })
    }
}

/// A port by number or by the name of a container's port.
package enum IntOrString: Codable, Hashable, Sendable, ExpressibleByIntegerLiteral, ExpressibleByStringLiteral {
    case integer(Int)
    case string(String)

    package init(integerLiteral value: Int) { self = .integer(value) }
    package init(stringLiteral value: String) { self = .string(value) }

    /// Decodes a number or a string.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let value = try? container.decode(Int.self) {  // why: a shape test, the next line throws for both
            self = .integer(value)
        } else {
            self = .string(try container.decode(String.self))
        }
    }

    /// Encodes the bare number or string.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .integer(let value): try container.encode(value)
        case .string(let value): try container.encode(value)
        }
    }
}
