internal import Synchronization

/// Writes core/v1 events; repeats of the same event raise its count.
package final class EventRecorder: Sendable {
    package enum Severity: String, Sendable {
        case normal = "Normal"
        case warning = "Warning"
    }

    private struct Sameness: Hashable {
        var uid: String
        var reason: String
        var message: String
        var fieldPath: String
    }

    /// Repeats are recognised among this many of the latest events.
    private static let memory = 4096

    private let store: ObjectStore
    private let recent = Mutex<[Sameness: ObjectKey]>([:])
    private let sequence = Atomic<UInt64>(0)

    package init(store: ObjectStore) { self.store = store }

    /// Records what happened to an object.
    ///
    /// - Parameter container: the container of a pod it is about.
    package func record(
        _ severity: Severity,
        _ reason: String,
        _ message: String,
        about object: StoredObject,
        container: String = "",
        isInit: Bool = false,
        from component: String = "kubelet"
    ) {
        let fieldPath = container.isEmpty ? "" : "spec.\(isInit ? "initContainers" : "containers"){\(container)}"
        let sameness = Sameness(uid: object.uid, reason: reason, message: message, fieldPath: fieldPath)
        let now = Timestamp.now
        if let key = recent.withLock({ $0[sameness] }), repeated(key, now) { return }
        let namespace = object.kind.isNamespaced ? object.key.namespace : "default"
        let number = UInt64(bitPattern: now.nanoseconds) &+ sequence.add(1, ordering: .relaxed).newValue
        let name = "\(object.key.name).\(String(number, radix: 16))"
        var involved: JSONObject = ["kind": .string(object.kind.kind), "apiVersion": "v1"]
        if object.kind.isNamespaced { involved["namespace"] = .string(namespace) }
        involved["name"] = .string(object.key.name)
        involved["uid"] = .string(object.uid)
        involved["resourceVersion"] = .string(String(object.version))
        if !fieldPath.isEmpty { involved["fieldPath"] = .string(fieldPath) }
        let node = object.value[path: "spec", "nodeName"]?.text ?? ""
        let source: JSONValue =
            component == "kubelet"
            ? ["component": "kubelet", "host": .string(node)] : ["component": .string(component)]
        let event: JSONValue = [
            "apiVersion": "v1", "kind": "Event",
            "metadata": [
                "name": .string(name), "namespace": .string(namespace), "uid": .string(ObjectName.uid()),
                "creationTimestamp": now.json,
            ],
            "involvedObject": .object(involved), "reason": .string(reason), "message": .string(message),
            "source": source, "firstTimestamp": now.json, "lastTimestamp": now.json, "count": 1,
            "type": .string(severity.rawValue), "eventTime": .null, "reportingComponent": .string(component),
            "reportingInstance": component == "kubelet" ? .string(node) : "",
        ]
        ignoringAbsence { () throws(APIError) in try store.create(.events, event) }
        recent.withLock { recent in
            if recent.count >= Self.memory { recent.removeAll(keepingCapacity: true) }
            recent[sameness] = ObjectKey(namespace: namespace, name: name)
        }
    }

    private func repeated(_ key: ObjectKey, _ now: Timestamp) -> Bool {
        do {
            try store.update(.events, key) { (event) throws(APIError) in
                var value = event.value
                value["count"] = .integer((value["count"]?.integer ?? 1) &+ 1)
                value["lastTimestamp"] = now.json
                return .replace(value)
            }
            return true
        } catch {
            return false
        }
    }

    /// Removes events older than `ageSeconds`.
    package func removeOld(ageSeconds: Double) {
        let oldest = (Timestamp.now + -ageSeconds).text
        for event in store.list(.events).objects where event.value.text("lastTimestamp") < oldest {
            ignoringAbsence { () throws(APIError) in
                try store.update(.events, event.key) { (event) throws(APIError) in .delete(event.value) }
            }
        }
    }
}
