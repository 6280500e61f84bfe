internal import Synchronization

/// How many streams of running containers are read at once: each may cost a connection, and descriptors have an end.
final class StreamSlots: Sendable {
    private let limit: Int
    private let taken = Mutex(0)

    init(limit: Int) { self.limit = limit }

    /// - Returns: whether there was one; it must be given back.
    func take() -> Bool {
        taken.withLock { taken in
            guard taken < limit else { return false }
            taken += 1
            return true
        }
    }

    func give() { taken.withLock { $0 -= 1 } }
}
