/// What is due at moments of virtual time, earliest first: a binary heap.
struct TimerQueue {
    enum Action: Sendable {
        /// Ends a task's sleep; skipped if the sleep was cancelled.
        case wake(Reply<Void>)
        case perform(@Sendable () -> Void)
    }

    private struct Entry {
        /// Microseconds of virtual time.
        var at: Int64
        var order: UInt64
        var action: Action
    }

    private var heap: [Entry] = []
    private var count: UInt64 = 0

    mutating func add(at: Int64, _ action: Action) {
        count += 1
        heap.append(Entry(at: at, order: count, action: action))
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard isBefore(child, parent) else { break }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    /// When the next is due that is still wanted.
    mutating func nextDue() -> Int64? {
        while let first = heap.first {
            if case .wake(let reply) = first.action, reply.isSettled {
                removeFirst()
            } else {
                return first.at
            }
        }
        return nil
    }

    mutating func popFirst() -> Action? {
        guard let first = heap.first else { return nil }
        removeFirst()
        return first.action
    }

    private func isBefore(_ left: Int, _ right: Int) -> Bool {
        heap[left].at != heap[right].at ? heap[left].at < heap[right].at : heap[left].order < heap[right].order
    }

    private mutating func removeFirst() {
        heap.swapAt(0, heap.count - 1)
        heap.removeLast()
        var parent = 0
        while true {
            var first = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count && isBefore(child, first) {
                first = child
            }
            guard first != parent else { return }
            heap.swapAt(parent, first)
            parent = first
        }
    }
}
