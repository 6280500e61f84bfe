internal import Synchronization

/// Tells any number of listeners what happens. A slow one misses the oldest events.
final class EventHub: Sendable {
    private struct State {
        var listeners: [Int: AsyncStream<AMQPEvent>.Continuation] = [:]
        var nextID = 0
        var isFinished = false
    }

    private static let bufferLimit = 256

    private let state = Mutex(State())

    deinit { finish() }

    /// A new listener's stream: events from now on.
    func makeStream() -> AsyncStream<AMQPEvent> {
        let (stream, continuation) = AsyncStream.makeStream(
            of: AMQPEvent.self,
            bufferingPolicy: .bufferingNewest(Self.bufferLimit)
        )
        let id: Int? = state.withLock { state in
            guard !state.isFinished else { return nil }
            defer { state.nextID += 1 }
            state.listeners[state.nextID] = continuation
            return state.nextID
        }
        guard let id else {
            continuation.finish()
            return stream
        }
        continuation.onTermination = { [weak self] _ in
            self?.state.withLock { _ = $0.listeners.removeValue(forKey: id) }
        }
        return stream
    }

    func yield(_ event: AMQPEvent) {
        for listener in state.withLock({ Array($0.listeners.values) }) { listener.yield(event) }
    }

    func finish() {
        let listeners = state.withLock { state in
            state.isFinished = true
            defer { state.listeners = [:] }
            return Array(state.listeners.values)
        }
        for listener in listeners { listener.finish() }
    }
}
