/// One or more containers scheduled together onto a node.
package struct Pod: KubernetesResource {
    package static let kind = "Pod"
    package static let plural = "pods"

    package var metadata: ObjectMetadata
    package var spec: PodSpec
    package var status: PodStatus?

    /// A pod to be created has no status.
    package init(metadata: ObjectMetadata, spec: PodSpec, status: PodStatus? = nil) {
        self.metadata = metadata
        self.spec = spec
        self.status = status
    }
}

/// The part of a pod that tells what became of it: a watch of thousands of pods decodes this at a fraction of the
/// cost of `Pod`, because container definitions are skipped unread.
package struct PodSnapshot: KubernetesResource {
    package static let kind = "Pod"
    package static let plural = "pods"

    /// The two facts of the specification that an observer needs.
    package struct Placement: Codable, Hashable, Sendable {
        package var nodeName: String?
        package var terminationGracePeriodSeconds: Int?

        /// Where the pod was put.
        package init(nodeName: String? = nil, terminationGracePeriodSeconds: Int? = nil) {
            self.nodeName = nodeName
            self.terminationGracePeriodSeconds = terminationGracePeriodSeconds
        }
    }

    package var metadata: ObjectMetadata
    package var spec: Placement?
    package var status: PodStatus?

    /// The node the pod is bound to; `nil` until it is scheduled.
    package var nodeName: String? { spec?.nodeName }

    /// A snapshot made by hand, for tests of what reads snapshots.
    package init(metadata: ObjectMetadata, spec: Placement? = nil, status: PodStatus? = nil) {
        self.metadata = metadata
        self.spec = spec
        self.status = status
    }

    /// What a full pod says about its fate.
    package init(_ pod: Pod) {
        self.init(
            metadata: pod.metadata,
            spec: Placement(
                nodeName: pod.spec.nodeName,
                terminationGracePeriodSeconds: pod.spec.terminationGracePeriodSeconds
            ),
            status: pod.status
        )
    }
}
