internal import Synchronization

/// Makes a connection on a thread of its own, since the library blocks while it does.
enum Connector {
    /// Returns at once when the task is cancelled; the attempt then ends by its own deadline and its connection is dropped.
    static func connect(
        _ configuration: AMQPConfiguration,
        topology: AMQPTopology,
        role: ConnectionRole
    ) async throws(AMQPError) -> RabbitConnection {
        let handoff = Handoff()
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                handoff.wait(continuation)
                let isStarted = BlockingThread.run {
                    handoff.finish(attempt(configuration, topology: topology, role: role))
                }
                if !isStarted { handoff.finish(.failure(AMQPError(.connectFailed, "no thread left to connect"))) }
            }
        } onCancel: {
            handoff.finish(.failure(AMQPError(.cancelled, "connecting was cancelled")))
        }
        return try result.get()
    }

    private static func attempt(
        _ configuration: AMQPConfiguration,
        topology: AMQPTopology,
        role: ConnectionRole
    ) -> Result<RabbitConnection, AMQPError> {
        do {
            let connection = try RabbitConnection(configuration)
            try connection.establish(topology, role: role)
            return .success(connection)
        } catch {
            return .failure(error)
        }
    }

    /// Takes the first of two results.
    private final class Handoff: Sendable {
        typealias Outcome = Result<RabbitConnection, AMQPError>

        private struct State {
            var waiting: CheckedContinuation<Outcome, Never>?
            var outcome: Outcome?
        }

        private let state = Mutex(State())

        func wait(_ continuation: CheckedContinuation<Outcome, Never>) {
            let outcome = state.withLock { state in
                if state.outcome == nil { state.waiting = continuation }
                return state.outcome
            }
            if let outcome { continuation.resume(returning: outcome) }
        }

        func finish(_ outcome: Outcome) {
            let waiting = state.withLock { state in
                guard state.outcome == nil else { return nil as CheckedContinuation<Outcome, Never>? }
                state.outcome = outcome
                defer { state.waiting = nil }
                return state.waiting
            }
            waiting?.resume(returning: outcome)
        }
    }
}
