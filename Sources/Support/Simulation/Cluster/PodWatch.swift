internal import KubernetesClient
internal import Synchronization

/// One process's watch of the pods: what it was not told yet.
final class PodWatch: Sendable {
    private struct State {
        var events: [ReflectorEvent<PodSnapshot>] = []
        var isBroken = false
        var waiting: Reply<Void>?
    }

    private let state = Mutex(State())

    func add(_ event: ReflectorEvent<PodSnapshot>) {
        state.withLock { state -> Reply<Void>? in
            state.events.append(event)
            return state.waiting
        }?.settle()
    }

    /// The connection ends, or the cluster has forgotten what the watch would need.
    func end() {
        state.withLock { state -> Reply<Void>? in
            state.isBroken = true
            return state.waiting
        }?.settle()
    }

    var isBroken: Bool { state.withLock { $0.isBroken } }

    /// Returns when there is something to take, or the watch is broken.
    func arrival() async throws {
        let reply = state.withLock { state -> Reply<Void>? in
            guard state.events.isEmpty, !state.isBroken else { return nil }
            let reply = Reply<Void>()
            state.waiting = reply
            return reply
        }
        try await reply?.value()
    }

    func take(_ count: Int) -> [ReflectorEvent<PodSnapshot>] {
        state.withLock { state in
            let taken = Array(state.events.prefix(count))
            state.events.removeFirst(taken.count)
            return taken
        }
    }
}
