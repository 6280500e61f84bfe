/// A space of names inside a cluster.
package struct Namespace: KubernetesResource {
    package static let kind = "Namespace"
    package static let plural = "namespaces"
    package static let isNamespaced = false

    /// Whether the namespace is being removed.
    package struct Status: Codable, Hashable, Sendable {
        /// `Active` or `Terminating`.
        package var phase: String?

        /// A phase.
        package init(phase: String? = nil) { self.phase = phase }
    }

    package var metadata: ObjectMetadata
    package var status: Status?

    /// A namespace by its metadata.
    package init(metadata: ObjectMetadata, status: Status? = nil) {
        self.metadata = metadata
        self.status = status
    }
}

/// Plain configuration by key.
package struct ConfigMap: KubernetesResource {
    package static let kind = "ConfigMap"
    package static let plural = "configmaps"

    package var metadata: ObjectMetadata
    @OmittedWhenEmpty package var data: [String: String]
    package var immutable: Bool?

    /// A config map with text values.
    package init(metadata: ObjectMetadata, data: [String: String] = [:], immutable: Bool? = nil) {
        self.metadata = metadata
        self.data = data
        self.immutable = immutable
    }
}

/// A secret's existence, never its content: reads ask the server for the metadata alone, so the data does not travel.
package struct Secret: KubernetesResource {
    package static let kind = "Secret"
    package static let plural = "secrets"
    package static let isMetadataOnly = true

    package var metadata: ObjectMetadata
    /// For example `Opaque`. `nil` if the server sent the metadata alone.
    package var type: String?

    /// A secret by name and type.
    package init(metadata: ObjectMetadata, type: String? = nil) {
        self.metadata = metadata
        self.type = type
    }
}
