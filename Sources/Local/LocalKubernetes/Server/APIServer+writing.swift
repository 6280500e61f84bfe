internal import HTTPTypes
internal import Hummingbird

extension APIServer {
    func create(_ resource: ResourcePath, _ parsed: APIRequest, _ body: JSONValue) throws -> Response {
        let (value, warnings) = try cluster.admission.forCreation(resource, body, parsed)
        if parsed.isDryRun {
            if cluster.store.get(resource.kind, ObjectKey(value)) != nil {
                throw APIError.alreadyExists(resource.kind, value.text(metadata: "name"))
            }
            return Reply.json(value, code: 201, warnings: warnings)
        }
        let object = try cluster.store.create(resource.kind, value)
        if resource.kind == .namespaces { cluster.prepareNamespace(object.key.name) }
        return present(object, parsed, code: 201, warnings: warnings)
    }

    func replace(_ resource: ResourcePath, _ parsed: APIRequest, _ body: JSONValue) throws -> Response {
        let (checked, warnings) = try cluster.admission.checkedFields(resource.kind, body, parsed)
        guard checked.text(metadata: "name") == resource.name else {
            throw APIError.badRequest(
                "the name of the object (\(checked.text(metadata: "name"))) does not match the name on the URL "
                    + "(\(resource.name))"
            )
        }
        return try change(resource, parsed) { _ throws(APIError) in (checked, warnings) }
    }

    func patch(_ resource: ResourcePath, _ parsed: APIRequest, _ request: Request) async throws -> Response {
        guard let form = PatchForm(rawValue: parsed.contentType) else {
            throw APIError.unsupportedMediaType(parsed.contentType, supported: PatchForm.allCases.map(\.rawValue))
        }
        let patch = try JSONParser.parse(try await bytes(of: request))
        return try change(resource, parsed) { (present) throws(APIError) in
            try cluster.admission.checkedFields(
                resource.kind,
                try form.apply(patch, to: present.value),
                parsed
            )
        }
    }

    /// Applies a change and answers with the object as it is afterwards.
    private func change(
        _ resource: ResourcePath,
        _ parsed: APIRequest,
        _ body: (StoredObject) throws(APIError) -> (value: JSONValue, warnings: [String])
    ) throws -> Response {
        if parsed.isDryRun {
            let present = try existing(resource)
            let (changed, warnings) = try body(present)
            let value = try cluster.admission.forUpdate(resource, present, changed)
            return Reply.json(value, warnings: warnings)
        }
        var warnings: [String] = []
        let object = try cluster.store.update(resource.kind, resource.key) { (present) throws(APIError) in
            let changed = try body(present)
            warnings = changed.warnings
            let value = try cluster.admission.forUpdate(resource, present, changed.value)
            // The last finalizer gone, nothing keeps an object that is being deleted.
            if present.isTerminating, !value.hasFinalizers, present.value.hasFinalizers { return .delete(value) }
            return .replace(value)
        }
        return present(object, parsed, warnings: warnings)
    }

    // MARK: Deletion

    func delete(_ resource: ResourcePath, _ parsed: APIRequest, _ request: Request) async throws -> Response {
        let options = try await deletionOptions(parsed, request)
        if options.isDryRun { return present(try existing(resource), parsed) }
        let (object, isGone) = try cluster.delete(resource.kind, resource.key, options)
        if isGone, resource.kind != .pods {
            let status: JSONValue = [
                "kind": "Status", "apiVersion": "v1", "metadata": [:], "status": "Success",
                "details": [
                    "name": .string(resource.name), "kind": .string(resource.kind.plural), "uid": .string(object.uid),
                ],
            ]
            return Reply.json(status)
        }
        return present(object, parsed)
    }

    func deleteCollection(
        _ resource: ResourcePath,
        _ parsed: APIRequest,
        _ request: Request
    ) async throws -> Response {
        guard resource.kind.isNamespaced != resource.namespace.isEmpty else { throw APIError.methodNotAllowed }
        let filter = try filter(resource, parsed)
        let options = try await deletionOptions(parsed, request)
        let (objects, version) = cluster.store.list(resource.kind, filter)
        var deleted: [JSONValue] = []
        for object in objects {
            if options.isDryRun {
                deleted.append(object.value)
                continue
            }
            var options = options
            options.uid = object.uid
            do {
                deleted.append(try cluster.delete(resource.kind, object.key, options).object.value)
            } catch {
                // Gone already, or another by that name now: neither is in the collection that was meant.
                guard error.code == 404 || error.code == 409 else { throw error }
            }
        }
        return Reply.json([
            "kind": .string("\(resource.kind.kind)List"), "apiVersion": .string(resource.kind.apiVersion),
            "metadata": ["resourceVersion": .string(String(version))], "items": .array(deleted),
        ])
    }

    private func deletionOptions(_ parsed: APIRequest, _ request: Request) async throws -> DeletionOptions {
        let bytes = try await bytes(of: request)
        var options = DeletionOptions(body: bytes.isEmpty ? nil : try JSONParser.parse(bytes))
        if let grace = try parsed.number("gracePeriodSeconds") { options.graceSeconds = grace }
        if parsed.isDryRun { options.isDryRun = true }
        return options
    }
}

/// What a deletion asks for beside the name.
package struct DeletionOptions: Sendable {
    package var graceSeconds: Int64?
    package var uid: String?
    package var version: String?
    package var isDryRun = false

    package init(graceSeconds: Int64? = nil, uid: String? = nil) {
        self.graceSeconds = graceSeconds
        self.uid = uid
    }

    init(body: JSONValue?) {
        graceSeconds = body?["gracePeriodSeconds"]?.integer
        uid = body?[path: "preconditions", "uid"]?.text
        version = body?[path: "preconditions", "resourceVersion"]?.text
        isDryRun = body?["dryRun"]?.elements.contains("All") ?? false
    }
}

extension ObjectKey {
    init(_ value: JSONValue) {
        self.init(namespace: value.text(metadata: "namespace"), name: value.text(metadata: "name"))
    }
}

extension JSONValue {
    /// A text of the object's metadata.
    func text(metadata key: String) -> String { self[path: "metadata", key]?.text ?? "" }
}
