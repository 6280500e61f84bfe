extension Cluster {
    /// Answers below `/apis/metrics.k8s.io/v1beta1`.
    func metrics(_ path: ArraySlice<String>, _ parsed: APIRequest) async throws(APIError) -> JSONValue {
        let path = Array(path)
        let now = Timestamp.now
        switch path.count {
        case 1 where path[0] == "nodes":
            var items: [JSONValue] = []
            for node in store.list(.nodes).objects { items.append(await nodeMetrics(node, now)) }
            return list("NodeMetrics", items)
        case 2 where path[0] == "nodes":
            guard let node = store.get(.nodes, ObjectKey(namespace: "", name: path[1])) else {
                throw .notFound(.nodes, path[1])
            }
            return await nodeMetrics(node, now)
        case 1 where path[0] == "pods":
            return await podList(try pods(namespace: "", parsed), now)
        case 3 where path[0] == "namespaces" && path[2] == "pods":
            return await podList(try pods(namespace: path[1], parsed), now)
        case 4 where path[0] == "namespaces" && path[2] == "pods":
            guard let pod = store.get(.pods, ObjectKey(namespace: path[1], name: path[3])),
                pod.value.podPhase == .running
            else { throw .notFound(.pods, path[3]) }
            guard let metrics = await podMetrics(pod, now) else { throw .notFound(.pods, path[3]) }
            return metrics
        default: throw .noSuchPath
        }
    }

    private func pods(namespace: String, _ parsed: APIRequest) throws(APIError) -> [StoredObject] {
        var filter = ObjectFilter(namespace: namespace)
        if let text = parsed["labelSelector"], !text.isEmpty { filter.labels = try LabelSelector(parsing: text) }
        return store.list(.pods, filter).objects.filter { $0.value.podPhase == .running }
    }

    private func podList(_ pods: [StoredObject], _ now: Timestamp) async -> JSONValue {
        var items: [JSONValue] = []
        for pod in pods {
            if let metrics = await podMetrics(pod, now) { items.append(metrics) }
        }
        return list("PodMetrics", items)
    }

    private func list(_ kind: String, _ items: [JSONValue]) -> JSONValue {
        [
            "kind": .string("\(kind)List"), "apiVersion": "metrics.k8s.io/v1beta1", "metadata": [:],
            "items": .array(items),
        ]
    }

    /// As a metrics server has it: nothing before the first measurement.
    private func podMetrics(_ pod: StoredObject, _ now: Timestamp) async -> JSONValue? {
        let usage = await kubelet.usage(pod)
        guard let measuredAt = usage.map(\.at).max(), let window = usage.map(\.windowSeconds).max() else { return nil }
        var metadata: JSONObject = [
            "name": .string(pod.key.name), "namespace": .string(pod.key.namespace), "creationTimestamp": now.json,
        ]
        if let labels = pod.labels { metadata["labels"] = labels }
        return [
            "kind": "PodMetrics", "apiVersion": "metrics.k8s.io/v1beta1", "metadata": .object(metadata),
            "timestamp": measuredAt.json, "window": .string("\(Int64((window * 1000).rounded()))ms"),
            "containers": .array(
                usage.map {
                    ["name": .string($0.name), "usage": Self.usage($0.milliCPU, $0.memoryBytes)]
                }
            ),
        ]
    }

    private func nodeMetrics(_ node: StoredObject, _ now: Timestamp) async -> JSONValue {
        let selector = FieldSelector(requirements: [
            .init(path: ["spec", "nodeName"], value: node.key.name, isNegative: false),
            .init(path: ["status", "phase"], value: "Running", isNegative: false),
        ])
        var usage: [ContainerUsage] = []
        for pod in store.list(.pods, ObjectFilter(fields: selector)).objects { usage += await kubelet.usage(pod) }
        return [
            "kind": "NodeMetrics", "apiVersion": "metrics.k8s.io/v1beta1",
            "metadata": ["name": .string(node.key.name), "creationTimestamp": now.json], "timestamp": now.json,
            "window": .string("\(Int64(ProcessSampler.windowSeconds))s"),
            "usage": Self.usage(
                usage.reduce(0) { $0 + $1.milliCPU },
                usage.reduce(0) { $0 + $1.memoryBytes }
            ),
        ]
    }

    private static func usage(_ milliCPU: Int64, _ memoryBytes: Int64) -> JSONValue {
        ["cpu": .string("\(milliCPU)m"), "memory": .string("\(memoryBytes / 1024)Ki")]
    }
}
