package import SlipwayCore

/// The names of exchanges, queues and routing keys, under a prefix so that several Slipways can share a broker.
package struct MessageNames: Sendable, Hashable {
    package let prefix: String

    package init(prefix: String = "slipway") { self.prefix = prefix }

    /// Direct exchange of the work queues.
    package var work: String { "\(prefix).work" }
    /// Direct exchange for messages to one process or one kind of process.
    package var control: String { "\(prefix).control" }
    /// Where rejected messages go, and the queue that keeps them for an operator.
    package var dead: String { "\(prefix).dead" }
    package var deadLetters: String { "\(prefix).dead-letters" }

    package func dispatch(_ cluster: String) -> String { "\(prefix).dispatch.\(cluster)" }
    package func supervise(_ cluster: String) -> String { "\(prefix).supervise.\(cluster)" }
    package var reports: String { "\(prefix).reports" }

    /// The control queue of one process.
    package func controlQueue(_ holder: HolderID) -> String { "\(prefix).control.\(holder)" }
    package func holderKey(_ holder: HolderID) -> String { "holder.\(holder)" }
    /// Every scheduler listens to it.
    package static let schedulersKey = "schedulers"
}
