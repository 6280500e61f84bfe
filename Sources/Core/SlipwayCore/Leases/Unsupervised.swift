/// A run whose lease ended, or that waits for a supervisor for too long.
package struct Unsupervised: Sendable, Hashable {
    package var id: RunID
    package var cluster: String
    /// The epoch at which another process may adopt it.
    package var leaseEpoch: Int64

    package init(id: RunID, cluster: String, leaseEpoch: Int64) {
        self.id = id
        self.cluster = cluster
        self.leaseEpoch = leaseEpoch
    }
}
