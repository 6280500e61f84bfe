internal import RunStore
internal import SlipwayCore

/// Which runs a list or a stream is of, and in which order.
struct RunListRequest {
    static let filters = [
        "team", "job", "state", "kind", "origin", "released", "variable", "trigger", "schedule", "filter", "search",
    ]
    static let parameters = filters + ["order_by"]
    /// What can have made a run.
    static let triggers = ["manual", "schedule", "backfill"]
    /// The longest search.
    static let searchBytes = 200
    static let searchRule = "words of at most \(searchBytes) bytes, with letters or digits"

    let query: QueryReader
    let filter: RunFilter
    let order: RunOrder

    /// - Parameter teams: those of which the caller may see runs.
    init(_ query: QueryReader, for teams: TeamSelection) throws(Problem) {
        self.query = query
        filter = RunFilter(
            teams: teams.narrowed(to: query.list("team")),
            jobName: try query.text("job"),
            states: try query.states("state"),
            kind: try query.text("kind"),
            originID: try query.identifier("origin"),
            isReleased: try query.text("released") == nil ? nil : query.flag("released"),
            variables: try query.pairs("variable"),
            triggerKinds: try query.words("trigger", of: Self.triggers),
            scheduleName: try query.text("schedule"),
            condition: try query.filter("filter", RunFilter.schema),
            search: try Self.search(query)
        )
        order = try query.choice("order_by", default: RunOrder.newestFirst)
    }

    static func isSearch(_ text: String) -> Bool {
        text.utf8.count <= searchBytes && text.contains { $0.isLetter || $0.isNumber }
    }

    private static func search(_ query: QueryReader) throws(Problem) -> String? {
        guard let text = try query.text("search") else { return nil }
        guard isSearch(text) else {
            throw Problem.invalidParameter(
                FieldError(
                    field: "search",
                    value: String(text.prefix(100)),
                    message: "is not a search",
                    allowed: [searchRule]
                )
            )
        }
        return text
    }

    /// A place as a cursor holds it.
    func text(_ place: RunPlace) -> [String] {
        [place.id.description] + (place.endedAt.map { [String($0.microsecondsSince1970)] } ?? [])
    }

    func place(_ parts: [String]) -> RunPlace? {
        guard let id = parts.first.flatMap(RunID.init) else { return nil }
        let endedAt = parts.count > 1 ? Int64(parts[1]) : nil
        return RunPlace(id: id, endedAt: endedAt.map(Timestamp.init(microsecondsSince1970:)))
    }
}
