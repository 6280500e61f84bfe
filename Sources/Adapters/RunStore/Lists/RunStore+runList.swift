internal import PostgresClient
package import SlipwayCore

/// In which order a list shows runs.
package enum RunOrder: String, Sendable, Hashable, CaseIterable {
    case newestFirst = "created_at desc"
    case oldestFirst = "created_at"
    /// Only runs that are over.
    case lastEndedFirst = "ended_at desc"
    /// Only runs that are over.
    case firstEndedFirst = "ended_at"

    var isByEnd: Bool { self == .lastEndedFirst || self == .firstEndedFirst }
    fileprivate var direction: String { self == .newestFirst || self == .lastEndedFirst ? "DESC" : "ASC" }
    fileprivate var comparison: String { direction == "DESC" ? "<" : ">" }
    fileprivate var columns: String { isByEnd ? "(ended_at, id)" : "id" }
    fileprivate var order: String { isByEnd ? "ended_at \(direction), id \(direction)" : "id \(direction)" }
}

/// A place in a list of runs.
package struct RunPlace: Sendable, Hashable {
    package var id: RunID
    /// In a list by the end of runs.
    package var endedAt: Timestamp?

    package init(id: RunID, endedAt: Timestamp? = nil) {
        self.id = id
        self.endedAt = endedAt
    }
}

/// A part of a list of runs.
package struct RunPage: Sendable {
    package var runs: [RunRecord]
    /// Where the next part begins; `nil` if there is none. A page may have few runs, or none, and yet be followed by others.
    package var next: RunPlace?
}

extension RunStore {
    /// How long a page may take that is looked for among all runs.
    private static let patienceMilliseconds = 60
    /// Runs that a page is looked for among otherwise.
    private static let window = 10_000

    /// A page of runs.
    ///
    /// Where an index leads to the runs, or many of them fit, the page is found at once. A filter that fits few of a million runs
    /// would look at all of them: after a moment it is given up, and the page is what fits among the next ten thousand.
    ///
    /// - Parameters:
    ///   - place: the page begins after it.
    ///   - limit: 1 to `limits.page`; larger values are cut.
    package func runs(
        _ filter: RunFilter,
        _ order: RunOrder = .newestFirst,
        after place: RunPlace? = nil,
        limit: Int
    ) async throws -> RunPage {
        let limit = min(max(limit, 1), limits.page)
        let statement = RunListStatement(filter, order, after: place, limit: limit)
        do {
            let runs = try await read(statement.query(), milliseconds: Self.patienceMilliseconds)
            return RunPage(runs: runs, next: runs.count == limit ? runs.last?.place(order) : nil)
        } catch let error as PostgresError where error.sqlState == "57014" && !Task.isCancelled {
            let end = try await pool.query(statement.windowEnd(Self.window)).first.map {
                RunPlace(id: try $0.value("id"), endedAt: order.isByEnd ? try $0.value("ended_at") : nil)
            }
            let runs = try await read(statement.query(until: end), milliseconds: nil)
            return RunPage(runs: runs, next: runs.count == limit ? runs.last?.place(order) : end)
        }
    }

    /// Runs, newest first, older than `before`: all that fit, however long that takes.
    package func runs(_ filter: RunFilter, before: RunID?, limit: Int) async throws -> [RunRecord] {
        let limit = min(max(limit, 1), limits.page)
        let place = before.map { RunPlace(id: $0) }
        return try await read(
            RunListStatement(filter, .newestFirst, after: place, limit: limit).query(),
            milliseconds: nil
        )
    }

    /// What is asked decides which plan is good, so none is kept for all.
    private func read(_ query: PostgresQuery, milliseconds: Int?) async throws -> [RunRecord] {
        try await pool.transaction { transaction in
            try await transaction.query(
                """
                SELECT set_config('plan_cache_mode', 'force_custom_plan', true),
                    set_config('statement_timeout', coalesce(\(nullable: milliseconds)::int::text,
                        current_setting('statement_timeout')), true)
                """
            )
            return try await transaction.query(query).rows.map(RunRecord.init(row:))
        }
    }
}

extension RunRecord {
    package func place(_ order: RunOrder) -> RunPlace { RunPlace(id: id, endedAt: order.isByEnd ? endedAt : nil) }
}

/// The statement of a list of runs.
private struct RunListStatement {
    let filter: RunFilter
    let order: RunOrder
    let place: RunPlace?
    let limit: Int

    init(_ filter: RunFilter, _ order: RunOrder, after place: RunPlace?, limit: Int) {
        self.filter = filter
        self.order = order
        self.place = place
        self.limit = limit
    }

    /// - Parameter end: the last place that is looked at.
    func query(until end: RunPlace? = nil) -> PostgresQuery {
        var conditions = filter.conditions
        if order.isByEnd { conditions.require("ended_at IS NOT NULL") }
        begin(&conditions)
        if let end { conditions.require("\(order.columns) \(order.comparison)= \(bound(end, &conditions))") }
        // Each half of the view is cut to the page before they are merged, so the cost does not grow with history.
        return PostgresQuery(
            "SELECT \(RunRecord.columns) FROM runs WHERE \(conditions.text) ORDER BY \(order.order) LIMIT \(limit)",
            conditions.parameters
        )
    }

    /// The place after so many runs, whether they fit or not; nothing if there are fewer.
    func windowEnd(_ runs: Int) -> PostgresQuery {
        var conditions = SQLConditions()
        if order.isByEnd { conditions.require("ended_at IS NOT NULL") }
        begin(&conditions)
        return PostgresQuery(
            "SELECT id, ended_at FROM runs WHERE \(conditions.text) ORDER BY \(order.order) OFFSET \(runs - 1) LIMIT 1",
            conditions.parameters
        )
    }

    private func begin(_ conditions: inout SQLConditions) {
        guard let place else { return }
        conditions.require("\(order.columns) \(order.comparison) \(bound(place, &conditions))")
    }

    private func bound(_ place: RunPlace, _ conditions: inout SQLConditions) -> String {
        guard order.isByEnd, let endedAt = place.endedAt else { return "\(conditions.bind(place.id))::uuid" }
        return "(\(conditions.bind(endedAt))::timestamptz, \(conditions.bind(place.id))::uuid)"
    }
}
