package import RunStore
internal import SlipwayCore
internal import Synchronization

/// One process of the control plane as the outside world treats it: it can be killed, paused and cut off.
///
/// Everything it does passes through ``exchange(_:_:)`` and its clock, so a dead process has no further effect and a paused one
/// learns of nothing until it is resumed, while what it had asked for before is done.
package final class SimulatedProcess: Sendable {
    /// The outside systems.
    package enum System: Int, Sendable, CaseIterable { case store, broker, cluster }

    private struct State {
        var isDead = false
        var isPaused = false
        var waiting: [Reply<Void>] = []
        var cut: Set<System> = []
    }

    package let name: String
    let world: SimulationWorld
    let weather: Weather
    /// How far its machine's clock is from the others'.
    private let skew: Duration
    private let state = Mutex(State())

    init(name: String, world: SimulationWorld, weather: Weather) {
        self.name = name
        self.world = world
        self.weather = weather
        skew = world.milliseconds(0...4000) - .seconds(2)
    }

    package var isDead: Bool { state.withLock { $0.isDead } }
    package var isPaused: Bool { state.withLock { $0.isPaused } }

    // MARK: What befalls it

    func kill() {
        state.withLock { $0.isDead = true }
        resume()
    }

    func pause() { state.withLock { $0.isPaused = true } }

    func resume() {
        let waiting = state.withLock { state in
            state.isPaused = false
            defer { state.waiting.removeAll() }
            return state.waiting
        }
        for reply in waiting { reply.settle() }
    }

    func cut(_ system: System) { state.withLock { _ = $0.cut.insert(system) } }
    func mend(_ system: System) { state.withLock { _ = $0.cut.remove(system) } }
    func isCut(_ system: System) -> Bool { state.withLock { $0.cut.contains(system) } || weather.isAway(system) }

    // MARK: What it does

    /// Returns while the process is alive and not paused.
    func pass() async throws {
        while true {
            let reply = state.withLock { state -> Reply<Void>? in
                guard state.isPaused, !state.isDead else { return nil }
                let reply = Reply<Void>()
                state.waiting.append(reply)
                return reply
            }
            guard let reply else { break }
            try await reply.value()
        }
        if isDead { throw CancellationError() }
    }

    /// Its clocks, its waiting and its chance.
    package var time: TimeSource {
        TimeSource(
            instant: { [world] in world.clock },
            now: { [world, skew] in world.now + skew },
            sleep: { span in
                try await self.world.executor.sleep(span)
                try await self.pass()
            },
            executor: world.executor,
            random: { [world] in world.roll { $0.unit() } }
        )
    }

    /// Asks an outside system: the request travels, `effect` happens there, the answer travels back. Any of the three may fail.
    ///
    /// - Parameter mayStumble: whether the process may be stopped between deciding and sending. It may not before a pod's
    ///   creation: nothing could tell that from a request that travels for as long.
    func exchange<Value: Sendable>(
        _ system: System,
        mayStumble: Bool = true,
        _ effect: @escaping @Sendable () throws -> Value
    ) async throws -> Value {
        try Task.checkCancellation()
        try await pass()
        if mayStumble, world.happens(weather.stumble) {
            await weather.stop(self)
            try await pass()
        }
        let reply = Reply<Value>()
        let executor = world.executor
        if isCut(system) {
            executor.after(world.milliseconds(50...1500)) { reply.settle(.failure(SimulatedFault.unreachable)) }
        } else {
            executor.after(world.milliseconds(1...weather.slowest(system))) { [self] in
                if isCut(system) { return reply.settle(.failure(SimulatedFault.unreachable)) }
                if world.happens(weather.refusal(system)) {
                    return reply.settle(.failure(SimulatedFault.refused))
                }
                let result = Result { try effect() }
                if world.happens(weather.lostAnswer(system)) {
                    executor.after(world.milliseconds(200...2000)) { reply.settle(.failure(SimulatedFault.answerLost)) }
                } else {
                    executor.after(world.milliseconds(1...20)) { reply.settle(result) }
                }
            }
        }
        do {
            let value = try await reply.value()
            try await pass()
            return value
        } catch {
            try await pass()
            throw error
        }
    }
}

/// Why an outside system did not answer.
package enum SimulatedFault: Error, Sendable {
    /// The request never arrived.
    case unreachable
    /// It was done, and the answer never came.
    case answerLost
    /// It was answered with an error and not done.
    case refused
}
