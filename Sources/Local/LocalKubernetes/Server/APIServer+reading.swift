internal import HTTPTypes
internal import Hummingbird
internal import NIOCore

extension APIServer {
    /// Pages hold at most this many objects even if the client asks for more.
    private static let pageLimit = 10_000

    func filter(_ resource: ResourcePath, _ parsed: APIRequest) throws(APIError) -> ObjectFilter {
        var filter = ObjectFilter(namespace: resource.namespace)
        if let text = parsed["labelSelector"], !text.isEmpty { filter.labels = try LabelSelector(parsing: text) }
        if let text = parsed["fieldSelector"], !text.isEmpty {
            filter.fields = try FieldSelector(parsing: text, kind: resource.kind)
        }
        if !resource.name.isEmpty {
            filter.fields.requirements.append(
                .init(path: ["metadata", "name"], value: resource.name, isNegative: false)
            )
        }
        return filter
    }

    func list(_ resource: ResourcePath, _ parsed: APIRequest) throws -> Response {
        let filter = try filter(resource, parsed)
        var (objects, version) = cluster.store.list(resource.kind, filter)
        if let token = parsed["continue"], !token.isEmpty {
            let place = try ContinueToken(token)
            guard cluster.store.canWatch(resource.kind, after: place.version) else {
                throw APIError.continuationExpired
            }
            version = place.version
            objects.removeFirst(objects.firstIndex { $0.key > place.key } ?? objects.count)
        }
        var metadata: JSONObject = ["resourceVersion": .string(String(version))]
        if let limit = try parsed.number("limit"), limit > 0, objects.count > min(Int(clamping: limit), Self.pageLimit)
        {
            let count = min(Int(clamping: limit), Self.pageLimit)
            metadata["continue"] = .string(ContinueToken(version: version, key: objects[count - 1].key).text)
            metadata["remainingItemCount"] = JSONValue(objects.count - count)
            objects.removeLast(objects.count - count)
        }
        if parsed.wantsTable {
            let table = Table.make(
                resource.kind,
                objects,
                listMetadata: .object(metadata),
                includeObject: parsed["includeObject"]
            )
            return Reply.json(table)
        }
        return Reply.bytes(Self.joined(resource.kind, objects, metadata))
    }

    /// A list made of the objects' shared bytes.
    private static func joined(_ kind: ResourceKind, _ objects: [StoredObject], _ metadata: JSONObject) -> ByteBuffer {
        var buffer = ByteBuffer()
        buffer.reserveCapacity(objects.reduce(256) { $0 + $1.buffer.readableBytes + 1 })
        buffer.writeString("{\"kind\":\"\(kind.kind)List\",\"apiVersion\":\"\(kind.apiVersion)\",\"metadata\":")
        buffer.writeBytes(JSONValue.object(metadata).encoded())
        buffer.writeStaticString(",\"items\":[")
        var isFirst = true
        for object in objects {
            if !isFirst { buffer.writeStaticString(",") }
            isFirst = false
            buffer.writeImmutableBuffer(object.buffer)
        }
        buffer.writeStaticString("]}")
        return buffer
    }

    // MARK: Watching

    func watch(_ resource: ResourcePath, _ parsed: APIRequest, _ request: Request) throws -> Response {
        let filter = try filter(resource, parsed)
        let text = parsed["resourceVersion"] ?? ""
        let hasInitial = parsed.flag("sendInitialEvents") || text.isEmpty || text == "0"
        var feed = WatchFeed(
            store: cluster.store,
            faults: cluster.faults,
            filter: filter,
            wantsBookmarks: parsed.flag("allowWatchBookmarks"),
            table: parsed.wantsTable ? .init(includeObject: parsed["includeObject"]) : nil,
            timeoutSeconds: try parsed.number("timeoutSeconds")
        )
        let watch: WatchSubscription
        if hasInitial {
            let (objects, version, subscription) = cluster.store.listAndWatch(resource.kind, filter)
            feed.initial = objects
            feed.version = version
            feed.marksInitialEnd = parsed.flag("sendInitialEvents")
            watch = subscription
        } else {
            guard let version = UInt64(text) else {
                throw APIError.badRequest("resourceVersion: Invalid value: \"\(text)\": not a version")
            }
            feed.version = version
            watch = try cluster.store.watch(resource.kind, after: version)
        }
        watch.servesClient = true
        return streaming(request, contentType: "application/json") { [feed] writer in
            defer { cluster.store.end(watch) }
            try await feed.serve(watch, to: &writer)
        } onDisconnect: {
            watch.finish()
        }
    }

    /// A response written as things happen; the connection is not used again afterwards.
    private func streaming(
        _ request: Request,
        contentType: String,
        _ write: @escaping @concurrent @Sendable (inout any ResponseBodyWriter) async throws -> Void,
        onDisconnect: @escaping @Sendable () -> Void
    ) -> Response {
        Reply.streaming(request, contentType: contentType, write, onDisconnect: onDisconnect)
    }
}

extension Reply {
    /// A response written as things happen; `onDisconnect` is called when the client goes away first.
    static func streaming(
        _ request: Request,
        contentType: String,
        _ write: @escaping @concurrent @Sendable (inout any ResponseBodyWriter) async throws -> Void,
        onDisconnect: @escaping @Sendable () -> Void
    ) -> Response {
        var headers = HTTPFields()
        headers[.contentType] = contentType
        headers[.connection] = "close"
        let body = ResponseBody { writer in
            try await request.body.consumeWithInboundCloseHandler { _ in
                try await write(&writer)
            } onInboundClosed: {
                onDisconnect()
            }
            try await writer.finish(nil)
        }
        return Response(status: .ok, headers: headers, body: body)
    }
}

/// Where the next page of a list begins: after a key, in the list of a version.
struct ContinueToken {
    var version: UInt64
    var key: ObjectKey

    init(version: UInt64, key: ObjectKey) {
        self.version = version
        self.key = key
    }

    /// - Throws: `APIError` 400 for a text this server did not make.
    init(_ text: String) throws(APIError) {
        let parts = text.split(separator: "|", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 3, let version = UInt64(parts[0]) else { throw .badRequest("continue key is not valid") }
        self.init(version: version, key: ObjectKey(namespace: parts[1], name: parts[2]))
    }

    var text: String { "\(version)|\(key.namespace)|\(key.name)" }
}
