internal import Hummingbird
internal import NIOCore

/// Writes one client's watch: what there is first, then each change, with bookmarks now and then.
struct WatchFeed: Sendable {
    struct TableOptions: Sendable {
        var includeObject: String?
    }

    /// Changes are gathered up to this size before they are written.
    private static let writeBytes = 64 << 10
    private static let bookmarkInterval = Duration.seconds(60)
    /// Without a limit of the client's the watch ends after this long, as a real API server ends it.
    private static let longestSeconds: Int64 = 3600

    let store: ObjectStore
    let faults: FaultSwitches
    let filter: ObjectFilter
    let wantsBookmarks: Bool
    let table: TableOptions?
    let timeoutSeconds: Int64?
    var initial: [StoredObject] = []
    var marksInitialEnd = false
    var version: UInt64 = 0

    @concurrent
    func serve(_ watch: WatchSubscription, to writer: inout any ResponseBodyWriter) async throws {
        var buffer = ByteBuffer()
        var isFirst = true
        for object in initial {
            append(.added, object, isFirst: &isFirst, to: &buffer)
            if buffer.readableBytes > Self.writeBytes { try await flush(&buffer, to: &writer) }
        }
        if marksInitialEnd { appendBookmark(watch.kind, version, endsInitial: true, to: &buffer) }
        // Written even if empty, so that the client sees the response begin.
        try await writer.write(buffer)
        buffer.clear()

        let clock = ContinuousClock()
        let seconds = min(timeoutSeconds ?? Self.longestSeconds, 86_400)
        let end = clock.now + .seconds(seconds)
        let alarm = alarm(
            watch,
            every: wantsBookmarks ? min(Self.bookmarkInterval, .seconds(seconds)) : .seconds(seconds)
        )
        defer { alarm.cancel() }
        var lastBookmark = clock.now
        for await _ in watch.bell {
            if faults.areWatchesFrozen { continue }
            guard let reached = try await drain(watch, &isFirst, &buffer, to: &writer) else { return }
            let now = clock.now
            let isOver = now >= end
            if wantsBookmarks, isOver || now - lastBookmark >= Self.bookmarkInterval {
                lastBookmark = now
                appendBookmark(watch.kind, reached, endsInitial: false, to: &buffer)
            }
            try await flush(&buffer, to: &writer)
            if isOver { return }
        }
    }

    /// Rings the watch's bell at times when nothing changed.
    // why: the task only rings a bell, and is cancelled when the watch is over.
    private func alarm(_ watch: WatchSubscription, every interval: Duration) -> Task<Void, Never> {
        // why: as said above.
        Task {
            while !Task.isCancelled {
                do { try await Task.sleep(for: interval) } catch { return }
                watch.wake()
            }
        }
    }

    /// Writes all changes there are.
    ///
    /// - Returns: the version everything is written up to, or `nil` if the watch is over.
    @concurrent
    private func drain(
        _ watch: WatchSubscription,
        _ isFirst: inout Bool,
        _ buffer: inout ByteBuffer,
        to writer: inout any ResponseBodyWriter
    ) async throws -> UInt64? {
        while true {
            let changes: [Change]
            let reached: UInt64
            do {
                (changes, reached) = try store.nextChanges(watch)
            } catch {
                buffer.writeStaticString("{\"type\":\"ERROR\",\"object\":")
                buffer.writeBytes(error.status.encoded())
                buffer.writeStaticString("}\n")
                try await flush(&buffer, to: &writer)
                return nil
            }
            if changes.isEmpty { return reached }
            for change in changes {
                guard let type = change.type(through: filter) else { continue }
                append(type, change.object, isFirst: &isFirst, to: &buffer)
            }
            if buffer.readableBytes > Self.writeBytes { try await flush(&buffer, to: &writer) }
        }
    }

    @concurrent
    private func flush(_ buffer: inout ByteBuffer, to writer: inout any ResponseBodyWriter) async throws {
        guard buffer.readableBytes > 0 else { return }
        try await writer.write(buffer)
        // The channel may still hold the written one.
        buffer = ByteBuffer()
    }

    private func append(_ type: ChangeType, _ object: StoredObject, isFirst: inout Bool, to buffer: inout ByteBuffer) {
        buffer.writeString("{\"type\":\"\(type.rawValue)\",\"object\":")
        if let table {
            let rows = Table.make(
                object.kind,
                [object],
                listMetadata: ["resourceVersion": .string(String(object.version))],
                includeObject: table.includeObject,
                hasColumns: isFirst
            )
            buffer.writeBytes(rows.encoded())
        } else {
            buffer.writeImmutableBuffer(object.buffer)
        }
        buffer.writeStaticString("}\n")
        isFirst = false
    }

    private func appendBookmark(
        _ kind: ResourceKind,
        _ version: UInt64,
        endsInitial: Bool,
        to buffer: inout ByteBuffer
    ) {
        var metadata: JSONObject = ["resourceVersion": .string(String(version)), "creationTimestamp": .null]
        if endsInitial { metadata["annotations"] = ["k8s.io/initial-events-end": "true"] }
        let bookmark: JSONValue = [
            "type": "BOOKMARK",
            "object": [
                "kind": .string(kind.kind), "apiVersion": .string(kind.apiVersion), "metadata": .object(metadata),
            ],
        ]
        buffer.writeBytes(bookmark.encoded())
        buffer.writeStaticString("\n")
    }
}
