internal import Observability

/// What a scheduler counts.
struct SchedulerMetrics: Sendable {
    let admitted: Counter
    let reports: Counter
    let staleReports: Counter
    let refusedReports: Counter
    let expiredLeases: Counter
    let repeatedHints: Counter
    let replaced: Counter
    let retried: Counter
    let lateEnds: Counter
    let unpaused: Counter
    let credentialChecks: Counter
    let deadLetters: Gauge
    let isLeader: Gauge
    let applySeconds: Histogram
    let tickDelay: Histogram
    private let registry: MetricsRegistry

    init(_ registry: MetricsRegistry) {
        self.registry = registry
        admitted = registry.counter("slipway_runs_admitted_total", help: "Runs moved from pending to ready.")
        reports = registry.counter("slipway_reports_total", help: "Placement reports received.")
        staleReports = registry.counter(
            "slipway_reports_stale_total",
            help: "Reports dropped because another lease held the run, or it was over."
        )
        refusedReports = registry.counter(
            "slipway_reports_refused_total",
            help: "Reports dropped because the database does not take what they hold."
        )
        expiredLeases = registry.counter(
            "slipway_leases_expired_total",
            help: "Runs whose lease was ended because its holder was silent."
        )
        repeatedHints = registry.counter(
            "slipway_hints_repeated_total",
            help: "Hints sent again because the first seemed lost."
        )
        replaced = registry.counter(
            "slipway_placements_lost_total",
            help: "Placements lost before user code ran, to be placed anew."
        )
        retried = registry.counter(
            "slipway_runs_retried_total",
            help: "Runs made because their job's policy lets them follow failed ones."
        )
        lateEnds = registry.counter(
            "slipway_late_ends_total",
            help: "Ends of placements that were given up, kept as evidence and not applied."
        )
        unpaused = registry.counter(
            "slipway_runs_unpaused_total",
            help: "Paused runs that wait again because what paused them is gone."
        )
        credentialChecks = registry.counter(
            "slipway_credential_checks_total",
            help: "Checks of credentials whose run has ended."
        )
        deadLetters = registry.gauge("slipway_dead_letters", help: "Messages that wait among the dead letters.")
        isLeader = registry.gauge("slipway_scheduler_leader", help: "1 while this process has the scheduling term.")
        tickDelay = registry.histogram(
            "slipway_schedule_delay_seconds",
            help: "From when a tick was due to when its run was made.",
            buckets: .latencySeconds
        )
        applySeconds = registry.histogram(
            "slipway_reports_apply_seconds",
            help: "Time of one transaction that applies reports.",
            buckets: .latencySeconds
        )
    }

    /// - Parameter outcome: `fired`, `caught_up`, or why they were skipped.
    func ticked(_ outcome: String, count: Int) {
        registry.counter(
            "slipway_schedule_ticks_total",
            help: "Ticks of schedules that were decided, by what became of them.",
            labels: ["outcome": outcome]
        ).increment(by: count)
    }

    func ended(_ state: String, count: Int = 1) {
        registry.counter(
            "slipway_runs_finished_total",
            help: "Runs that reached a terminal state.",
            labels: ["state": state]
        ).increment(by: count)
    }
}
