/// What ``RunsBenchmark`` is asked to do.
package struct RunsPlan: Sendable {
    /// The bounds of what may be asked.
    package enum Limits {
        package static let runs = 1...1_000_000
        package static let clients = 1...1000
        package static let podMilliseconds = 0...600_000
        package static let logLines = 0...200
    }

    package var runs = 5000
    /// How many submit at once.
    package var clients = 32
    /// Runs submitted a second, whatever becomes of those before; `nil`: each client submits as soon as it was answered.
    package var ratePerSecond: Double?
    /// How long each pod pretends to run.
    package var podMilliseconds = 100
    /// How many lines each run logs.
    package var logLines = 10
    /// How long the last run may take after it was submitted.
    package var endLimit: Duration = .seconds(600)
    /// How long may pass after that until nothing is left of the runs but their history.
    package var settleLimit: Duration = .seconds(30)
    package var bars = Bars()

    package init() {}

    /// What must be reached.
    package struct Bars: Sendable {
        /// Runs a second through the whole lifecycle.
        package var runsPerSecond: Double?
        /// From a run's submission to its `running`, 99 of 100.
        package var runningP99Seconds: Double?

        package init() {}
    }
}
