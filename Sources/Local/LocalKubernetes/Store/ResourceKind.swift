/// The kinds of object the store keeps.
package enum ResourceKind: String, Sendable, Hashable, CaseIterable {
    case namespaces, nodes, pods, events, configmaps, secrets, serviceaccounts

    package var plural: String { rawValue }

    package var kind: String {
        switch self {
        case .namespaces: "Namespace"
        case .nodes: "Node"
        case .pods: "Pod"
        case .events: "Event"
        case .configmaps: "ConfigMap"
        case .secrets: "Secret"
        case .serviceaccounts: "ServiceAccount"
        }
    }

    package var singular: String { kind.lowercased() }

    package var shortNames: [String] {
        switch self {
        case .namespaces: ["ns"]
        case .nodes: ["no"]
        case .pods: ["po"]
        case .events: ["ev"]
        case .configmaps: ["cm"]
        case .secrets: []
        case .serviceaccounts: ["sa"]
        }
    }

    /// The core group has no name.
    package var group: String { "" }
    package var apiVersion: String { "v1" }
    package var qualifiedPlural: String { plural }
    package var qualifiedKind: String { kind }

    package var isNamespaced: Bool { self != .namespaces && self != .nodes }

    package var hasStatus: Bool { self == .namespaces || self == .nodes || self == .pods }

    /// The fields a list or watch may be narrowed by.
    package var selectableFields: Set<String> {
        let common: Set = ["metadata.name", "metadata.namespace"]
        switch self {
        case .pods:
            return common.union([
                "spec.nodeName", "spec.restartPolicy", "spec.schedulerName", "spec.serviceAccountName",
                "spec.hostNetwork", "status.phase", "status.podIP", "status.nominatedNodeName",
            ])
        case .events:
            return common.union([
                "involvedObject.kind", "involvedObject.namespace", "involvedObject.name", "involvedObject.uid",
                "involvedObject.apiVersion", "involvedObject.resourceVersion", "involvedObject.fieldPath", "reason",
                "reportingComponent", "source", "type",
            ])
        case .nodes: return ["metadata.name", "spec.unschedulable"]
        case .namespaces: return ["metadata.name", "status.phase"]
        case .secrets: return common.union(["type"])
        case .configmaps, .serviceaccounts: return common
        }
    }
}
