internal import FoundationEssentials

/// JSON in and out of byte arrays, without a copy on the way in.
enum JSON {
    static func decode<Value: Decodable>(_ type: Value.Type, from bytes: [UInt8]) throws -> Value {
        try decode(type, from: bytes[...], decoder: JSONDecoder())
    }

    static func decode<Value: Decodable>(
        _ type: Value.Type,
        from bytes: ArraySlice<UInt8>,
        decoder: JSONDecoder
    ) throws -> Value {
        try unsafe bytes.withUnsafeBytes { buffer in
            guard let base = buffer.baseAddress else { return try decoder.decode(type, from: Data()) }
            // The decoder only reads, and everything it returns is its own by the time it returns.
            let borrowed = unsafe Data(
                bytesNoCopy: UnsafeMutableRawPointer(mutating: base),
                count: buffer.count,
                deallocator: .none
            )
            return try decoder.decode(type, from: borrowed)
        }
    }

    static func encode(_ value: some Encodable) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.withoutEscapingSlashes]
        return Array(try encoder.encode(value))
    }
}

/// An object with its kind and version, as a manifest.
struct Manifest<Resource: KubernetesResource>: Encodable {
    enum CodingKeys: CodingKey {
        case apiVersion, kind
    }

    var resource: Resource

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(Resource.apiVersion, forKey: .apiVersion)
        try container.encode(Resource.kind, forKey: .kind)
        try resource.encode(to: encoder)
    }
}
