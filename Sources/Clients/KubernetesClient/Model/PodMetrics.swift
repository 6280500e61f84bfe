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

    /// ``window`` in seconds; `nil` if it is absent or in another form.
    package var windowSeconds: Double? { window.flatMap(Self.seconds) }

    private static let units: [(suffix: String, seconds: Double)] = [
        ("ms", 1e-3), ("us", 1e-6), ("µs", 1e-6), ("ns", 1e-9), ("h", 3600), ("m", 60), ("s", 1),
    ]

    /// A Go duration: numbers with units one after the other, such as `1m12.5s`.
    private static func seconds(_ text: String) -> Double? {
        var rest = Substring(text)
        guard !rest.isEmpty else { return nil }
        var total = 0.0
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
            rest = rest.dropFirst(digits.count)
            guard let number = Double(digits), let unit = units.first(where: { rest.hasPrefix($0.suffix) }) else {
                return nil
            }
            rest = rest.dropFirst(unit.suffix.count)
            total += number * unit.seconds
        }
        return total.isFinite ? total : nil
    }
}
