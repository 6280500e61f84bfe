internal import KubernetesClient
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

    /// A request to remove a pod.
    struct Deletion: Sendable {
        var pod: PodKey
        var uid: String?
        var isForced: Bool
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

extension ClusterSupervisor.PodKey {
    init(_ pod: PodSnapshot) {
        self.init(namespace: pod.metadata.namespace ?? "default", name: pod.metadata.name)
    }
}
