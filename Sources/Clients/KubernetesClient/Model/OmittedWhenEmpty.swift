/// A collection that can be made without elements, so that an absent JSON field has a value.
package protocol EmptyInitializable: Collection, Codable, Hashable {
    /// Makes the empty collection.
    init()
}

extension Array: EmptyInitializable where Element: Codable & Hashable {}
extension Dictionary: EmptyInitializable where Key: Codable & Hashable, Value: Codable & Hashable {}
extension String: EmptyInitializable {}

/// A field that Kubernetes leaves out when it is empty: absent and `null` decode to the empty collection, and the
/// empty collection is not encoded.
@propertyWrapper
package struct OmittedWhenEmpty<Value: EmptyInitializable & Sendable>: Codable, Hashable, Sendable {
    /// The collection.
    package var wrappedValue: Value

    /// Wraps a value.
    package init(wrappedValue: Value) { self.wrappedValue = wrappedValue }

    /// Decodes the bare collection.
    package init(from decoder: any Decoder) throws {
        wrappedValue = try decoder.singleValueContainer().decode(Value.self)
    }

    /// Encodes the bare collection.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(wrappedValue)
    }
}

extension KeyedDecodingContainer {
    /// Chosen by synthesized decoding over the generic `decode`, which would refuse an absent field.
    package func decode<Value>(
        _ type: OmittedWhenEmpty<Value>.Type,
        forKey key: Key
    ) throws -> OmittedWhenEmpty<Value> {
        OmittedWhenEmpty(wrappedValue: try decodeIfPresent(Value.self, forKey: key) ?? Value())
    }
}

extension KeyedEncodingContainer {
    /// Chosen by synthesized encoding over the generic `encode`, which would write the empty collection.
    package mutating func encode<Value>(_ value: OmittedWhenEmpty<Value>, forKey key: Key) throws {
        guard !value.wrappedValue.isEmpty else { return }
        try encode(value.wrappedValue, forKey: key)
    }
}
