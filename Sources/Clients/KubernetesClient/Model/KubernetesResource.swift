/// A kind of object the API server stores.
package protocol KubernetesResource: Codable, Hashable, Sendable {
    /// The group and version, for example `v1` or `metrics.k8s.io/v1beta1`.
    static var apiVersion: String { get }
    /// The kind as manifests write it, for example `Pod`.
    static var kind: String { get }
    /// The lower-case plural in request paths, for example `pods`.
    static var plural: String { get }
    /// Whether objects live inside a namespace.
    static var isNamespaced: Bool { get }
    /// Whether only the metadata is ever asked for, so that the rest never travels.
    static var isMetadataOnly: Bool { get }

    /// The object's name, identity and version.
    var metadata: ObjectMetadata { get set }
}

extension KubernetesResource {
    package static var apiVersion: String { "v1" }
    package static var isNamespaced: Bool { true }
    package static var isMetadataOnly: Bool { false }
}

/// One page of a list.
package struct ResourceList<Resource: KubernetesResource>: Decodable, Hashable, Sendable {
    /// Where the list stands and how to go on.
    package struct Metadata: Codable, Hashable, Sendable {
        /// The version a watch may begin from; the same on every page of one list.
        @OmittedWhenEmpty package var resourceVersion: String
        /// Asks for the next page; `nil` or empty on the last one.
        package var `continue`: String?
        package var remainingItemCount: Int?

        /// A page's position.
        package init(resourceVersion: String = "", continue: String? = nil, remainingItemCount: Int? = nil) {
            self.resourceVersion = resourceVersion
            self.continue = `continue`
            self.remainingItemCount = remainingItemCount
        }
    }

    package var metadata: Metadata
    @OmittedWhenEmpty package var items: [Resource]

    /// A page made by hand, for tests of what consumes lists.
    package init(metadata: Metadata = Metadata(), items: [Resource] = []) {
        self.metadata = metadata
        self.items = items
    }

    /// The token of the next page, `nil` on the last one.
    package var nextPage: String? {
        guard let token = metadata.continue, !token.isEmpty else { return nil }
        return token
    }
}
