/// The age of a waiting run: who has waited longer comes first, then the smaller identifier.
struct RunOrder: Comparable, Hashable {
    /// Since when it waits, in microseconds since 1970.
    var since: Int64
    var id: RunID

    static func < (left: RunOrder, right: RunOrder) -> Bool {
        if left.since != right.since { return left.since < right.since }
        if left.id.high != right.id.high { return left.id.high < right.id.high }
        return left.id.low < right.id.low
    }

    /// Before every run that began to wait at or after a moment.
    static func floor(_ since: Int64) -> RunOrder { RunOrder(since: since, id: RunID(high: 0, low: 0)) }
}
