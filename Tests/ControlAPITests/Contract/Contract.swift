import SlipwayCore
import Testing

/// What the API's document promises. Every exchange of these tests is held against it.
struct Contract: Sendable {
    /// One operation as the document has it.
    struct Promise: Sendable {
        let method: String
        /// With names in braces.
        let path: String
        let operation: JSONValue

        var id: String { operation["operationId"]?.string ?? "" }
    }

    let document: JSONValue
    let promises: [Promise]

    init(_ document: JSONValue) {
        self.document = document
        promises = (document["paths"]?.members ?? [:]).flatMap { path, item in
            (item.members ?? [:]).map { Promise(method: $0.key.uppercased(), path: path, operation: $0.value) }
        }.sorted { ($0.path, $0.method) < ($1.path, $1.method) }
    }

    var checker: SchemaChecker { SchemaChecker(components: document["components"]?["schemas"]?.members ?? [:]) }

    /// The operation that a request is for.
    func promise(_ method: String, _ path: String) -> Promise? {
        let path = String(path.prefix { $0 != "?" })
        let fitting = promises.filter { $0.method == method && Self.fits($0.path, path) }
        return fitting.min { $0.path.count { $0 == "{" } < $1.path.count { $0 == "{" } }
    }

    private static func fits(_ template: String, _ path: String) -> Bool {
        let (templates, parts) = (template.split(separator: "/"), path.split(separator: "/"))
        guard templates.count == parts.count else { return false }
        return zip(templates, parts).allSatisfy { template, part in
            guard let open = template.firstIndex(of: "{"), let close = template.firstIndex(of: "}") else {
                return template == part
            }
            let (before, after) = (template[..<open], template[template.index(after: close)...])
            guard part.hasPrefix(before), part.hasSuffix(after), part.count > before.count + after.count else {
                return false
            }
            return !after.isEmpty || !part.contains(":")
        }
    }

    /// What an answer has that the document does not promise.
    func mistakes(_ method: String, _ path: String, _ answer: Answer) -> [String] {
        guard let promise = promise(method, path) else { return [] }
        let name = "\(promise.id) → \(answer.status)"
        guard let promised = promise.operation["responses"]?[String(answer.status)] else {
            return ["\(name) is not in the document: \(answer.text.prefix(200))"]
        }
        guard let contents = promised["content"]?.members else {
            return answer.text.isEmpty ? [] : ["\(name) has a body"]
        }
        let type = String((answer.headers["content-type"] ?? "").prefix { $0 != ";" })
        guard let content = contents[type] else { return ["\(name) has the content type \(type)"] }
        let isJSON = type == "application/json" || type.hasSuffix("+json")
        guard isJSON, let schema = content["schema"], answer.headers["content-encoding"] == nil else {
            return []
        }
        return checker.mistakes(in: answer.json, schema).map { "\(name): \($0)" }
    }
}

/// The document as the first API of the process served it.
actor KnownContract {
    static let shared = KnownContract()
    private var contract: Contract?

    /// - Returns: `nil` if it was not to be had.
    func contract(_ client: TestClient) async throws -> Contract? {
        if let contract { return contract }
        let answer = try await client.exchange("GET", "/openapi.json", nil, contentType: "", headers: [])
        guard answer.status == 200 else { return nil }
        let found = Contract(answer.json)
        contract = found
        return found
    }
}
