internal import SlipwayCore

/// The pods of this installation whose run the database does not know: since when each is seen so, and which are being removed.
///
/// A value: time comes in as parameters. An orphan is removed once it is old enough by its creation and was seen so for long
/// enough by this process; either clock alone may be wrong.
struct OrphanPods: Sendable {
    typealias Unclaimed = ClusterSupervisor.Unclaimed

    private struct Identity: Hashable, Sendable {
        var pod: ClusterSupervisor.PodKey
        var uid: String?
    }

    private var seenSince: [Identity: ContinuousClock.Instant] = [:]
    private var removing: Set<Identity> = []

    /// How many were seen the last time.
    var count: Int { seenSince.count }

    /// Takes all orphans there are now; what is not among them is none any more.
    ///
    /// - Parameters:
    ///   - instant: for how long a pod was seen as an orphan.
    ///   - now: for the pod's age.
    /// - Returns: those to remove now.
    mutating func look(
        _ orphans: [Unclaimed],
        instant: ContinuousClock.Instant,
        now: Timestamp,
        delay: Duration
    ) -> [Unclaimed] {
        let before = seenSince
        seenSince = [:]
        var due: [Unclaimed] = []
        for orphan in orphans {
            let identity = Identity(pod: orphan.pod, uid: orphan.uid)
            let since = before[identity] ?? instant
            seenSince[identity] = since
            guard let createdAt = orphan.createdAt, since.duration(to: instant) >= delay, createdAt + delay <= now
            else {
                continue
            }
            removing.insert(identity)
            due.append(orphan)
        }
        return due
    }

    /// A pod is gone.
    ///
    /// - Returns: whether it was an orphan that this process had asked to remove.
    mutating func forget(_ pod: ClusterSupervisor.PodKey, uid: String?) -> Bool {
        let identity = Identity(pod: pod, uid: uid)
        seenSince[identity] = nil
        return removing.remove(identity) != nil
    }
}
