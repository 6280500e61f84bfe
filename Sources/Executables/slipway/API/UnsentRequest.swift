internal import FoundationEssentials
internal import SlipwayCore

/// A change that `--dry-run` kept from being sent. Whoever catches it shows it; nothing failed.
struct UnsentRequest: Error {
    let method: String
    let base: String
    let path: String
    let query: String
    let revision: Int?
    let body: String
    let format: OutputFormat

    func show() {
        format.show(document, name: path, sentence: text)
    }

    private var document: Document {
        var members: [String: Document] = [
            "dry_run": .bool(true), "method": .string(method), "path": .string("/api/v1\(path)"),
            "body": Document(json: body.utf8) ?? .string(body),
        ]
        if !query.isEmpty { members["query"] = .string(query) }
        if let revision { members["if_match"] = .integer(Int64(revision)) }
        return .object(members)
    }

    private var text: String {
        var lines = ["Nothing was changed. This would be sent to \(base):", ""]
        lines.append("\(method) /api/v1\(path)\(query.isEmpty ? "" : "?\(query)")")
        if let revision { lines.append("If-Match: \"\(revision)\"") }
        if let json = Document(json: body.utf8) {
            if json != .object([:]) { lines.append(json.jsonText(isPretty: true)) }
        } else {
            lines.append(body)
        }
        return TextWidth.harmless(lines.joined(separator: "\n"))
    }

    /// Does it for each, showing what is kept from being sent.
    static func each<Element>(_ elements: [Element], _ body: (Element) async throws -> Void) async throws {
        for element in elements {
            do {
                try await body(element)
            } catch let request as UnsentRequest {
                request.show()
            }
        }
    }
}

extension APIClient {
    /// That what a change is for is there and has the revision that is asked for.
    func checkTarget(_ method: String, _ path: String, _ revision: Int?) async throws {
        let parts = path.split(separator: "/")
        let isResource = method == "DELETE" || method == "PATCH"
        guard isResource || parts.count > 1 else { return }
        let target = isResource ? path : "/" + parts.dropLast().joined(separator: "/")
        let found: Document
        do {
            found = try await get(target)
        } catch let failure as Failure where failure.code == .notFound && failure.problem == "route_not_found" {
            // Not every part of a path can be asked for.
            return
        } catch let failure as Failure where failure.problem == "method_not_allowed" {
            return
        }
        guard let revision, let own = found.integer("revision"), own != revision else { return }
        throw Failure(
            .refused,
            "it has revision \(own), not \(revision)",
            advice: "Look at it again before you change it."
        )
    }
}
