/// Where a task inside a run is. Run and task results are independent of each other.
package enum TaskState: String, Sendable, Hashable, CaseIterable, Codable {
    /// Known, not looked at yet. → `queued`, `skipped`, `upstream_failed`, `condition_failed`, `cancelled`; `succeeded`
    /// (carried over, no items), `failed` (its condition or items cannot be evaluated)
    case initial
    /// Its turn has come, nothing runs yet. → `running`, `cancelled`
    case queued
    /// Its code, or that of some of its items, executes. → `succeeded`, `failed`, `cancelled`, `queued` (another attempt)
    case running
    /// Ended well. Terminal.
    case succeeded
    /// Ended badly. Terminal.
    case failed
    /// Stopped because the run was. Terminal.
    case cancelled
    /// Never ran: a task it needs did not succeed. Terminal.
    case upstreamFailed = "upstream_failed"
    /// Never ran: its condition, or that of a task it needs, was not met. Terminal.
    case conditionFailed = "condition_failed"
    /// Never ran: its result was carried over, or the run started after it. Terminal.
    case skipped

    package var isTerminal: Bool {
        switch self {
        case .initial, .queued, .running: false
        case .succeeded, .failed, .cancelled, .upstreamFailed, .conditionFailed, .skipped: true
        }
    }
}
