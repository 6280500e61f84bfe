internal import HTTPTypes
internal import Hummingbird

extension APIServer {
    /// `PUT /localkube/v1/faults`: sets the rules and performs the one-time faults that the body names.
    ///
    /// Members: `rules` (each `verb`, `resource`, `rate`, `code`, `latencyMilliseconds`, `count`), `freezeWatches`,
    /// `dropWatches`, `expireHistory`, `killPod` and `evictPod` (each `namespace`, `name`), `nodes` (a name each, with
    /// `Ready`, `NotReady` or `Deleted`). An empty object ends rules and freezing.
    func faultAdministration(_ parsed: APIRequest, _ request: Request) async throws -> Response {
        guard parsed.path == ["localkube", "v1", "faults"] else { throw APIError.noSuchPath }
        guard parsed.method == .put else { throw APIError.methodNotAllowed }
        let body = try await body(request, parsed)
        let known: Set = [
            "rules", "freezeWatches", "dropWatches", "expireHistory", "killPod", "evictPod", "nodes",
        ]
        for (key, _) in body.object ?? [:] where !known.contains(key) {
            throw APIError.badRequest("\(key) is not one of \(known.sorted().joined(separator: ", "))")
        }
        let rules = try (body["rules"]?.elements ?? []).map { rule throws(APIError) in try FaultSwitches.Rule(rule) }
        cluster.faults.set(rules)
        let wasFrozen = cluster.faults.areWatchesFrozen
        cluster.faults.areWatchesFrozen = body["freezeWatches"]?.boolean ?? false
        // A connection that lost its other half never comes back to tell what it missed.
        if wasFrozen, !cluster.faults.areWatchesFrozen { cluster.store.dropClientWatches() }
        if body["expireHistory"]?.boolean ?? false { cluster.store.expireHistory() }
        if body["dropWatches"]?.boolean ?? false { cluster.store.dropClientWatches() }
        if let pod = body["killPod"] { try await cluster.kubelet.kill(try existing(pod)) }
        if let pod = body["evictPod"] {
            try await cluster.kubelet.evict(try existing(pod), message: "The node was low on resource: memory.")
        }
        for (name, state) in body["nodes"]?.textDictionary ?? [:] {
            try await cluster.setNode(name, state)
        }
        return Reply.json(["rules": JSONValue(rules.count), "freezeWatches": .boolean(cluster.faults.areWatchesFrozen)])
    }

    private func existing(_ reference: JSONValue) throws(APIError) -> StoredObject {
        let key = ObjectKey(namespace: reference["namespace"]?.text ?? "default", name: reference.text("name"))
        guard let pod = cluster.store.get(.pods, key) else { throw .notFound(.pods, key.name) }
        return pod
    }
}
