/// What the demand of some past hours would have met under other quotas: the same planner, in virtual time.
///
/// Runs take as long as they took and begin when they are admitted: pods, and with them placement windows, are not
/// played. What follows from a run's end, such as a retry, is part of the demand as it was.
package struct QuotaSimulation: Sendable {
    /// The bounds of a simulation.
    package struct Limits: Sendable, Hashable {
        package static let standard = Limits()

        package var demands = 200_000
        /// Of virtual time, from the first demand on.
        package var horizonSeconds = 14 * 86_400
        /// Runs admitted at once.
        package var admissionsPerCycle = 500

        package init() {}
    }

    /// One past run.
    package struct Demand: Sendable, Hashable {
        package var run: PendingRun
        /// From its admission to its end. Kept within a second and the horizon.
        package var duration: Duration

        package init(run: PendingRun, duration: Duration) {
            self.run = run
            self.duration = duration
        }
    }

    /// Why a simulation is refused.
    package enum Refusal: Error, Sendable, Hashable, CustomStringConvertible {
        case tooManyDemands(count: Int, maximum: Int)
        case horizonTooLong(seconds: Int64, maximum: Int)

        package var description: String {
            switch self {
            case .tooManyDemands(let count, let maximum):
                "\(count) runs are more than the \(maximum) that can be simulated: choose a shorter span"
            case .horizonTooLong(let seconds, let maximum):
                "\(seconds) s are more than the \(maximum) s that can be simulated: choose a shorter span"
            }
        }
    }

    /// Teams, jobs, clusters and settings. What it says of waiting and live runs is left out.
    package var world: AdmissionSnapshot
    /// How often admission looks.
    package var cycle: Duration
    /// How fast past usage fades.
    package var halfLife: Duration
    package var limits: Limits

    package init(
        world: AdmissionSnapshot,
        cycle: Duration = .seconds(1),
        halfLife: Duration = .seconds(86_400),
        limits: Limits = .standard
    ) {
        self.world = world
        self.cycle = cycle
        self.halfLife = halfLife
        self.limits = limits
    }

    /// Replays demands until the given moment.
    ///
    /// Runs that wait at its end count with the time they have waited until then.
    package func replay(_ demands: [Demand], until end: Timestamp) throws(Refusal) -> QuotaSimulationOutcome {
        guard demands.count <= limits.demands else {
            throw .tooManyDemands(count: demands.count, maximum: limits.demands)
        }
        guard let start = demands.map(\.run.createdAt).min(), start < end else {
            return QuotaSimulationOutcome(teams: [:], cycles: 0)
        }
        let span = (end - start).components.seconds
        guard span <= limits.horizonSeconds else {
            throw .horizonTooLong(seconds: span, maximum: limits.horizonSeconds)
        }
        let replay = QuotaReplay(self, demands: demands, start: start, end: end)
        replay.run()
        return replay.outcome
    }
}
