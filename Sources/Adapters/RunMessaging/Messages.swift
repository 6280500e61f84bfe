package import SlipwayCore

// What the processes tell each other. Each message is a hint: losing or repeating one costs time, never a fact.

/// To the dispatchers of a cluster: runs are ready.
package struct DispatchHint: Sendable, Hashable, Codable {
    /// About how many; a dispatcher claims what there is.
    package var runs: Int

    package init(runs: Int) { self.runs = runs }
}

/// To the workers of a cluster: these runs want a supervisor.
package struct SuperviseHint: Sendable, Hashable, Codable {
    package struct Lease: Sendable, Hashable, Codable {
        package var run: RunID
        /// The epoch the run had when this was written; a worker adopts it at this epoch only.
        package var epoch: Int64

        package init(run: RunID, epoch: Int64) {
            self.run = run
            self.epoch = epoch
        }
    }

    package var leases: [Lease]

    package init(leases: [Lease]) { self.leases = leases }
}

/// To the schedulers: what a worker, or a dispatcher that could not place, has observed.
package struct ReportMessage: Sendable, Hashable, Codable {
    package var reports: [PlacementReport]

    package init(reports: [PlacementReport]) { self.reports = reports }
}

/// To one process, or to every scheduler.
package struct ControlMessage: Sendable, Hashable, Codable {
    /// New runs wait for admission.
    package var admit: Bool?
    /// Someone asked to cancel these.
    package var cancel: [RunID]?
    /// What was placed under these leases is over, or was given up: its pods may go.
    package var settled: [SuperviseHint.Lease]?

    /// Someone took these leases away without ending the runs: they are not to be supervised any more.
    package var released: [SuperviseHint.Lease]?
    /// Schedules were made or changed.
    package var schedules: Bool?

    package init(
        admit: Bool? = nil,
        cancel: [RunID]? = nil,
        settled: [SuperviseHint.Lease]? = nil,
        released: [SuperviseHint.Lease]? = nil,
        schedules: Bool? = nil
    ) {
        self.admit = admit
        self.schedules = schedules
        self.cancel = cancel
        self.settled = settled
        self.released = released
    }
}
