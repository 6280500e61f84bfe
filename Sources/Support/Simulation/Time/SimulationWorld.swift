package import SlipwayCore
internal import Synchronization

/// What all parts of one simulation share: the virtual clock, chance, and the record of what happened.
package final class SimulationWorld: Sendable {
    /// 2026-03-01T10:00:00Z
    private static let beginning = Timestamp(microsecondsSince1970: 1_772_359_200_000_000)
    private let tailLength: Int

    private struct State {
        var dice: SeededRandom
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        var tail: [String] = []
        var next = 0
        var violation: String?
    }

    package let executor: SimulationExecutor
    private let state: Mutex<State>
    private let instant = ContinuousClock.now

    /// - Parameter tailLength: how many lines of the record are kept.
    package init(seed: UInt64, tailLength: Int = 300) {
        self.tailLength = tailLength
        executor = SimulationExecutor(seed: seed)
        state = Mutex(State(dice: SeededRandom(seed: seed ^ 0x5DEE_CE66_D1CE_4E5B)))
    }

    // MARK: Time

    package var now: Timestamp { Self.beginning + executor.now }
    var clock: ContinuousClock.Instant { instant + executor.now }

    // MARK: Chance

    package func roll<Value: Sendable>(_ body: (inout SeededRandom) -> Value) -> Value {
        state.withLock { body(&$0.dice) }
    }

    func happens(_ probability: Double) -> Bool { probability > 0 && roll { $0.happens(probability) } }

    func milliseconds(_ range: ClosedRange<Int>) -> Duration { .milliseconds(roll { $0.within(range) }) }

    func identifier() -> Identifier {
        let milliseconds = UInt64(now.microsecondsSince1970 / 1000)
        return roll { dice in
            Identifier(millisecondsSince1970: milliseconds, randomHigh: dice.next(), randomLow: dice.next())
        }
    }

    // MARK: The record

    /// Notes what happened, with the virtual time and the number of the step.
    package func trace(_ what: String) {
        let microseconds = executor.microseconds
        let steps = executor.steps
        state.withLock { state in
            for word in [UInt64(microseconds), UInt64(steps)] { state.hash = (state.hash ^ word) &* 0x100_0000_01B3 }
            for byte in what.utf8 { state.hash = (state.hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
            let line = "\(microseconds / 1000) ms · \(what)"
            if state.tail.count < tailLength {
                state.tail.append(line)
            } else {
                state.tail[state.next % tailLength] = line
            }
            state.next += 1
        }
    }

    /// A number that differs whenever anything that was traced does.
    package var traceHash: UInt64 { state.withLock { $0.hash } }

    /// The last lines traced, oldest first.
    package var tail: [String] {
        state.withLock { state in
            guard state.next > tailLength else { return state.tail }
            let start = state.next % tailLength
            return Array(state.tail[start...] + state.tail[..<start])
        }
    }

    /// Notes that an invariant does not hold; the simulation ends.
    package func violated(_ what: String) {
        trace("VIOLATED: \(what)")
        state.withLock { $0.violation = $0.violation ?? what }
        executor.fail(InvariantViolation(what: what))
    }
}

/// Something happened that must never happen.
package struct InvariantViolation: Error, CustomStringConvertible {
    package var what: String
    package var description: String { what }
}
