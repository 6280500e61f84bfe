internal import SlipwayCore

/// Finds what a person probably meant by a name that the API does not know.
struct NearestNames {
    let client: APIClient
    /// Of the request that failed.
    let path: String
    let sent: String

    /// The failure with the nearest name, if there is one. Whatever keeps it from being found is not told.
    func advise(_ failure: Failure) async -> Failure {
        let search = Self.search(failure.problem, path, Document(json: sent.utf8))
        guard let search, let nearest = await nearest(search) else { return failure }
        var failure = failure
        failure.message += "; did you mean \(nearest)?"
        return failure
    }

    private struct Search {
        let list: String
        let member: String
        let name: String
        var query: [(String, String?)] = []
    }

    private static func search(_ problem: String, _ path: String, _ body: Document?) -> Search? {
        let parts = path.split(separator: "/").map(String.init)
        func part(_ index: Int) -> String? { parts.indices.contains(index) ? parts[index] : nil }
        switch problem {
        case "job_not_found":
            let isJob = parts.first == "jobs"
            guard let name = isJob ? part(2) : body?["job"]?.string else { return nil }
            let team = isJob ? part(1) : body?["team"]?.string
            return Search(list: "/jobs", member: "jobs", name: name, query: [("team", team)])
        case "team_not_found":
            return part(1).map { Search(list: "/teams", member: "teams", name: $0) }
        case "cluster_not_found":
            return part(1).map { Search(list: "/clusters", member: "clusters", name: $0) }
        case "credential_not_found":
            return part(2).map {
                Search(list: "/credentials", member: "credentials", name: $0, query: [("team", part(1))])
            }
        case "schedule_not_found":
            return part(4).map {
                Search(
                    list: "/schedules",
                    member: "schedules",
                    name: $0,
                    query: [("team", part(1)), ("job", part(2))]
                )
            }
        default: return nil
        }
    }

    private func nearest(_ search: Search) async -> String? {
        // why: without the list there is no nearest name, and the failure itself is what counts.
        let page = try? await client.get(search.list, search.query + [("limit", "500")])
        return NearestName.of(search.name, among: page?.elements(search.member).map { $0.text("name") } ?? [])
    }
}
