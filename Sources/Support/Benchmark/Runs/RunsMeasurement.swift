internal import FoundationEssentials

/// Everything that was measured, before it is turned into figures.
struct RunsMeasurement: Sendable {
    let plan: RunsPlan
    let isSimulated: Bool
    /// The database's clock before the first submission, in microseconds since 1970.
    var begin: Int64 = 0
    var submission = RunSubmitter.Outcome()
    var times: [RunLedger.Times] = []
    var readyToPodCreated = PrometheusHistogram()
    var processes: [ProcessUsage] = []
    var costs = CostsARun()
    var lossless = Lossless()
}

/// What the servers did for one run, on average.
package struct CostsARun: Codable, Sendable, Equatable {
    /// Read-only transactions and the services' own housekeeping included.
    package var commits = 0.0
    package var writeTransactions = 0.0
    package var walBytes = 0.0
    /// By type.
    package var messages: [String: Double] = [:]
    /// Lines that the processes wrote to their own logs.
    package var processLogLines = 0.0

    package var allMessages: Double { messages.values.reduce(0, +) }

    package init() {}

    init(from before: ServerCounters, to after: ServerCounters, runs: Int) {
        let count = Double(max(1, runs))
        commits = Double(after.commits - before.commits - (after.ownCommits - before.ownCommits)) / count
        writeTransactions = Double(after.writeTransactions - before.writeTransactions) / count
        walBytes = Double(after.walBytes - before.walBytes) / count
        messages = ServerCounters.growth(
            of: "slipway_messages_published_total",
            by: "type",
            from: before,
            to: after
        ).mapValues { $0 / count }
        processLogLines = Double(before.loggedLines()) / count
    }
}
