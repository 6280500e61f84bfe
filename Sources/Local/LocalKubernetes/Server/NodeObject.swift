/// The objects that stand for nodes.
enum NodeObject {
    static func make(name: String, options: ClusterOptions, now: Timestamp) -> JSONValue {
        let resources: JSONValue = [
            "cpu": .string(text(options.nodeCPU)), "memory": .string("\(options.nodeMemory.units / 1024)Ki"),
            "pods": .string(String(options.nodePods)), "ephemeral-storage": "100Gi",
        ]
        return [
            "metadata": [
                "name": .string(name),
                "labels": [
                    "kubernetes.io/hostname": .string(name), "kubernetes.io/os": "linux",
                    "kubernetes.io/arch": .string(architecture), "localkube.slipway/node": "true",
                ],
            ],
            "spec": [:],
            "status": [
                "capacity": resources, "allocatable": resources,
                "conditions": [condition("Ready", "True", "KubeletReady", "localkube is ready", now)],
                "addresses": [
                    ["type": "InternalIP", "address": "127.0.0.1"], ["type": "Hostname", "address": .string(name)],
                ],
                "nodeInfo": [
                    "kubeletVersion": .string(Discovery.gitVersion), "osImage": "localkube", "kernelVersion": "",
                    "containerRuntimeVersion": .string("localkube://\(localKubernetesVersion)"),
                    "operatingSystem": "linux",
                    "architecture": .string(architecture), "machineID": "", "systemUUID": "", "bootID": "",
                    "kubeProxyVersion": "",
                ],
            ],
        ]
    }

    static func condition(
        _ type: String,
        _ status: String,
        _ reason: String,
        _ message: String,
        _ now: Timestamp
    ) -> JSONValue {
        [
            "type": .string(type), "status": .string(status), "reason": .string(reason), "message": .string(message),
            "lastHeartbeatTime": now.json, "lastTransitionTime": now.json,
        ]
    }

    private static func text(_ cpu: Quantity) -> String {
        cpu.thousandths % 1000 == 0 ? String(cpu.thousandths / 1000) : "\(cpu.thousandths)m"
    }

    #if arch(arm64)
    static let architecture = "arm64"
    #else
    static let architecture = "amd64"
    #endif
}

extension Cluster {
    /// Makes a node fail, return or vanish.
    ///
    /// - Throws: `APIError` 404, or 400 for a state not known.
    func setNode(_ name: String, _ state: String) async throws {
        let key = ObjectKey(namespace: "", name: name)
        switch state {
        case "Ready", "NotReady":
            let isReady = state == "Ready"
            try markNode(key, isReady: isReady)
            if !isReady { markPodsUnready(on: name) }
        case "Deleted":
            try delete(.nodes, key, DeletionOptions())
            for pod in podsOn(name) {
                await kubelet.abandon(pod)
                ignoringAbsence { () throws(APIError) in
                    try delete(.pods, pod.key, DeletionOptions(graceSeconds: 0, uid: pod.uid))
                }
            }
        default: throw APIError.badRequest("nodes.\(name): \"\(state)\" is not one of Ready, NotReady, Deleted")
        }
    }

    private func podsOn(_ node: String) -> [StoredObject] {
        let selector = FieldSelector(requirements: [.init(path: ["spec", "nodeName"], value: node, isNegative: false)])
        return store.list(.pods, ObjectFilter(fields: selector)).objects
    }

    private func markNode(_ key: ObjectKey, isReady: Bool) throws(APIError) {
        let now = Timestamp.now
        try store.update(.nodes, key) { (present) throws(APIError) in
            var value = present.value
            value.updateStatus { status in
                status["conditions"] = [
                    isReady
                        ? NodeObject.condition("Ready", "True", "KubeletReady", "localkube is ready", now)
                        : NodeObject.condition(
                            "Ready",
                            "Unknown",
                            "NodeStatusUnknown",
                            "Kubelet stopped posting node status.",
                            now
                        )
                ]
            }
            value.updateObject("spec") { spec in
                var taints = spec["taints"]?.elements ?? []
                taints.removeAll { $0.text("key") == "node.kubernetes.io/unreachable" }
                if !isReady {
                    for effect in ["NoSchedule", "NoExecute"] {
                        taints.append(
                            ["key": "node.kubernetes.io/unreachable", "effect": .string(effect), "timeAdded": now.json])
                    }
                }
                spec["taints"] = taints.isEmpty ? nil : .array(taints)
            }
            return .replace(value)
        }
    }

    private func markPodsUnready(on node: String) {
        let now = Timestamp.now
        for pod in podsOn(node) where !pod.value.podPhase.isTerminal {
            ignoringAbsence { () throws(APIError) in
                try store.update(.pods, pod.key) { (present) throws(APIError) in
                    var value = present.value
                    value.updateStatus { $0.setCondition("Ready", false, reason: "NodeNotReady", now: now) }
                    return .replace(value)
                }
            }
        }
    }
}
