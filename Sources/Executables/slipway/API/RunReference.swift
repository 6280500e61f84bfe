internal import SlipwayCore

/// Finds the run that a person means by an id, or by the beginning or end of one.
enum RunReference {
    /// How far back a part of an id is looked for.
    private static let searchedRuns = 2000

    static func resolve(_ text: String, _ client: APIClient) async throws -> String {
        if let id = Identifier(text) { return id.description }
        let part = text.lowercased()
        let digits = part.filter(\.isHexDigit).count
        guard digits >= 6, part.allSatisfy({ $0.isHexDigit || $0 == "-" }) else {
            throw Failure(
                .usage,
                "\"\(text)\" is not a run's id: allowed is a UUID, or at least 6 hexadecimal digits of its beginning or end",
                advice: "See the runs there are with `slipway run list`."
            )
        }
        let found = try await candidates(part, client)
        switch found.count {
        case 1: return found[0]
        case 0:
            throw Failure(
                .notFound,
                "none of the last \(searchedRuns) runs has an id that begins or ends with \"\(text)\"",
                advice: "See the runs there are with `slipway run list`."
            )
        default:
            throw Failure(
                .usage,
                "\"\(text)\" is ambiguous: \(found.count) runs have it",
                advice: "Give more digits, or the end of the id, where runs created together differ.",
                details: found.prefix(10).map { $0 }
            )
        }
    }

    private static func candidates(_ part: String, _ client: APIClient) async throws -> [String] {
        var found: [String] = []
        var after: String?
        var seen = 0
        repeat {
            let page = try await client.get("/runs", [("limit", "500"), ("after", after)])
            let ids = page.elements("runs").map { $0.text("id") }
            found += ids.filter { $0.hasPrefix(part) || $0.hasSuffix(part) }
            seen += ids.count
            after = page["next"]?.string
        } while after != nil && seen < searchedRuns
        return found
    }
}
