/// A machine of the cluster.
package struct Node: KubernetesResource {
    package static let kind = "Node"
    package static let plural = "nodes"
    package static let isNamespaced = false

    package var metadata: ObjectMetadata
    package var spec: NodeSpec?
    package var status: NodeStatus?

    /// A node made by hand, for tests of what reads nodes.
    package init(metadata: ObjectMetadata, spec: NodeSpec? = nil, status: NodeStatus? = nil) {
        self.metadata = metadata
        self.spec = spec
        self.status = status
    }
}

/// What an operator set on a node.
package struct NodeSpec: Codable, Hashable, Sendable {
    package var unschedulable: Bool?
    @OmittedWhenEmpty package var taints: [Taint]
    package var providerID: String?

    /// A specification.
    package init(unschedulable: Bool? = nil, taints: [Taint] = [], providerID: String? = nil) {
        self.unschedulable = unschedulable
        self.taints = taints
        self.providerID = providerID
    }
}

/// Keeps pods off a node unless they tolerate it.
package struct Taint: Codable, Hashable, Sendable {
    package var key: String
    package var value: String?
    package var effect: String
    package var timeAdded: KubernetesTime?

    /// A taint.
    package init(key: String, value: String? = nil, effect: String, timeAdded: KubernetesTime? = nil) {
        self.key = key
        self.value = value
        self.effect = effect
        self.timeAdded = timeAdded
    }
}

/// What a node reports about itself.
package struct NodeStatus: Codable, Hashable, Sendable {
    /// One aspect of a node's state.
    package struct Condition: Codable, Hashable, Sendable {
        /// For example `Ready`, `MemoryPressure`.
        package var type: String
        package var status: String
        package var reason: String?
        package var message: String?
        package var lastHeartbeatTime: KubernetesTime?
        package var lastTransitionTime: KubernetesTime?

        /// A condition.
        package init(
            type: String,
            status: String,
            reason: String? = nil,
            message: String? = nil,
            lastHeartbeatTime: KubernetesTime? = nil,
            lastTransitionTime: KubernetesTime? = nil
        ) {
            self.type = type
            self.status = status
            self.reason = reason
            self.message = message
            self.lastHeartbeatTime = lastHeartbeatTime
            self.lastTransitionTime = lastTransitionTime
        }
    }

    /// What pods may use, as quantities by resource name.
    @OmittedWhenEmpty package var allocatable: [String: String]
    @OmittedWhenEmpty package var capacity: [String: String]
    @OmittedWhenEmpty package var conditions: [Condition]

    /// A status.
    package init(
        allocatable: [String: String] = [:],
        capacity: [String: String] = [:],
        conditions: [Condition] = []
    ) {
        self.allocatable = allocatable
        self.capacity = capacity
        self.conditions = conditions
    }
}
