package import SlipwayCore

/// A live process that holds leases.
package struct Holder: Sendable, Hashable {
    package enum Kind: String, Sendable, Hashable, CaseIterable { case scheduler, dispatcher, worker }

    package var id: HolderID
    package var kind: Kind
    /// For people: host name and process id.
    package var name: String
    package var version: String
    /// The clusters it serves; empty for a scheduler.
    package var clusters: [String]

    package init(id: HolderID, kind: Kind, name: String, version: String, clusters: [String]) {
        self.id = id
        self.kind = kind
        self.name = name
        self.version = version
        self.clusters = clusters
    }
}

/// How long leases hold.
package struct LeaseSettings: Sendable, Hashable {
    /// A holder that did not renew for this long is dead.
    package var timeToLive: Duration
    package var heartbeat: Duration
    /// A holder stops writing this long before its lease would end.
    package var margin: Duration

    package init(
        timeToLive: Duration = .seconds(15),
        heartbeat: Duration = .seconds(5),
        margin: Duration = .seconds(3)
    ) {
        self.timeToLive = timeToLive
        self.heartbeat = heartbeat
        self.margin = margin
    }
}
