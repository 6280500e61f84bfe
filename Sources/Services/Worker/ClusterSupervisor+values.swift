internal import KubernetesClient
internal import Placement
internal import RunMessaging
internal import SlipwayCore

extension ClusterSupervisor {
    typealias Lease = SuperviseHint.Lease

    /// A pod's name within its cluster.
    struct PodKey: Hashable, Comparable, Sendable {
        var namespace: String
        var name: String

        static func < (left: PodKey, right: PodKey) -> Bool {
            (left.namespace, left.name) < (right.namespace, right.name)
        }
    }

    /// Under which a placement's use is stored.
    struct Placed: Hashable, Sendable {
        var lease: Lease
        var placement: Int
    }

    /// A request to read a pod beside the watch.
    struct Lookup: Sendable {
        var run: RunID
        var pod: PodKey
        /// The API server is asked after this.
        var askedAt: Timestamp
    }

    /// A request to remove a pod.
    struct Deletion: Sendable {
        var pod: PodKey
        var uid: String?
        var isForced: Bool
    }

    /// A pod that nothing in this process wants: another worker's, a stray or an orphan.
    struct Unclaimed: Hashable, Sendable {
        var pod: PodKey
        var uid: String?
        var run: RunID
        var placement: Int
        var createdAt: Timestamp?
        /// `nil` for a pod made before pods carried it.
        var installation: String?
    }

    /// A stream to be followed.
    struct Following: Sendable {
        enum Source: Sendable { case runner, sail }
        /// Under which the stream is wanted: after another adoption it is followed anew.
        var lease: Lease
        var pod: PodKey
        var source: Source
    }

    /// How one reading of a stream ended.
    enum StreamEnding: Sendable {
        /// It came to its end, or nobody wants it.
        case complete
        /// The connection broke, or the stream could not be opened.
        case broken
        case podGone
    }
}

extension ClusterSupervisor.Unclaimed {
    /// `nil` for a pod that no run is named on.
    init?(_ pod: PodSnapshot) {
        let metadata = pod.metadata
        guard let owner = PodNaming.owner(of: metadata) else { return nil }
        self.init(
            pod: ClusterSupervisor.PodKey(pod),
            uid: metadata.uid,
            run: owner.run,
            placement: owner.placement,
            createdAt: metadata.creationTimestamp.map {
                Timestamp(microsecondsSince1970: $0.microsecondsSince1970)
            },
            installation: metadata.labels[PodNaming.installationLabel]
        )
    }
}

extension ClusterSupervisor.PodKey {
    init(_ pod: PodSnapshot) {
        self.init(namespace: pod.metadata.namespace ?? "default", name: pod.metadata.name)
    }
}
