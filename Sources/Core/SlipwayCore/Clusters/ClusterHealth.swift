/// How one process that serves a cluster found it when it looked last.
package struct ClusterReport: Sendable, Hashable {
    package var isHealthy: Bool
    /// Since when it finds it so.
    package var since: Timestamp
    package var checkedAt: Timestamp
    /// When it was healthy last; `nil`: never.
    package var healthyAt: Timestamp?
    /// What was wrong.
    package var message: String?

    package init(
        isHealthy: Bool,
        since: Timestamp,
        checkedAt: Timestamp,
        healthyAt: Timestamp? = nil,
        message: String? = nil
    ) {
        self.isHealthy = isHealthy
        self.since = since
        self.checkedAt = checkedAt
        self.healthyAt = healthyAt
        self.message = message
    }
}

/// When a cluster counts as failed, and when as healthy again.
package struct ClusterHealthRules: Sendable, Hashable {
    /// An older report says nothing any more.
    package var reportAge: Duration
    /// An active cluster that nobody found healthy for so long has failed.
    package var failureDelay: Duration
    /// A failed cluster is active again once somebody found it healthy for so long without a break.
    package var recoveryDelay: Duration

    package init(
        reportAge: Duration = .seconds(15),
        failureDelay: Duration = .seconds(30),
        recoveryDelay: Duration = .seconds(5)
    ) {
        self.reportAge = reportAge
        self.failureDelay = failureDelay
        self.recoveryDelay = recoveryDelay
    }
}

/// What there is to know of a cluster when its state is decided.
package struct ClusterCondition: Sendable, Hashable {
    package var name: String
    package var wanted: WantedCluster
    package var state: AdmissionCluster.State
    package var message: String?
    package var reports: [ClusterReport]

    package init(
        name: String,
        wanted: WantedCluster = .active,
        state: AdmissionCluster.State = .active,
        message: String? = nil,
        reports: [ClusterReport] = []
    ) {
        self.name = name
        self.wanted = wanted
        self.state = state
        self.message = message
        self.reports = reports
    }

    /// The state it should be in now, and what is to be said of it.
    ///
    /// What operators want comes first. Beyond that one healthy report of a live process is enough to be active; the way to
    /// `failed` and back takes a while, so that a short trouble moves nothing. Nobody's silence counts before `watchedSince`.
    ///
    /// - Parameters:
    ///   - watchedSince: since when whoever decides has looked without a break.
    package func decided(
        at now: Timestamp,
        watchedSince: Timestamp,
        rules: ClusterHealthRules
    ) -> (state: AdmissionCluster.State, message: String?) {
        let fresh = reports.filter { now - $0.checkedAt <= rules.reportAge }
        let healthy = fresh.filter(\.isHealthy)
        let trouble = healthy.isEmpty ? Self.trouble(fresh) : nil
        switch wanted {
        case .draining: return (.draining, trouble)
        case .destroying: return (.destroying, trouble)
        case .active: break
        }
        switch state {
        case .provisioning:
            return healthy.isEmpty ? (.provisioning, trouble) : (.active, nil)
        case .active:
            guard healthy.isEmpty else { return (.active, nil) }
            let last = max(reports.compactMap(\.healthyAt).max() ?? watchedSince, watchedSince)
            return now - last >= rules.failureDelay ? (.failed, trouble) : (.active, nil)
        case .failed:
            let isSteady = healthy.contains { now - $0.since >= rules.recoveryDelay }
            return isSteady ? (.active, nil) : (.failed, healthy.isEmpty ? trouble : message)
        case .draining, .destroying:
            return healthy.isEmpty ? (.failed, trouble) : (.active, nil)
        }
    }

    private static func trouble(_ fresh: [ClusterReport]) -> String {
        guard let latest = fresh.max(by: { $0.checkedAt < $1.checkedAt }) else {
            return "no dispatcher or worker that serves it is alive"
        }
        return latest.message ?? "its API server does not answer"
    }
}
