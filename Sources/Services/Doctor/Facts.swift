package import RunMessaging
package import RunStore
package import SlipwayCore

/// Something that was read, or why it was not.
package enum Gathered<Value: Sendable>: Sendable {
    case found(Value)
    /// It was looked for in vain; the text may be shown.
    case failed(String)
    /// It was not looked for, because it is not known where or something else was missing.
    case skipped(String)

    package var value: Value? {
        if case .found(let value) = self { value } else { nil }
    }
}

/// Everything an examination has read, at one look.
package struct Facts: Sendable {
    /// A pod that carries this installation's label.
    package struct SeenPod: Sendable, Hashable {
        package var namespace: String
        package var name: String
        package var run: RunID
        package var placement: Int

        package init(namespace: String, name: String, run: RunID, placement: Int) {
            self.namespace = namespace
            self.name = name
            self.run = run
            self.placement = placement
        }
    }

    /// A verb on a resource in a namespace, and whether it is allowed.
    package struct Permission: Sendable, Hashable {
        package var text: String
        package var isAllowed: Bool

        package init(text: String, isAllowed: Bool) {
            self.text = text
            self.isAllowed = isAllowed
        }
    }

    /// How far another clock is ahead of this machine's.
    package struct ClockReading: Sendable, Hashable {
        package var name: String
        package var ahead: Duration
        /// By how much `ahead` may be wrong, for the way of the answer and the clock's resolution.
        package var uncertainty: Duration

        package init(name: String, ahead: Duration, uncertainty: Duration) {
            self.name = name
            self.ahead = ahead
            self.uncertainty = uncertainty
        }
    }

    /// This program's version.
    package var version: String
    /// The cluster whose pods were looked at.
    package var cluster: String
    package var schema: Gathered<MigrationStatus>
    package var store: Gathered<StoreInspection>
    package var pods: Gathered<[SeenPod]>
    /// What the database knows of `pods`.
    package var standings: Gathered<[PodStanding]>
    package var permissions: Gathered<[Permission]>
    package var broker: Gathered<BrokerInspection>
    package var clocks: [Gathered<ClockReading>]

    package init(
        version: String,
        cluster: String,
        schema: Gathered<MigrationStatus>,
        store: Gathered<StoreInspection>,
        pods: Gathered<[SeenPod]>,
        standings: Gathered<[PodStanding]>,
        permissions: Gathered<[Permission]>,
        broker: Gathered<BrokerInspection>,
        clocks: [Gathered<ClockReading>]
    ) {
        self.version = version
        self.cluster = cluster
        self.schema = schema
        self.store = store
        self.pods = pods
        self.standings = standings
        self.permissions = permissions
        self.broker = broker
        self.clocks = clocks
    }
}

/// From when on something counts as wrong.
package struct DoctorLimits: Sendable {
    /// A run without a supervisor is looked after by hints; without one for this long nobody sends them.
    package var hintSilence: Duration = .seconds(30)
    /// How long a waiting run need not say why.
    package var waiting: Duration = .seconds(30)
    /// How long a run's pod may be out of sight.
    package var podAbsence: Duration = .seconds(30)
    /// How long a pod may take to go before it is worth a look, and before something is wrong.
    package var cleanupWarning: Duration = .seconds(600)
    package var cleanupViolation: Duration = .seconds(3600)
    /// How long ago leases may have been looked at.
    package var sweepWarning: Duration = .seconds(10)
    package var sweepViolation: Duration = .seconds(60)
    package var skewWarning: Duration = .seconds(1)
    package var skewViolation: Duration = .seconds(5)
    /// Subjects a check names at most; the rest is counted.
    package var subjects = 100
    /// Between the two looks at what seems wrong.
    package var confirmation: Duration = .seconds(2)

    package init() {}
}
