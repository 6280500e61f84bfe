import Synchronization

/// Counts across threads.
final class Counter: Sendable {
    private let state = Mutex(0)

    var value: Int { state.withLock { $0 } }

    /// - Returns: the new count.
    @discardableResult
    func increment() -> Int {
        state.withLock { count in
            count += 1
            return count
        }
    }
}

/// Gathers values across tasks.
final class Collected<Value: Sendable>: Sendable {
    private let state = Mutex<[Value]>([])

    var values: [Value] { state.withLock { $0 } }

    func append(_ value: Value) { state.withLock { $0.append(value) } }
    func append(contentsOf values: [Value]) { state.withLock { $0 += values } }
}
