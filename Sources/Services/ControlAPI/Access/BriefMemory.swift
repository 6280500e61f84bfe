internal import Synchronization

/// What was read a moment ago, so that many requests ask the database once; who asks while it is read waits for the same answer.
final class BriefMemory<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private struct Entry {
        var value: Value
        var readAt: ContinuousClock.Instant
    }

    private struct State {
        var entries: [Key: Entry] = [:]
        var reading: [Key: Task<Value, any Error>] = [:]
    }

    private let state = Mutex(State())
    private let age: Duration
    private let capacity: Int

    /// - Parameters:
    ///   - age: how old an answer may be.
    ///   - capacity: the most that is remembered.
    init(age: Duration, capacity: Int = 10_000) {
        self.age = age
        self.capacity = capacity
    }

    func value(_ key: Key, read: @escaping @Sendable () async throws -> Value) async throws -> Value {
        if let entry = state.withLock({ $0.entries[key] }), ContinuousClock.now - entry.readAt < age {
            return entry.value
        }
        let readAt = ContinuousClock.now
        let task = state.withLock { state in
            // why: callers who ask meanwhile share the answer, so it belongs to none of them.
            let task = state.reading[key] ?? Task { try await read() }
            state.reading[key] = task
            return task
        }
        let result = await task.result
        state.withLock { state in
            // None remembers what was forgotten meanwhile.
            guard state.reading[key] == task else { return }
            state.reading[key] = nil
            // why: an error is for those who waited, and is not remembered.
            guard let value = try? result.get() else { return }
            if state.entries.count >= capacity {
                // What is old goes first, so that strangers do not push out those who are known.
                state.entries = state.entries.filter { readAt - $0.value.readAt < age }
                if state.entries.count >= capacity { state.entries.removeAll() }
            }
            state.entries[key] = Entry(value: value, readAt: readAt)
        }
        return try result.get()
    }

    /// It was changed here: that holds at once for this process.
    func forget(_ key: Key) {
        state.withLock { state in
            state.entries[key] = nil
            state.reading[key] = nil
        }
    }

    func forgetAll() {
        state.withLock { state in
            state.entries.removeAll()
            state.reading.removeAll()
        }
    }
}
