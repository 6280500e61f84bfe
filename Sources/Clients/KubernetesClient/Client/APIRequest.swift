/// One request to the API server, before it knows about the server's address and credentials.
struct APIRequest: Sendable {
    enum Method: String, Sendable {
        case get = "GET"
        case post = "POST"
        case patch = "PATCH"
        case delete = "DELETE"

        /// Whether an answer that never came leaves open what the server did.
        var isChange: Bool { self != .get }
    }

    var method: Method
    /// Begins with a slash; its segments are percent-encoded already.
    var path: String
    var query: [(name: String, value: String)] = []
    var body: [UInt8]?
    var contentType = "application/json"
    var accept = "application/json"
    /// From the call to the end of the answer; `nil` takes the configuration's.
    var timeout: Duration?
    /// Watches are long and rare: they spend no budget.
    var isBudgeted = true

    /// The path with its query.
    var target: String {
        guard !query.isEmpty else { return path }
        let items = query.map { "\(Self.percentEncoded($0.name))=\(Self.percentEncoded($0.value))" }
        return "\(path)?\(items.joined(separator: "&"))"
    }

    mutating func add(_ name: String, _ value: String?) {
        if let value, !value.isEmpty { query.append((name, value)) }
    }

    /// Everything but the unreserved characters of RFC 3986 is escaped.
    static func percentEncoded(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var result: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                result.append(byte)
            default: result += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: result, as: UTF8.self)
    }
}

extension KubernetesResource {
    /// The path of the collection, or of one object in it.
    static func path(namespace: String?, name: String? = nil, subresource: String? = nil) -> String {
        var path = apiVersion.contains("/") ? "/apis/\(apiVersion)" : "/api/\(apiVersion)"
        if isNamespaced, let namespace { path += "/namespaces/\(APIRequest.percentEncoded(namespace))" }
        path += "/\(plural)"
        if let name { path += "/\(APIRequest.percentEncoded(name))" }
        if let subresource { path += "/\(subresource)" }
        return path
    }

    /// What to answer with: the object, or its metadata alone. Plain JSON is the fallback of a server that knows no
    /// transformation.
    static func accept(isList: Bool) -> String {
        guard isMetadataOnly else { return "application/json" }
        let kind = isList ? "PartialObjectMetadataList" : "PartialObjectMetadata"
        return "application/json;as=\(kind);g=meta.k8s.io;v=v1,application/json"
    }
}
