internal import HTTPTypes
internal import Hummingbird

/// A request as the API understands it: the path taken apart, the query decoded.
struct APIRequest: Sendable {
    let method: HTTPRequest.Method
    let path: [String]
    let accept: String
    let contentType: String
    private let query: [(name: String, value: String)]

    init(_ request: Request) {
        method = request.method
        let target = request.head.path ?? "/"
        let (path, query) = target.splitOnce("?") ?? (target[...], "")
        self.path = path.split(separator: "/").map(percentDecoded)
        self.query = query.split(separator: "&").map { pair in
            let (name, value) = pair.splitOnce("=") ?? (pair, "")
            return (percentDecoded(name), percentDecoded(value))
        }
        accept = request.headers[.accept] ?? ""
        contentType = (request.headers[.contentType] ?? "").split(separator: ";").first.map { $0.trimmed } ?? ""
    }

    subscript(name: String) -> String? {
        query.first { $0.name == name }?.value
    }

    func flag(_ name: String) -> Bool {
        let value = self[name]
        return value == "true" || value == "1"
    }

    /// - Throws: `APIError` 400 if the parameter is given and no number from 0 on.
    func number(_ name: String) throws(APIError) -> Int64? {
        guard let text = self[name], !text.isEmpty else { return nil }
        guard let number = Int64(text), number >= 0 else {
            throw .badRequest("query parameter \(name): \"\(text)\" is not a whole number from 0 on")
        }
        return number
    }

    var wantsTable: Bool { accept.contains("as=Table") }
    var isDryRun: Bool { self["dryRun"] == "All" }
}

/// Decodes `%XX` and `+`.
private func percentDecoded(_ text: Substring) -> String {
    guard text.utf8.contains(where: { $0 == UInt8(ascii: "%") || $0 == UInt8(ascii: "+") }) else { return String(text) }
    let source = Array(text.utf8)
    var bytes: [UInt8] = []
    var index = 0
    while index < source.count {
        if source[index] == UInt8(ascii: "%"), index + 2 < source.count,
            let byte = UInt8(String(decoding: source[index + 1...index + 2], as: UTF8.self), radix: 16)
        {
            bytes.append(byte)
            index += 3
        } else {
            bytes.append(source[index] == UInt8(ascii: "+") ? UInt8(ascii: " ") : source[index])
            index += 1
        }
    }
    return String(decoding: bytes, as: UTF8.self)
}

/// What of the core API a path names.
struct ResourcePath: Sendable {
    var kind: ResourceKind
    /// Empty: every namespace, or a cluster-wide kind.
    var namespace = ""
    /// Empty: the collection.
    var name = ""
    var subresource = ""

    /// Reads what follows `/api/v1`.
    init?(_ path: ArraySlice<String>) {
        var rest = path
        if rest.first == "namespaces", rest.count >= 3, let kind = ResourceKind(rawValue: rest[rest.startIndex + 2]),
            kind.isNamespaced
        {
            namespace = rest[rest.startIndex + 1]
            rest = rest.dropFirst(2)
            self.kind = kind
        } else if let first = rest.first, let kind = ResourceKind(rawValue: first) {
            self.kind = kind
        } else {
            return nil
        }
        rest = rest.dropFirst()
        if let name = rest.popFirst() { self.name = name }
        if let subresource = rest.popFirst() { self.subresource = subresource }
        guard rest.isEmpty, name.isEmpty || namespace.isEmpty != kind.isNamespaced else { return nil }
    }

    var key: ObjectKey { ObjectKey(namespace: namespace, name: name) }
}
