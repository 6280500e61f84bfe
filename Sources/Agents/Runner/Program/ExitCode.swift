internal import SlipwayCore

/// What the exit code of the runner tells, even if its stream was cut.
enum ExitCode {
    static let succeeded: Int32 = 0
    static let failedByUser: Int32 = 1
    static let failedByInfrastructure: Int32 = 2
    static let wrongUse: Int32 = 64
    /// As if SIGTERM had killed it.
    static let cancelled: Int32 = 143

    static func code(for summary: RunnerSummary) -> Int32 {
        switch summary.result {
        case .succeeded: succeeded
        case .cancelled: cancelled
        case .failed: summary.failure?.failureClass == .infrastructure ? failedByInfrastructure : failedByUser
        }
    }
}
