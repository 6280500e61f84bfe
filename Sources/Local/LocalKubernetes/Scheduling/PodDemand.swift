/// What a pod asks of a node.
package struct PodDemand: Sendable, Hashable {
    package struct Toleration: Sendable, Hashable {
        package var key: String
        package var isExists: Bool
        package var value: String
        package var effect: String

        func tolerates(_ taint: NodeCapacity.Taint) -> Bool {
            (effect.isEmpty || effect == taint.effect) && (key.isEmpty || key == taint.key)
                && (isExists || value == taint.value)
        }
    }

    package var milliCPU: Int64
    package var memoryBytes: Int64
    package var nodeSelector: [String: String]
    package var tolerations: Set<Toleration>
    /// A simulated pod that asked never to be placed.
    package var isImpossible = false

    package init(pod: JSONValue) {
        let spec = pod["spec"]
        milliCPU = Self.total(spec, "cpu").thousandths
        memoryBytes = Self.total(spec, "memory").units
        nodeSelector = spec?["nodeSelector"]?.textDictionary ?? [:]
        tolerations = Set(
            (spec?["tolerations"]?.elements ?? []).map {
                Toleration(
                    key: $0.text("key"),
                    isExists: $0.text("operator") == "Exists",
                    value: $0.text("value"),
                    effect: $0.text("effect")
                )
            }
        )
    }

    /// A pod needs the most of: each ordinary init container beside the sidecars started before it; all main
    /// containers beside all sidecars.
    private static func total(_ spec: JSONValue?, _ resource: String) -> Quantity {
        var sidecars: Int64 = 0
        var peak: Int64 = 0
        for container in spec?["initContainers"]?.elements ?? [] {
            let request = Self.request(container, resource)
            if container.text("restartPolicy") == "Always" {
                sidecars = sidecars.addingClamped(request)
                peak = max(peak, sidecars)
            } else {
                peak = max(peak, sidecars.addingClamped(request))
            }
        }
        let main = (spec?["containers"]?.elements ?? []).reduce(sidecars) {
            $0.addingClamped(Self.request($1, resource))
        }
        return Quantity(thousandths: max(peak, main))
    }

    private static func request(_ container: JSONValue, _ resource: String) -> Int64 {
        max(0, container[path: "resources", "requests", resource].flatMap(Quantity.init)?.thousandths ?? 0)
    }
}

extension Int64 {
    /// The sum, held at the ends of the range.
    fileprivate func addingClamped(_ other: Int64) -> Int64 {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? .max : sum
    }
}
