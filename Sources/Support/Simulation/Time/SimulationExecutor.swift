internal import Synchronization

/// Runs tasks on one thread under a virtual clock: which of the ready jobs goes next is decided by a seed, and time moves on only
/// when no job is ready. What runs on it and takes time and chance from it is a pure function of the seed.
package final class SimulationExecutor: TaskExecutor, Sendable {
    private struct State {
        var ready: [UnownedJob] = []
        var timers = TimerQueue()
        /// Microseconds since the beginning.
        var now: Int64 = 0
        var random: SeededRandom
        var steps = 0
        var failure: (any Error)?
    }

    /// A run that takes more steps than this turns in a circle.
    private let maximumSteps: Int
    private let state: Mutex<State>

    package init(seed: UInt64, maximumSteps: Int = 200_000) {
        self.maximumSteps = maximumSteps
        state = Mutex(State(random: SeededRandom(seed: seed)))
    }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        state.withLock { $0.ready.append(job) }
    }

    /// Virtual time since the beginning.
    package var now: Duration { .microseconds(microseconds) }

    var microseconds: Int64 { state.withLock { $0.now } }

    /// Jobs executed so far.
    package var steps: Int { state.withLock { $0.steps } }

    /// Calls `action` when so much virtual time has passed.
    package func after(_ span: Duration, _ action: @escaping @Sendable () -> Void) {
        state.withLock { $0.timers.add(at: $0.now + Self.microseconds(span), .perform(action)) }
    }

    /// Returns when so much virtual time has passed, or throws `CancellationError`.
    package func sleep(_ span: Duration) async throws {
        try Task.checkCancellation()
        let reply = Reply<Void>()
        state.withLock { $0.timers.add(at: $0.now + Self.microseconds(span), .wake(reply)) }
        try await reply.value()
    }

    /// Ends ``run(_:)`` with an error before the next step.
    package func fail(_ error: any Error) { state.withLock { $0.failure = $0.failure ?? error } }

    /// Runs `body` and all that it starts on the calling thread, until `body` returns.
    ///
    /// - Throws: what `body` throws, ``SimulationStall`` when nothing can go on or nothing ends, or what ``fail(_:)`` was told.
    package func run<Value: Sendable>(_ body: @escaping @Sendable () async throws -> Value) throws -> Value {
        let result = Outcome<Value>()
        // why: this is the root of all that is simulated; the loop below waits for its end.
        _ = Task(executorPreference: self) {
            do {
                result.set(.success(try await body()))
            } catch {
                result.set(.failure(error))
            }
        }
        while true {
            if let value = result.value { return try value.get() }
            try step()
        }
    }

    private func step() throws {
        let (job, failure) = state.withLock { state -> (UnownedJob?, (any Error)?) in
            if let failure = state.failure { return (nil, failure) }
            guard !state.ready.isEmpty else { return (nil, nil) }
            state.steps += 1
            if state.steps > maximumSteps { return (nil, SimulationStall(kind: .livelock)) }
            let last = state.ready.count - 1
            if last > 0 { state.ready.swapAt(state.random.below(last + 1), last) }
            return (state.ready.removeLast(), nil)
        }
        if let failure { throw failure }
        if let job {
            job.runSynchronously(on: asUnownedTaskExecutor())
            return
        }
        try advance()
    }

    /// Goes to the next moment at which something is due, and does all that is due then.
    private func advance() throws {
        let due = state.withLock { state -> [TimerQueue.Action] in
            guard let next = state.timers.nextDue() else { return [] }
            state.now = next
            var due: [TimerQueue.Action] = []
            while state.timers.nextDue() == next, let action = state.timers.popFirst() { due.append(action) }
            return due
        }
        guard !due.isEmpty else { throw SimulationStall(kind: .deadlock) }
        for action in due {
            switch action {
            case .wake(let reply): reply.settle()
            case .perform(let body): body()
            }
        }
    }

    private static func microseconds(_ span: Duration) -> Int64 {
        let (seconds, attoseconds) = span.components
        return max(0, seconds * 1_000_000 + attoseconds / 1_000_000_000_000)
    }
}

/// Nothing goes on, or nothing comes to an end.
package struct SimulationStall: Error, CustomStringConvertible {
    package enum Kind: String, Sendable {
        /// No job is ready and nobody sleeps.
        case deadlock
        /// Too many steps.
        case livelock
    }

    package var kind: Kind
    package var description: String {
        switch kind {
        case .deadlock: "deadlock: no task is ready and none sleeps"
        case .livelock: "livelock: too many steps without an end"
        }
    }
}

/// Where the root task leaves its result.
private final class Outcome<Value: Sendable>: Sendable {
    private let stored = Mutex<Result<Value, any Error>?>(nil)
    var value: Result<Value, any Error>? { stored.withLock { $0 } }
    func set(_ result: Result<Value, any Error>) { stored.withLock { $0 = result } }
}
