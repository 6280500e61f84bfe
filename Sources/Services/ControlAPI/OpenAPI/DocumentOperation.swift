internal import Hummingbird

/// Serves the API's own description.
struct DocumentOperation: Sendable {
    private let document: OpenAPIDocument

    /// - Parameter operations: all others.
    init(of operations: [Operation], version: String) {
        let own = Operation("DescribeAPI", .get, "/openapi.json", allows: .anyone) { _ in Response(status: .ok) }
        document = OpenAPIDocument(of: operations + [own], under: Links.root, version: version)
    }

    var undescribed: [String] { document.undescribed }
    var unserved: [String] { document.unserved }
    var all: [Operation] { [Operation("DescribeAPI", .get, "/openapi.json", allows: .anyone, describe)] }

    @Sendable private func describe(_ call: Call) async throws -> Response {
        _ = try call.query()
        return .json { $0.value(VerbatimJSON(text: document.text)) }
    }
}
