/// A binary heap of things to do, soonest first.
struct DeadlineQueue<Item: Sendable>: Sendable {
    private var entries: [(deadline: ContinuousClock.Instant, item: Item)] = []

    var soonest: ContinuousClock.Instant? { entries.first?.deadline }

    mutating func insert(_ item: Item, at deadline: ContinuousClock.Instant) {
        entries.append((deadline, item))
        var child = entries.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard entries[child].deadline < entries[parent].deadline else { return }
            entries.swapAt(child, parent)
            child = parent
        }
    }

    /// Takes the soonest item whose time has come.
    mutating func popDue(_ now: ContinuousClock.Instant) -> Item? {
        guard let first = entries.first, first.deadline <= now else { return nil }
        let last = entries.removeLast()
        guard !entries.isEmpty else { return first.item }
        entries[0] = last
        sink()
        return first.item
    }

    private mutating func sink() {
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2]
            where child < entries.count && entries[child].deadline < entries[least].deadline {
                least = child
            }
            guard least != parent else { return }
            entries.swapAt(least, parent)
            parent = least
        }
    }
}
