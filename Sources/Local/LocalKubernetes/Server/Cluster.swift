internal import Hummingbird
internal import Logging
internal import Synchronization

/// The parts of one cluster and what takes several of them.
package final class Cluster: Sendable {
    let options: ClusterOptions
    let store: ObjectStore
    let events: EventRecorder
    let faults = FaultSwitches()
    let admission: Admission
    let kubelet: any Kubelet
    let scheduler: PodScheduler
    let files: FileWatcher
    private let token: String?

    init(
        options: ClusterOptions,
        store: ObjectStore,
        events: EventRecorder,
        kubelet: any Kubelet,
        files: FileWatcher,
        token: String?
    ) {
        self.options = options
        self.store = store
        self.events = events
        self.kubelet = kubelet
        self.token = token
        self.files = files
        admission = Admission(store: store)
        scheduler = PodScheduler(store: store, events: events, isSimulation: options.isSimulation)
    }

    /// - Throws: `APIError` 401 if a token is set and the header does not carry it.
    func authorize(_ header: String?) throws(APIError) {
        guard let token else { return }
        let expected = Array("Bearer \(token)".utf8)
        let given = Array((header ?? "").utf8)
        // Every byte is looked at, so that the time taken tells nothing.
        var difference = expected.count ^ given.count
        for index in expected.indices { difference |= Int(expected[index] ^ (index < given.count ? given[index] : 0)) }
        guard difference == 0 else { throw .unauthorized }
    }

    // MARK: What is there from the beginning

    func prepare() {
        for name in ["default", "kube-system", "kube-public"] {
            let key = ObjectKey(namespace: "", name: name)
            if store.get(.namespaces, key) == nil {
                create(
                    .namespaces,
                    [
                        "metadata": ["name": .string(name), "labels": ["kubernetes.io/metadata.name": .string(name)]],
                        "spec": ["finalizers": ["kubernetes"]], "status": ["phase": "Active"],
                    ]
                )
            }
            prepareNamespace(name)
        }
        for index in 0..<options.nodes {
            let name = options.nodes == 1 ? "localkube" : "localkube-\(index + 1)"
            let node = NodeObject.make(name: name, options: options, now: .now)
            if store.get(.nodes, ObjectKey(namespace: "", name: name)) == nil {
                create(.nodes, node)
            } else {
                refreshNode(name, node)
            }
        }
    }

    private func refreshNode(_ name: String, _ node: JSONValue) {
        ignoringAbsence { () throws(APIError) in
            try store.update(.nodes, ObjectKey(namespace: "", name: name)) { (present) throws(APIError) in
                var value = present.value
                value["status"] = node["status"]
                return .replace(value)
            }
        }
    }

    /// A namespace has a service account.
    func prepareNamespace(_ name: String) {
        guard store.get(.serviceaccounts, ObjectKey(namespace: name, name: "default")) == nil else { return }
        create(.serviceaccounts, ["metadata": ["name": "default", "namespace": .string(name)]])
    }

    private func create(_ kind: ResourceKind, _ value: JSONValue) {
        var object: JSONValue = ["apiVersion": .string(kind.apiVersion), "kind": .string(kind.kind)]
        for (key, member) in value.object ?? [:] { object[key] = member }
        object.updateMetadata { metadata in
            metadata["uid"] = .string(ObjectName.uid())
            metadata["creationTimestamp"] = Timestamp.now.json
        }
        ignoringAbsence { () throws(APIError) in try store.create(kind, object) }
    }

    // MARK: Deletion

    /// Begins or completes an object's deletion.
    ///
    /// - Throws: `APIError` 404, or 409 if a precondition does not hold.
    @discardableResult
    func delete(
        _ kind: ResourceKind,
        _ key: ObjectKey,
        _ options: DeletionOptions
    ) throws(APIError) -> (object: StoredObject, isGone: Bool) {
        var isGone = false
        var isForced = false
        let now = Timestamp.now
        let object = try store.update(kind, key) { (present) throws(APIError) in
            try Self.check(options, present)
            let grace = kind == .pods ? Self.grace(present, options) : 0
            isForced = kind == .pods && grace == 0
            guard grace == 0, !present.value.hasFinalizers, kind != .namespaces else {
                return Self.terminating(present, grace: grace, now)
            }
            isGone = true
            return .delete(present.value)
        }
        if kind == .namespaces { emptyNamespace(key.name) }
        if isForced, isGone {
            // why: the client does not wait for the processes of a pod deleted by force
            Task { await kubelet.abandon(object) }
        }
        return (object, isGone)
    }

    private static func check(_ options: DeletionOptions, _ present: StoredObject) throws(APIError) {
        if let uid = options.uid, uid != present.uid {
            throw .conflict(
                present.kind,
                present.key.name,
                "Precondition failed: UID in precondition: \(uid), UID in object meta: \(present.uid)"
            )
        }
        if let version = options.version, version != String(present.version) {
            throw .conflict(
                present.kind,
                present.key.name,
                "Precondition failed: resourceVersion in precondition: \(version), "
                    + "resourceVersion in object meta: \(present.version)"
            )
        }
    }

    /// A pod that runs nowhere, or no longer, needs no grace.
    private static func grace(_ pod: StoredObject, _ options: DeletionOptions) -> Int64 {
        let isPlaced = !(pod.value[path: "spec", "nodeName"]?.text ?? "").isEmpty
        guard isPlaced, !pod.value.podPhase.isTerminal else { return 0 }
        return max(0, options.graceSeconds ?? pod.value[path: "spec", "terminationGracePeriodSeconds"]?.integer ?? 30)
    }

    private static func terminating(_ present: StoredObject, grace: Int64, _ now: Timestamp) -> ObjectStore.Update {
        let given = present.value[path: "metadata", "deletionGracePeriodSeconds"]?.integer
        // A second deletion may shorten the grace, never lengthen it.
        if present.isTerminating, given ?? 0 <= grace { return .keep }
        var value = present.value
        value.updateMetadata { metadata in
            metadata["deletionTimestamp"] = (now + Double(grace)).json
            metadata["deletionGracePeriodSeconds"] = .integer(grace)
            if let generation = metadata["generation"]?.integer { metadata["generation"] = .integer(generation &+ 1) }
        }
        if present.kind == .namespaces { value.updateStatus { $0["phase"] = "Terminating" } }
        return .replace(value)
    }

    /// Deletes what a namespace holds; the namespace follows when its last pod is gone.
    func emptyNamespace(_ name: String) {
        for kind in ResourceKind.allCases where kind.isNamespaced {
            for object in store.list(kind, ObjectFilter(namespace: name)).objects where !object.isTerminating {
                ignoringAbsence { () throws(APIError) in
                    try delete(kind, object.key, DeletionOptions(uid: object.uid))
                }
            }
        }
        removeNamespaceIfEmpty(name)
    }

    func removeNamespaceIfEmpty(_ name: String) {
        guard store.list(.pods, ObjectFilter(namespace: name)).objects.isEmpty else { return }
        ignoringAbsence { () throws(APIError) in
            try store.update(.namespaces, ObjectKey(namespace: "", name: name)) { (present) throws(APIError) in
                present.isTerminating ? .delete(present.value) : .keep
            }
        }
    }

    /// Removes namespaces being deleted once their last pod is gone. Works until the task is cancelled.
    func followNamespaces() async {
        await store.follow(.pods) { change in
            guard change.type == .deleted,
                let namespace = self.store.get(
                    .namespaces,
                    ObjectKey(namespace: "", name: change.object.key.namespace)
                ),
                namespace.isTerminating
            else { return }
            self.emptyNamespace(namespace.key.name)
        }
    }
}
