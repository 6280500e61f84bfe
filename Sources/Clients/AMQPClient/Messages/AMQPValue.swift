/// A value in message headers or in the arguments of an exchange, queue or binding.
package indirect enum AMQPValue: Sendable, Hashable {
    case null
    case bool(Bool)
    case int(Int64)
    case double(Double)
    case string(String)
    case bytes([UInt8])
    /// Seconds since 1970.
    case timestamp(UInt64)
    case array([AMQPValue])
    case table([String: AMQPValue])

    package var intValue: Int? {
        if case .int(let value) = self { Int(value) } else { nil }
    }

    package var stringValue: String? {
        if case .string(let value) = self { value } else { nil }
    }
}

extension AMQPValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByFloatLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral, ExpressibleByNilLiteral
{
    package init(stringLiteral value: String) { self = .string(value) }
    package init(integerLiteral value: Int64) { self = .int(value) }
    package init(booleanLiteral value: Bool) { self = .bool(value) }
    package init(floatLiteral value: Double) { self = .double(value) }
    package init(arrayLiteral elements: AMQPValue...) { self = .array(elements) }
    package init(dictionaryLiteral elements: (String, AMQPValue)...) {
        self = .table(Dictionary(elements) { $1 })
    }
    package init(nilLiteral: ()) { self = .null }
}
