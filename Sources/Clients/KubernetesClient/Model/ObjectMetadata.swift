/// What every Kubernetes object carries about itself.
package struct ObjectMetadata: Codable, Hashable, Sendable {
    @OmittedWhenEmpty package var name: String
    package var generateName: String?
    package var namespace: String?
    package var uid: String?
    @OmittedWhenEmpty package var labels: [String: String]
    @OmittedWhenEmpty package var annotations: [String: String]
    package var resourceVersion: String?
    package var creationTimestamp: KubernetesTime?
    package var deletionTimestamp: KubernetesTime?
    package var deletionGracePeriodSeconds: Int?
    @OmittedWhenEmpty package var ownerReferences: [OwnerReference]
    @OmittedWhenEmpty package var finalizers: [String]

    /// Metadata of an object to be created needs a name or `generateName`; the server sets the rest.
    package init(
        name: String = "",
        generateName: String? = nil,
        namespace: String? = nil,
        uid: String? = nil,
        labels: [String: String] = [:],
        annotations: [String: String] = [:],
        resourceVersion: String? = nil,
        creationTimestamp: KubernetesTime? = nil,
        deletionTimestamp: KubernetesTime? = nil,
        deletionGracePeriodSeconds: Int? = nil,
        ownerReferences: [OwnerReference] = [],
        finalizers: [String] = []
    ) {
        self.name = name
        self.generateName = generateName
        self.namespace = namespace
        self.uid = uid
        self.labels = labels
        self.annotations = annotations
        self.resourceVersion = resourceVersion
        self.creationTimestamp = creationTimestamp
        self.deletionTimestamp = deletionTimestamp
        self.deletionGracePeriodSeconds = deletionGracePeriodSeconds
        self.ownerReferences = ownerReferences
        self.finalizers = finalizers
    }
}

/// The object whose deletion takes this one along.
package struct OwnerReference: Codable, Hashable, Sendable {
    package var apiVersion: String
    package var kind: String
    package var name: String
    package var uid: String
    package var controller: Bool?
    package var blockOwnerDeletion: Bool?

    /// An owner in the same namespace, or a cluster-wide one.
    package init(
        apiVersion: String,
        kind: String,
        name: String,
        uid: String,
        controller: Bool? = nil,
        blockOwnerDeletion: Bool? = nil
    ) {
        self.apiVersion = apiVersion
        self.kind = kind
        self.name = name
        self.uid = uid
        self.controller = controller
        self.blockOwnerDeletion = blockOwnerDeletion
    }
}
