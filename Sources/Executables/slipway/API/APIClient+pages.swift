internal import SlipwayCore

extension APIClient {
    /// The rows of all pages of a list, or of as many as are wanted.
    func all(
        _ path: String,
        _ query: [(String, String?)] = [],
        of member: String,
        limit: Int = .max
    ) async throws -> [Document] {
        var found: [Document] = []
        var after: String?
        repeat {
            let page = try await get(
                path,
                query + [("limit", String(min(500, limit - found.count))), ("after", after)]
            )
            found += page.elements(member)
            after = page["next"]?.string
        } while after != nil && found.count < limit
        return found
    }
}
