/// The bounds of schedules, in one place.
package struct ScheduleLimits: Sendable, Hashable {
    package static let standard = ScheduleLimits()

    /// Between two ticks of an interval.
    package var intervalSeconds = 10...(366 * 86_400)
    /// Between the end of a run and the next one of a schedule that is always on.
    package var pauseSeconds = 0...86_400
    package var jitterSeconds = 0...3600
    /// A tick that is decided later than this after it was due has been missed.
    package var onTimeSeconds = 60
    /// Missed ticks that the policy `all` may make up for.
    package var caughtUpTicks = 1...500
    /// Ticks that one decision settles one by one; older ones are settled together. More than an hour of jitter spans.
    package var ticksPerDecision = 1000
    /// Ticks that one decision counts; what is settled together may be more.
    package var countedTicks = 100_000
    package var backfillTicks = 1000
    package var dryRunTicks = 1000

    package init() {}
}
