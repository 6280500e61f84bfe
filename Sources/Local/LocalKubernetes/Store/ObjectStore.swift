internal import Synchronization

/// Every object of the cluster, in memory, with one version counter and a bounded history per kind.
///
/// Each change is one critical section: read, decide, give the next version, record, wake the watches. The journal, if
/// there is one, is written in the same section, so what a client was told survives the end of this process.
package final class ObjectStore: Sendable {
    private struct Table {
        var namespaces: [String: [String: StoredObject]] = [:]
        var history: WatchHistory
        var watches: [Int: WatchSubscription] = [:]

        subscript(key: ObjectKey) -> StoredObject? {
            get { namespaces[key.namespace]?[key.name] }
            set {
                namespaces[key.namespace, default: [:]][key.name] = newValue
                if namespaces[key.namespace]?.isEmpty == true { namespaces[key.namespace] = nil }
            }
        }
    }

    private struct State {
        var version: UInt64
        var tables: [ResourceKind: Table]
        var nextWatch = 0
        var journal: Journal?
    }

    private let state: Mutex<State>

    /// - Parameter journal: where changes are written; its objects are the first content.
    package init(historyLimits: WatchHistory.Limits = .init(), journal: Journal? = nil) {
        var journal = journal
        let replayed = journal?.takeReplayed() ?? Journal.Content()
        var tables: [ResourceKind: Table] = [:]
        for kind in ResourceKind.allCases {
            tables[kind] = Table(history: WatchHistory(limits: historyLimits, version: replayed.version))
        }
        for object in replayed.objects { tables[object.kind]?[object.key] = object }
        state = Mutex(State(version: replayed.version, tables: tables, journal: journal))
    }

    // MARK: Reading

    package var version: UInt64 { state.withLock { $0.version } }

    package func get(_ kind: ResourceKind, _ key: ObjectKey) -> StoredObject? {
        state.withLock { $0.tables[kind]?[key] }
    }

    /// The objects that match in the order of their keys, and the version the list is of.
    package func list(_ kind: ResourceKind, _ filter: ObjectFilter = ObjectFilter()) -> (
        objects: [StoredObject], version: UInt64
    ) {
        let (all, version) = state.withLock { state -> ([StoredObject], UInt64) in
            guard let table = state.tables[kind] else { return ([], state.version) }
            if filter.namespace.isEmpty { return (table.namespaces.values.flatMap(\.values), state.version) }
            return (table.namespaces[filter.namespace].map { Array($0.values) } ?? [], state.version)
        }
        return (all.filter(filter.matches).sorted { $0.key < $1.key }, version)
    }

    // MARK: Writing

    /// Adds an object; its uid and creation time must be set.
    ///
    /// - Throws: `APIError` 409 if the name is taken, 404 or 403 if its namespace is not there or being removed.
    @discardableResult
    package func create(_ kind: ResourceKind, _ value: JSONValue) throws(APIError) -> StoredObject {
        let key = ObjectKey(
            namespace: value[path: "metadata", "namespace"]?.text ?? "",
            name: value[path: "metadata", "name"]?.text ?? ""
        )
        return try state.withLock { state throws(APIError) in
            if kind.isNamespaced {
                let name = ObjectKey(namespace: "", name: key.namespace)
                guard let namespace = state.tables[.namespaces]?[name] else {
                    throw .notFound(.namespaces, key.namespace)
                }
                guard !namespace.isTerminating || kind == .events else {
                    throw .forbidden(
                        kind,
                        key.name,
                        "unable to create new content in namespace \(key.namespace) because it is being terminated"
                    )
                }
            }
            guard state.tables[kind]?[key] == nil else { throw .alreadyExists(kind, key.name) }
            let object = StoredObject(kind: kind, version: Self.nextVersion(&state), value: value)
            Self.commit(Change(type: .added, object: object, previous: nil), &state)
            return object
        }
    }

    /// What an update's body decides.
    package enum Update {
        case replace(JSONValue)
        case delete(JSONValue)
        case keep
    }

    /// Changes an object in one step: the body sees the present one and says what becomes of it.
    ///
    /// - Returns: the object as it is afterwards, or as it was last if it is deleted now.
    /// - Throws: `APIError` 404 if there is none, or what the body throws.
    @discardableResult
    package func update(
        _ kind: ResourceKind,
        _ key: ObjectKey,
        _ body: (StoredObject) throws(APIError) -> Update
    ) throws(APIError) -> StoredObject {
        try state.withLock { state throws(APIError) in
            guard let previous = state.tables[kind]?[key] else { throw .notFound(kind, key.name) }
            switch try body(previous) {
            case .keep: return previous
            case .replace(let value):
                if value == previous.value { return previous }
                let object = StoredObject(kind: kind, version: Self.nextVersion(&state), value: value)
                Self.commit(Change(type: .modified, object: object, previous: previous), &state)
                return object
            case .delete(let value):
                let object = StoredObject(kind: kind, version: Self.nextVersion(&state), value: value)
                Self.commit(Change(type: .deleted, object: object, previous: previous), &state)
                return object
            }
        }
    }

    private static func nextVersion(_ state: inout State) -> UInt64 {
        state.version += 1
        return state.version
    }

    private static func commit(_ change: Change, _ state: inout State) {
        let kind = change.object.kind
        state.tables[kind]?[change.object.key] = change.type == .deleted ? nil : change.object
        state.tables[kind]?.history.append(change)
        state.journal?.write(change)
        if state.journal?.wantsRewriting == true {
            let objects = state.tables.values.flatMap { $0.namespaces.values.flatMap(\.values) }
            state.journal?.rewrite(Journal.Content(objects: objects, version: state.version))
        }
        for watch in state.tables[kind]?.watches.values ?? [:].values { watch.wake() }
    }

    // MARK: Watching

    /// Follows a kind from right after a version, or from now on if that is `nil`.
    ///
    /// - Throws: `APIError` 410 if the history does not reach back that far.
    package func watch(_ kind: ResourceKind, after version: UInt64?) throws(APIError) -> WatchSubscription {
        try state.withLock { state throws(APIError) in
            guard let table = state.tables[kind] else { throw .noSuchPath }
            let start = version ?? state.version
            guard let cursor = table.history.cursor(after: start) else {
                throw .expired(start, oldest: table.history.oldestVersion)
            }
            return Self.subscribe(kind, cursor: cursor, &state)
        }
    }

    /// Whether the history reaches back to a version.
    package func canWatch(_ kind: ResourceKind, after version: UInt64) -> Bool {
        state.withLock { $0.tables[kind]?.history.cursor(after: version) != nil }
    }

    /// The objects of now and a watch that goes on from there, without a gap.
    package func listAndWatch(_ kind: ResourceKind, _ filter: ObjectFilter = ObjectFilter()) -> (
        objects: [StoredObject], version: UInt64, watch: WatchSubscription
    ) {
        let (all, version, watch) = state.withLock { state in
            let namespaces = state.tables[kind]?.namespaces ?? [:]
            let objects = namespaces.values.flatMap(\.values)
            let cursor = state.tables[kind]?.history.end ?? 0
            return (objects, state.version, Self.subscribe(kind, cursor: cursor, &state))
        }
        return (all.filter(filter.matches).sorted { $0.key < $1.key }, version, watch)
    }

    private static func subscribe(_ kind: ResourceKind, cursor: Int, _ state: inout State) -> WatchSubscription {
        let id = state.nextWatch
        state.nextWatch += 1
        let watch = WatchSubscription(id: id, kind: kind, cursor: cursor)
        state.tables[kind]?.watches[id] = watch
        return watch
    }

    /// The changes a watch has not seen yet, at most `limit`, and the version they lead to.
    ///
    /// - Throws: `APIError` 410 if the watch fell behind the history.
    package func nextChanges(_ watch: WatchSubscription, limit: Int = 512) throws(APIError) -> (
        changes: [Change], version: UInt64
    ) {
        try state.withLock { state throws(APIError) in
            guard let history = state.tables[watch.kind]?.history,
                let (changes, cursor) = history.changes(from: watch.cursor, limit: limit)
            else {
                throw .expired(0, oldest: state.tables[watch.kind]?.history.oldestVersion ?? 0)
            }
            watch.cursor = cursor
            return (changes, cursor == history.end ? state.version : changes.last?.version ?? state.version)
        }
    }

    /// Ends a watch.
    package func end(_ watch: WatchSubscription) {
        state.withLock { $0.tables[watch.kind]?.watches[watch.id] = nil }
        watch.finish()
    }

    /// Ends every watch that serves a client.
    package func dropClientWatches() {
        let watches = state.withLock { state in
            state.tables.values.flatMap(\.watches.values).filter(\.servesClient)
        }
        for watch in watches { watch.finish() }
    }

    /// Forgets the history, so that each version of before answers 410.
    package func expireHistory() {
        state.withLock { state in
            state.version += 1
            for kind in ResourceKind.allCases { state.tables[kind]?.history.expire(at: state.version) }
        }
    }

    package var watchCount: Int { state.withLock { $0.tables.values.reduce(0) { $0 + $1.watches.count } } }
}
