internal import ArgumentParser
internal import SlipwayCore

/// What a shell offers for names that only the API or the configuration knows. Bounded in time and silent: a person who
/// presses the tab key wants no errors.
enum Candidates {
    static let jobs = names("/jobs", "jobs") { $0.text("name") }
    static let teams = names("/teams", "teams") { $0.text("name") }
    static let clusters = names("/clusters", "clusters") { $0.text("name") }
    static let credentials = names("/credentials", "credentials") { $0.text("name") }
    static let schedules = names("/schedules", "schedules") { $0.text("name") }
    static let runs = names("/runs", "runs") { $0.text("id") }
    static let states = CompletionKind.list(RunState.allCases.map(\.rawValue))

    static let contexts = CompletionKind.custom { (_: [String], _: Int, prefix: String) -> [String] in
        // why: a configuration that cannot be read offers nothing.
        let names = (try? Surroundings.configuration())?.contexts.keys.sorted() ?? []
        return names.filter { $0.hasPrefix(prefix) }
    }

    private static let mostSeconds = 2
    private static let most = 200

    private static func names(
        _ path: String,
        _ member: String,
        _ name: @escaping @Sendable (Document) -> String
    ) -> CompletionKind {
        .custom { (words: [String], _: Int, prefix: String) async -> [String] in
            await withTaskGroup(of: [String].self) { group in
                group.addTask {
                    // why: without an API there is nothing to offer.
                    guard let client = try? client(for: words) else { return [] }
                    // why: as above.
                    let page = try? await client.get(path, [("limit", String(most))])
                    var seen: Set<String> = []
                    return page?.elements(member).map(name).filter { $0.hasPrefix(prefix) && seen.insert($0).inserted }
                        ?? []
                }
                group.addTask {
                    // why: cancelled once the names are there.
                    try? await Task.sleep(for: .seconds(mostSeconds))
                    return []
                }
                let first = await group.next() ?? []
                group.cancelAll()
                return first
            }
        }
    }

    /// The client that the command under way would have.
    private static func client(for words: [String]) throws -> APIClient {
        func value(of option: String) -> String? {
            if let index = words.firstIndex(of: option), words.indices.contains(index + 1) { return words[index + 1] }
            return words.first { $0.hasPrefix("\(option)=") }.map { String($0.dropFirst(option.count + 1)) }
        }
        Terminal.take(color: nil, isQuiet: true)
        Surroundings.choose(context: value(of: "--context"))
        let target = try Surroundings.target(server: value(of: "--server"))
        return APIClient(base: target.address, origin: target.addressOrigin, token: target.token)
    }
}
