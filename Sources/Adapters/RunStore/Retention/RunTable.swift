package import SlipwayCore

/// The tables with the history of runs, each divided by the month in which the runs were made.
package enum RunTable: String, Sendable, CaseIterable {
    case events = "run_events"
    case tasks = "run_tasks"
    case warnings = "run_warnings"
    case outputs = "run_outputs"
    case usage = "run_usage_chunks"
    case plans = "run_plans"
    case placements = "run_placements"
    case misses = "sla_misses"
    /// Last: what belongs to a run never outlives it.
    case runs = "finished_runs"

    /// The column with the run's id.
    var key: String { self == .runs ? "id" : "run_id" }

    /// What its rows count as.
    package var kind: RetentionKind {
        switch self {
        case .events: .events
        case .tasks, .warnings: .tasks
        case .outputs: .outputs
        case .usage: .metrics
        case .plans, .placements, .misses, .runs: .runs
        }
    }
}

extension RetentionKind {
    /// The tables divided by month that hold it.
    var runTables: [RunTable] { RunTable.allCases.filter { $0.kind == self } }
}
