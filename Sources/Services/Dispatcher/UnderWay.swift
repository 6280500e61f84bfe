internal import RunMessaging
internal import Synchronization

/// Counts what is under way, and makes one loop wait while it is too much.
final class UnderWay: Sendable {
    private let limit: Int
    private let count = Mutex(0)
    private let removed = Signal()

    init(limit: Int) { self.limit = limit }

    func add(_ more: Int) { count.withLock { $0 += more } }

    func remove(_ done: Int) {
        count.withLock { $0 -= done }
        removed.send()
    }

    /// Returns at once below the limit, else when enough is done or the task is cancelled. For one caller at a time.
    func waitForRoom() async {
        var signals = removed.stream.makeAsyncIterator()
        while count.withLock({ $0 >= limit }) {
            if await signals.next() == nil { return }
        }
    }
}
