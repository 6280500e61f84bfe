internal import NIOCore

/// Names an object of one kind. Cluster-wide objects have an empty namespace.
package struct ObjectKey: Sendable, Hashable, Comparable {
    package var namespace: String
    package var name: String

    package init(namespace: String, name: String) {
        self.namespace = namespace
        self.name = name
    }

    package static func < (left: ObjectKey, right: ObjectKey) -> Bool {
        (left.namespace, left.name) < (right.namespace, right.name)
    }
}

/// One version of an object: its tree and its JSON, made once and shared by everyone who reads it.
package final class StoredObject: Sendable {
    package let kind: ResourceKind
    package let key: ObjectKey
    package let uid: String
    package let version: UInt64
    package let value: JSONValue
    let buffer: ByteBuffer

    package init(kind: ResourceKind, version: UInt64, value: JSONValue) {
        self.kind = kind
        self.version = version
        var value = value
        value.updateMetadata { $0["resourceVersion"] = .string(String(version)) }
        let metadata = value["metadata"] ?? [:]
        self.value = value
        key = ObjectKey(namespace: metadata.text("namespace"), name: metadata.text("name"))
        uid = metadata.text("uid")
        buffer = ByteBuffer(bytes: value.encoded())
    }

    package var isTerminating: Bool { value[path: "metadata", "deletionTimestamp"] != nil }
    package var labels: JSONValue? { value[path: "metadata", "labels"] }
}

/// Which objects of a kind a list or a watch is about.
package struct ObjectFilter: Sendable {
    /// Empty: every namespace.
    package var namespace = ""
    package var labels = LabelSelector.everything
    package var fields = FieldSelector.everything

    package init(namespace: String = "", labels: LabelSelector = .everything, fields: FieldSelector = .everything) {
        self.namespace = namespace
        self.labels = labels
        self.fields = fields
    }

    package func matches(_ object: StoredObject) -> Bool {
        (namespace.isEmpty || object.key.namespace == namespace)
            && (labels.isEverything || labels.matches(object.labels))
            && (fields.requirements.isEmpty || fields.matches(object.value))
    }
}
