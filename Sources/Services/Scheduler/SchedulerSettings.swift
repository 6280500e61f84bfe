package import RunStore
package import SlipwayCore

/// How a scheduler works; all of it is configurable and printed by `--show-config`.
package struct SchedulerSettings: Sendable {
    package var lease = LeaseSettings()
    /// How often pending runs are looked for when no hint came.
    package var admissionInterval: Duration = .seconds(1)
    /// Order, ageing, shares and preemption.
    package var admission = AdmissionSettings()
    /// After so long past usage counts half.
    package var usageHalfLife: Duration = .seconds(86_400)
    /// How often what teams have used is kept.
    package var usageInterval: Duration = .seconds(15)
    /// How often silent processes are looked for. After a longer pause than three of these between two looks, every process
    /// first gets a whole time to live.
    package var leaseSweepInterval: Duration = .seconds(1)
    /// How often forgotten hints are looked at.
    package var sweepInterval: Duration = .seconds(5)
    /// A ready run, or one without supervisor, is hinted again after this long.
    package var hintAge: Duration = .seconds(5)
    /// Report messages applied in one transaction.
    package var reportBatch = 200
    /// Schedules are looked at after this long at the latest.
    package var scheduleInterval: Duration = .seconds(5)
    /// How often teams are charged for what their runs take.
    package var chargeInterval: Duration = .seconds(15)
    /// How often paused runs whose team has credits again, and checks of credentials, are looked for.
    package var teamInterval: Duration = .seconds(1)
    /// How often the states of clusters are derived from their health.
    package var clusterInterval: Duration = .seconds(1)
    /// When a cluster counts as failed, and when as healthy again.
    package var clusterHealth = ClusterHealthRules()
    /// Runs that could not be moved to another cluster are looked at again this often.
    package var moveInterval: Duration = .seconds(10)

    package init() {}
}
