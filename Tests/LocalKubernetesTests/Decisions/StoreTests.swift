import LocalKubernetes
import Testing

@Suite struct StoreTests {
    static func store(changes: Int = 100) throws -> ObjectStore {
        let store = ObjectStore(historyLimits: .init(changes: changes, bytes: 1 << 20))
        try store.create(.namespaces, ["metadata": ["name": "n", "uid": "n"]])
        return store
    }

    static func pod(_ name: String, labels: JSONValue = [:]) -> JSONValue {
        ["metadata": ["name": .string(name), "namespace": "n", "uid": .string(name), "labels": labels]]
    }

    @Test func `versions rise with each change and name its order`() throws {
        let store = try Self.store()
        let first = try store.create(.pods, Self.pod("a"))
        let second = try store.create(.pods, Self.pod("b"))
        #expect(second.version == first.version + 1)
        #expect(store.list(.pods).objects.map(\.key.name) == ["a", "b"])
        #expect(store.list(.pods).version == second.version)
    }

    @Test func `an update that changes nothing makes no version`() throws {
        let store = try Self.store()
        let pod = try store.create(.pods, Self.pod("a"))
        let same = try store.update(.pods, pod.key) { (present) throws(APIError) in .replace(present.value) }
        #expect(same.version == pod.version)
    }

    @Test func `a watch sees every change after its version, in order`() throws {
        let store = try Self.store()
        let pod = try store.create(.pods, Self.pod("a"))
        let watch = try store.watch(.pods, after: pod.version)
        try store.create(.pods, Self.pod("b"))
        try store.update(.pods, pod.key) { (present) throws(APIError) in .delete(present.value) }
        let (changes, version) = try store.nextChanges(watch)
        #expect(changes.map(\.type) == [.added, .deleted])
        #expect(changes.map(\.object.key.name) == ["b", "a"])
        #expect(version == store.version)
        #expect(try store.nextChanges(watch).changes.isEmpty)
    }

    @Test func `a version older than the bounded history answers 410`() throws {
        let store = try Self.store(changes: 5)
        let first = try store.create(.pods, Self.pod("a"))
        for index in 0..<6 { try store.create(.pods, Self.pod("b\(index)")) }
        #expect { try store.watch(.pods, after: first.version) } throws: { ($0 as? APIError)?.code == 410 }
        #expect(throws: Never.self) { try store.watch(.pods, after: first.version + 1) }
    }

    @Test func `a watch that falls behind the history answers 410`() throws {
        let store = try Self.store(changes: 5)
        let watch = try store.watch(.pods, after: nil)
        for index in 0..<6 { try store.create(.pods, Self.pod("b\(index)")) }
        #expect { try store.nextChanges(watch) } throws: { ($0 as? APIError)?.code == 410 }
    }

    @Test func `an expired history serves only watches from now on`() throws {
        let store = try Self.store()
        let pod = try store.create(.pods, Self.pod("a"))
        store.expireHistory()
        #expect { try store.watch(.pods, after: pod.version) } throws: { ($0 as? APIError)?.code == 410 }
        #expect(throws: Never.self) { try store.watch(.pods, after: store.list(.pods).version) }
    }

    @Test func `an object that begins or ceases to match a selector is added or deleted`() throws {
        let store = try Self.store()
        let pod = try store.create(.pods, Self.pod("a"))
        let watch = try store.watch(.pods, after: pod.version)
        for label in ["x", "y"] {
            try store.update(.pods, pod.key) { (_) throws(APIError) in
                .replace(Self.pod("a", labels: ["k": .string(label)]))
            }
        }
        let filter = ObjectFilter(labels: try LabelSelector(parsing: "k=x"))
        #expect(try store.nextChanges(watch).changes.map { $0.type(through: filter) } == [.added, .deleted])
    }

    @Test func `a name is taken once, and its namespace must be there`() throws {
        let store = try Self.store()
        try store.create(.pods, Self.pod("a"))
        #expect { try store.create(.pods, Self.pod("a")) } throws: { ($0 as? APIError)?.reason == "AlreadyExists" }
        #expect {
            try store.create(.pods, ["metadata": ["name": "a", "namespace": "other"]])
        } throws: { ($0 as? APIError)?.code == 404 }
    }
}
