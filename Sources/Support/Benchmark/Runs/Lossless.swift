internal import SlipwayCore

/// Whether every acknowledged run is there exactly once, succeeded, and nothing is left over.
package struct Lossless: Codable, Sendable, Equatable {
    package var acknowledged = 0
    package var succeeded = 0
    /// Ids that the API gave out twice.
    package var duplicates = 0
    /// Acknowledged runs that are nowhere.
    package var missing = 0
    /// Acknowledged runs in another terminal state, by state and reason.
    package var endedOtherwise: [String: Int] = [:]
    /// Runs that are not over, or are live and finished at once.
    package var live = 0
    /// Runs of the job that nobody was told of: their acknowledgement was lost.
    package var unacknowledged = 0
    /// Runs that needed more than one placement; no loss.
    package var placedAgain = 0
    package var logLines = 0
    package var expectedLogLines = 0
    /// Pods left after the bound, as the database and the cluster know them.
    package var cleanupsLeft = 0
    package var podsLeft = 0
    /// From the end of the last run until nothing was left.
    package var settleSeconds = 0.0

    package init() {}

    /// What was lost or is left, in words; empty if nothing.
    package var offences: [String] {
        var offences = endedOtherwise.sorted { $0.key < $1.key }.map { "\($0.value) runs ended as \($0.key)" }
        let counts = [
            (duplicates, "ids were given twice"), (missing, "acknowledged runs are nowhere"),
            (live, "runs are still live"), (expectedLogLines - logLines, "log lines are missing"),
            (cleanupsLeft, "pods are still to be removed"), (podsLeft, "pods are left"),
        ]
        offences += counts.filter { $0.0 != 0 }.map { "\($0.0) \($0.1)" }
        return offences
    }

    package var isHeld: Bool { offences.isEmpty && succeeded == acknowledged }
}

extension Lossless {
    /// Compares what the API acknowledged with what the database holds.
    static func check(_ acknowledged: [RunID], _ ledger: RunLedger, logLinesARun: Int) async throws -> Lossless {
        var lossless = Lossless()
        let ids = Array(Set(acknowledged))
        lossless.acknowledged = acknowledged.count
        lossless.duplicates = acknowledged.count - ids.count
        let ends = try await ledger.ends(of: ids)
        let live = try await ledger.live(of: ids)
        for end in ends {
            if end.placement > 1 { lossless.placedAgain += 1 }
            if end.state == .succeeded {
                lossless.succeeded += 1
            } else {
                lossless.endedOtherwise["\(end.state.rawValue) (\(end.reason))", default: 0] += 1
            }
        }
        lossless.missing = Set(ids).subtracting(ends.map(\.id)).subtracting(live).count
        let whole = try await ledger.progress()
        lossless.live = max(live.count, whole.live)
        lossless.unacknowledged = whole.finished + whole.live - ends.count - live.count
        lossless.logLines = try await ledger.logLines(of: ids)
        lossless.expectedLogLines = ends.count * logLinesARun
        return lossless
    }
}
