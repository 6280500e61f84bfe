/// What a pod's containers used lately, from the metrics API.
package struct PodMetrics: KubernetesResource {
    package static let apiVersion = "metrics.k8s.io/v1beta1"
    package static let kind = "PodMetrics"
    package static let plural = "pods"

    /// One container's use, as quantities by resource name.
    package struct ContainerUsage: Codable, Hashable, Sendable {
        package var name: String
        @OmittedWhenEmpty package var usage: [String: String]

        /// A container's use.
        package init(name: String, usage: [String: String] = [:]) {
            self.name = name
            self.usage = usage
        }

        /// CPU in thousandths of a core.
        package var millicores: Int? { usage["cpu"].flatMap(Quantity.millicores) }

        /// Working set in bytes.
        package var memoryBytes: Int? { usage["memory"].flatMap(Quantity.bytes) }
    }

    package var metadata: ObjectMetadata
    package var timestamp: KubernetesTime?
    /// The length of the measurement as a Go duration, for example `15s`.
    package var window: String?
    @OmittedWhenEmpty package var containers: [ContainerUsage]

    /// Metrics made by hand, for tests of what reads metrics.
    package init(
        metadata: ObjectMetadata,
        timestamp: KubernetesTime? = nil,
        window: String? = nil,
        containers: [ContainerUsage] = []
    ) {
        self.metadata = metadata
        self.timestamp = timestamp
        self.window = window
        self.containers = containers
    }
}
