internal import SlipwayCore

extension APIClient {
    /// The most rows that the API gives at once.
    private static let mostRows = 500

    /// The rows of all pages of a list, or of as many as are wanted.
    func all(
        _ path: String,
        _ query: [(String, String?)] = [],
        of member: String,
        limit: Int = .max
    ) async throws -> [Document] {
        try await first(limit, path, query, of: member).rows
    }

    /// The first rows of a list, and whether there may be others. A page may be short, or empty, and yet be followed by others.
    ///
    /// - Parameter pages: how many are read at the most.
    func first(
        _ limit: Int,
        _ path: String,
        _ query: [(String, String?)] = [],
        of member: String,
        pages: Int = .max
    ) async throws -> (rows: [Document], hasMore: Bool) {
        var found: [Document] = []
        var after: String?
        var count = 0
        repeat {
            let rows = min(Self.mostRows, limit - found.count)
            let page = try await get(path, query + [("limit", String(rows)), ("after", after)])
            found += page.elements(member)
            after = page["next"]?.string
            count += 1
        } while after != nil && found.count < limit && count < pages
        return (found, after != nil)
    }
}
