/// What ``ListsBenchmark`` is asked to do.
package struct ListsPlan: Sendable, Equatable {
    package enum Limits {
        package static let runs = 1000...5_000_000
        package static let requests = 10...10_000
        package static let clients = 1...100
    }

    /// How many runs that are over the database holds before anything is asked.
    package var runs = 1_000_000
    /// Of each kind.
    package var requests = 200
    /// How many ask at once.
    package var clients = 1
    /// The bar for every kind; `nil`: none.
    package var p99Seconds: Double?

    package init() {}
}

/// One kind of page that is asked for.
struct ListQuestion: Sendable {
    var name: String
    /// The query for the `number`th request.
    var query: @Sendable (_ number: Int) -> String

    private static let countries = ["NL", "DE", "FR", "ES", "PT"]

    static let all: [ListQuestion] = [
        ListQuestion(name: "newest") { _ in "" },
        ListQuestion(name: "job") { "job=report-\($0 % 200)" },
        ListQuestion(name: "rare job") { _ in "job=yearly" },
        ListQuestion(name: "team") { "team=team-\($0 % 20)" },
        ListQuestion(name: "state failed") { _ in "state=failed" },
        ListQuestion(name: "team, failed, timeout") { "team=team-\($0 % 20)&state=failed,timeout" },
        ListQuestion(name: "kind none has") { _ in "kind=nothing" },
        ListQuestion(name: "variable") { "variable=country%3D\(countries[$0 % 5])" },
        ListQuestion(name: "variable none has") { _ in "variable=country%3DXX" },
        ListQuestion(name: "trigger none has") { _ in "trigger=backfill" },
        ListQuestion(name: "filter, many fit") { _ in "filter=state%21%3Dfailed%20AND%20variables.days%3D7" },
        ListQuestion(name: "filter, few fit") { _ in "filter=message%3Aunheard%20OR%20duration%3E30h" },
        ListQuestion(name: "filter by time") { _ in "filter=created_at%3C2026-01-02T00%3A00%3A00Z" },
        ListQuestion(name: "search, common word") { _ in "search=succeeded%20nightly" },
        ListQuestion(name: "search, some have it") { "search=table_\($0 % 1000)" },
        ListQuestion(name: "search, few have it") { "search=order-\(1000 + $0 * 37)" },
        ListQuestion(name: "search, none has it") { _ in "search=zebra" },
        ListQuestion(name: "search, a beginning") { _ in "search=tab" },
        ListQuestion(name: "search and state") { "search=table_\($0 % 1000)&state=timeout" },
        ListQuestion(name: "oldest") { _ in "order_by=created_at" },
        ListQuestion(name: "ended last") { _ in "order_by=ended_at%20desc" },
        ListQuestion(name: "ended last, failed") { "order_by=ended_at%20desc&state=failed&team=team-\($0 % 20)" },
    ]
}
