/// What stands between a request's body and the store: known fields, defaults, rules, and what the server sets itself.
package struct Admission: Sendable {
    let store: ObjectStore

    /// Prunes unknown fields, or refuses them if the request wants strictness.
    ///
    /// - Throws: `APIError` 400 for a body of another kind, a field of a wrong type, or (strict) an unknown field.
    func checkedFields(
        _ kind: ResourceKind,
        _ body: JSONValue,
        _ request: APIRequest
    ) throws(APIError) -> (value: JSONValue, warnings: [String]) {
        guard body.object != nil else { throw .badRequest("the body of the request is not an object") }
        let given = body.text("kind")
        guard given.isEmpty || given == kind.kind,
            body["apiVersion"] == nil || body.text("apiVersion") == kind.apiVersion
        else {
            throw .badRequest(
                "\(given) in version \"\(body.text("apiVersion"))\" cannot be handled as a \(kind.kind)"
            )
        }
        var checker = FieldChecker()
        var value = checker.pruned(body, as: kind.kind)
        if let problem = checker.problems.first {
            throw .badRequest(
                "\(kind.kind) in version \"\(kind.apiVersion)\" cannot be handled as a \(kind.kind): \(problem)"
            )
        }
        value["apiVersion"] = .string(kind.apiVersion)
        value["kind"] = .string(kind.kind)
        let warnings = checker.unknown.map { "unknown field \"\($0)\"" }
        switch request["fieldValidation"] ?? "Warn" {
        case "Strict":
            guard warnings.isEmpty else {
                throw .badRequest(
                    "\(kind.kind) in version \"\(kind.apiVersion)\" cannot be handled as a \(kind.kind): "
                        + "strict decoding error: \(warnings.joined(separator: ", "))"
                )
            }
            return (value, [])
        case "Ignore": return (value, [])
        case "Warn", "": return (value, warnings)
        case let other:
            throw .badRequest("fieldValidation: \"\(other)\" is not one of Ignore, Warn, Strict")
        }
    }

    func forCreation(
        _ resource: ResourcePath,
        _ body: JSONValue,
        _ request: APIRequest
    ) throws(APIError) -> (value: JSONValue, warnings: [String]) {
        let kind = resource.kind
        var (value, warnings) = try checkedFields(kind, body, request)
        var metadata = value["metadata"] ?? [:]
        try setNamespace(&metadata, resource)
        if metadata.text("name").isEmpty, !metadata.text("generateName").isEmpty {
            metadata["name"] = .string(metadata.text("generateName") + ObjectName.randomSuffix())
        }
        metadata["uid"] = .string(ObjectName.uid())
        metadata["creationTimestamp"] = Timestamp.now.json
        metadata["resourceVersion"] = nil
        metadata["deletionTimestamp"] = nil
        metadata["deletionGracePeriodSeconds"] = nil
        if kind == .pods { metadata["generation"] = 1 }
        value["metadata"] = metadata
        switch kind {
        case .pods:
            PodDefaults.apply(to: &value)
            try requireServiceAccount(value)
        case .namespaces:
            value["spec"] = ["finalizers": ["kubernetes"]]
            value["status"] = ["phase": "Active"]
        case .secrets:
            if value.text("type").isEmpty { value["type"] = "Opaque" }
            Self.encodeStringData(&value)
        case .events, .configmaps, .nodes, .serviceaccounts: break
        }
        let causes = Self.metadataProblems(kind, metadata) + (kind == .pods ? PodRules.problems(value) : [])
        guard causes.isEmpty else { throw .invalid(kind, metadata.text("name"), causes) }
        return (value, warnings)
    }

    private func setNamespace(_ metadata: inout JSONValue, _ resource: ResourcePath) throws(APIError) {
        guard resource.kind.isNamespaced else {
            metadata["namespace"] = nil
            return
        }
        guard !resource.namespace.isEmpty else { throw .methodNotAllowed }
        let given = metadata.text("namespace")
        guard given.isEmpty || given == resource.namespace else {
            throw .badRequest("the namespace of the provided object does not match the namespace sent on the request")
        }
        metadata["namespace"] = .string(resource.namespace)
    }

    private func requireServiceAccount(_ pod: JSONValue) throws(APIError) {
        let name = pod[path: "spec", "serviceAccountName"]?.text ?? "default"
        let namespace = pod.text(metadata: "namespace")
        guard name != "default",
            store.get(.serviceaccounts, ObjectKey(namespace: namespace, name: name)) == nil,
            store.get(.namespaces, ObjectKey(namespace: "", name: namespace)) != nil
        else { return }
        throw .forbidden(
            .pods,
            pod.text(metadata: "name"),
            "error looking up service account \(namespace)/\(name): serviceaccount \"\(name)\" not found"
        )
    }

    /// A secret's `stringData` moves into `data`, encoded.
    private static func encodeStringData(_ value: inout JSONValue) {
        guard let texts = value["stringData"]?.textDictionary else { return }
        value["stringData"] = nil
        value.updateObject("data") { data in
            for (key, text) in texts { data[key] = .string(Base64.encode(Array(text.utf8))) }
        }
    }

    private static func metadataProblems(_ kind: ResourceKind, _ metadata: JSONValue) -> [APIError.Cause] {
        let name = metadata.text("name")
        guard !name.isEmpty else { return [.required("metadata.name", "name or generateName is required")] }
        var causes: [APIError.Cause] = []
        let problem = kind == .namespaces ? ObjectName.problem(label: name) : ObjectName.problem(subdomain: name)
        if let problem { causes.append(.invalid("metadata.name", name, problem)) }
        for (key, value) in metadata["labels"]?.object ?? [:] {
            if let problem = ObjectName.problem(qualifiedName: key) {
                causes.append(.invalid("metadata.labels", key, problem))
            } else if let problem = ObjectName.problem(labelValue: value.text ?? "") {
                causes.append(.invalid("metadata.labels", value.text ?? "", problem))
            }
        }
        for (key, _) in metadata["annotations"]?.object ?? [:] {
            if let problem = ObjectName.problem(qualifiedName: key.lowercased()) {
                causes.append(.invalid("metadata.annotations", key, problem))
            }
        }
        return causes
    }

    /// What a changed object becomes: server-set fields stay, and what may not change is refused.
    func forUpdate(
        _ resource: ResourcePath,
        _ present: StoredObject,
        _ changed: JSONValue
    ) throws(APIError) -> JSONValue {
        let kind = resource.kind
        let version = changed.text(metadata: "resourceVersion")
        guard version.isEmpty || version == String(present.version) else { throw .staleVersion(kind, resource.name) }
        let uid = changed.text(metadata: "uid")
        guard uid.isEmpty || uid == present.uid else {
            throw .conflict(
                kind,
                resource.name,
                "Precondition failed: UID in precondition: \(uid), UID in object meta: \(present.uid)"
            )
        }
        var value = changed
        if resource.subresource == "status" {
            value = present.value
            value["status"] = changed["status"]
        } else if kind.hasStatus {
            value["status"] = present.value["status"]
        }
        value.updateMetadata { metadata in
            for key in [
                "name", "namespace", "uid", "creationTimestamp", "generateName", "resourceVersion", "generation",
            ] {
                metadata[key] = present.value[path: "metadata", key]
            }
            for key in ["deletionTimestamp", "deletionGracePeriodSeconds"] {
                metadata[key] = present.value[path: "metadata", key]
            }
        }
        var causes = Self.metadataProblems(kind, value["metadata"] ?? [:])
        switch kind {
        case .pods:
            PodDefaults.apply(to: &value)
            causes += PodRules.updateProblems(value, present: present.value)
        case .secrets:
            Self.encodeStringData(&value)
            if value["type"] != present.value["type"] { causes.append(Self.immutable("type", value.text("type"))) }
            if present.value["immutable"] == true, value["data"] != present.value["data"] {
                causes.append(.forbidden("data", "field is immutable when `immutable` is set"))
            }
        case .configmaps:
            if present.value["immutable"] == true,
                value["data"] != present.value["data"] || value["binaryData"] != present.value["binaryData"]
            {
                causes.append(.forbidden("data", "field is immutable when `immutable` is set"))
            }
        default: break
        }
        guard causes.isEmpty else { throw .invalid(kind, resource.name, causes) }
        return value
    }

    private static func immutable(_ field: String, _ value: String) -> APIError.Cause {
        .invalid(field, value, "field is immutable")
    }
}
