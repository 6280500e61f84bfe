/// Fills in what a pod leaves out, as the API server does.
enum PodDefaults {
    static func apply(to pod: inout JSONValue) {
        pod.updateObject("spec") { spec in
            spec.setDefault("restartPolicy", "Always")
            spec.setDefault("terminationGracePeriodSeconds", 30)
            spec.setDefault("dnsPolicy", "ClusterFirst")
            spec.setDefault("serviceAccountName", "default")
            spec.setDefault("serviceAccount", spec["serviceAccountName"] ?? "default")
            spec.setDefault("securityContext", [:])
            spec.setDefault("schedulerName", "default-scheduler")
            spec.setDefault("priority", 0)
            spec.setDefault("enableServiceLinks", true)
            spec.setDefault("preemptionPolicy", "PreemptLowerPriority")
            addTolerations(&spec)
            for list in ["initContainers", "containers"] {
                spec.updateElements(list) { container in applyToContainer(&container) }
            }
            spec.updateElements("volumes") { volume in applyToVolume(&volume) }
        }
        let quality = qualityOfService(pod["spec"])
        pod.updateStatus { status in
            status.setDefault("phase", "Pending")
            status.setDefault("qosClass", .string(quality))
        }
    }

    private static func addTolerations(_ spec: inout JSONValue) {
        var tolerations = spec["tolerations"]?.elements ?? []
        for key in ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"]
        where !tolerations.contains(where: { $0.text("key") == key || $0.text("key").isEmpty }) {
            tolerations.append(
                ["key": .string(key), "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300])
        }
        spec["tolerations"] = .array(tolerations)
    }

    private static func applyToContainer(_ container: inout JSONValue) {
        container.updateObject("resources") { resources in
            guard let limits = resources["limits"]?.object, !limits.isEmpty else { return }
            resources.updateObject("requests") { requests in
                for (key, value) in limits { requests.setDefault(key, value) }
            }
        }
        container.setDefault("terminationMessagePath", "/dev/termination-log")
        container.setDefault("terminationMessagePolicy", "File")
        let image = container.text("image")
        let tag = image.split(separator: "/").last.flatMap { $0.splitOnce(":")?.1 }
        let isFloating = !image.contains("@") && (tag == nil || tag == "latest")
        container.setDefault("imagePullPolicy", isFloating ? "Always" : "IfNotPresent")
        container.updateElements("ports") { $0.setDefault("protocol", "TCP") }
        container.updateElements("env") { variable in
            guard variable[path: "valueFrom", "fieldRef"] != nil else { return }
            variable.updateObject("valueFrom") { source in
                source.updateObject("fieldRef") { $0.setDefault("apiVersion", "v1") }
            }
        }
        for probe in ["startupProbe", "readinessProbe", "livenessProbe"] where container[probe] != nil {
            container.updateObject(probe) { probe in
                probe.setDefault("timeoutSeconds", 1)
                probe.setDefault("periodSeconds", 10)
                probe.setDefault("successThreshold", 1)
                probe.setDefault("failureThreshold", 3)
                if probe["httpGet"] != nil { probe.updateObject("httpGet") { applyToHTTP(&$0) } }
                if probe["grpc"] != nil { probe.updateObject("grpc") { $0.setDefault("service", "") } }
            }
        }
    }

    private static func applyToHTTP(_ action: inout JSONValue) {
        action.setDefault("path", "/")
        action.setDefault("scheme", "HTTP")
    }

    private static func applyToVolume(_ volume: inout JSONValue) {
        for source in ["secret", "configMap", "downwardAPI", "projected"] where volume[source] != nil {
            volume.updateObject(source) { $0.setDefault("defaultMode", 420) }
        }
        if volume.object?.count == 1 { volume["emptyDir"] = [:] }
    }

    private static func qualityOfService(_ spec: JSONValue?) -> String {
        let containers = (spec?["initContainers"]?.elements ?? []) + (spec?["containers"]?.elements ?? [])
        let resources = containers.map { $0["resources"] ?? [:] }
        if resources.allSatisfy({ ($0["requests"]?.object ?? [:]).isEmpty && ($0["limits"]?.object ?? [:]).isEmpty }) {
            return "BestEffort"
        }
        let isGuaranteed = resources.allSatisfy { resources in
            ["cpu", "memory"].allSatisfy { name in
                guard let limit = resources[path: "limits", name].flatMap(Quantity.init) else { return false }
                return resources[path: "requests", name].flatMap(Quantity.init) == limit
            }
        }
        return isGuaranteed ? "Guaranteed" : "Burstable"
    }
}

extension JSONValue {
    /// Sets a member that is missing.
    mutating func setDefault(_ key: String, _ value: JSONValue) {
        if self[key] == nil || self[key] == .null { self[key] = value }
    }

    /// Changes each element of a member array in place.
    mutating func updateElements(_ key: String, _ body: (inout JSONValue) -> Void) {
        guard case .array(var elements) = self[key] else { return }
        self[key] = .null
        for index in elements.indices { body(&elements[index]) }
        self[key] = .array(elements)
    }
}
