/// How an object is deleted.
package struct DeleteOptions: Encodable, Hashable, Sendable {
    /// What must be true of the object, else the server answers with a conflict.
    package struct Preconditions: Encodable, Hashable, Sendable {
        package var uid: String?
        package var resourceVersion: String?

        /// The object's identity, its version, or both.
        package init(uid: String? = nil, resourceVersion: String? = nil) {
            self.uid = uid
            self.resourceVersion = resourceVersion
        }
    }

    /// What happens to the objects it owns.
    package enum PropagationPolicy: String, Encodable, Hashable, Sendable {
        case orphan = "Orphan"
        case background = "Background"
        case foreground = "Foreground"
    }

    private let apiVersion = "v1"
    private let kind = "DeleteOptions"
    package var preconditions: Preconditions?
    /// Zero removes the object at once, without waiting for its node.
    package var gracePeriodSeconds: Int?
    package var propagationPolicy: PropagationPolicy?

    /// Everything left out takes the object's or the server's default.
    package init(
        preconditions: Preconditions? = nil,
        gracePeriodSeconds: Int? = nil,
        propagationPolicy: PropagationPolicy? = nil
    ) {
        self.preconditions = preconditions
        self.gracePeriodSeconds = gracePeriodSeconds
        self.propagationPolicy = propagationPolicy
    }
}

/// Which part of a container's log is read.
package struct PodLogOptions: Hashable, Sendable {
    /// The container; may be `nil` only if the pod has one.
    package var container: String?
    /// Whether to wait for more until the container ends.
    package var follow: Bool
    /// Whether to read the log of the instance before the last restart.
    package var previous: Bool
    /// Only lines written at or after this instant (the server compares whole seconds).
    package var sinceTime: KubernetesTime?
    /// Only this many of the last lines.
    package var tailLines: Int?
    /// Whether each line begins with its time.
    package var timestamps: Bool
    /// The most bytes the server sends.
    package var limitBytes: Int?
    /// Ends the stream with `.interrupted` when it is silent this long. `nil` waits for ever, as a quiet container
    /// demands; a dead connection is still noticed by TCP keep-alive.
    package var inactivityLimit: Duration?

    /// The whole log so far unless told otherwise.
    package init(
        container: String? = nil,
        follow: Bool = false,
        previous: Bool = false,
        sinceTime: KubernetesTime? = nil,
        tailLines: Int? = nil,
        timestamps: Bool = false,
        limitBytes: Int? = nil,
        inactivityLimit: Duration? = nil
    ) {
        self.container = container
        self.follow = follow
        self.previous = previous
        self.sinceTime = sinceTime
        self.tailLines = tailLines
        self.timestamps = timestamps
        self.limitBytes = limitBytes
        self.inactivityLimit = inactivityLimit
    }
}

/// A change to an object.
package enum Patch: Sendable {
    /// JSON Merge Patch (RFC 7386): members replace, `null` removes.
    case merge(KubernetesValue)
    /// JSON Patch (RFC 6902): operations in order, all or nothing.
    case json([Operation])

    /// One operation of a JSON Patch.
    package struct Operation: Encodable, Hashable, Sendable {
        /// `add`, `remove`, `replace`, `move`, `copy` or `test`.
        package var op: String
        /// A JSON Pointer, for example `/metadata/labels/team`.
        package var path: String
        package var from: String?
        package var value: KubernetesValue?

        /// An operation; `test` fails the whole patch if the value differs.
        package init(op: String, path: String, from: String? = nil, value: KubernetesValue? = nil) {
            self.op = op
            self.path = path
            self.from = from
            self.value = value
        }
    }
}

/// What `accessReview` asks about.
package struct ResourceAccess: Codable, Hashable, Sendable {
    package var namespace: String?
    /// For example `create`, `list`, `watch`.
    package var verb: String
    package var group: String?
    /// The lower-case plural, for example `pods`.
    package var resource: String
    /// For example `log`.
    package var subresource: String?
    package var name: String?

    /// No namespace means all namespaces, or a cluster-wide resource.
    package init(
        namespace: String? = nil,
        verb: String,
        group: String? = nil,
        resource: String,
        subresource: String? = nil,
        name: String? = nil
    ) {
        self.namespace = namespace
        self.verb = verb
        self.group = group
        self.resource = resource
        self.subresource = subresource
        self.name = name
    }
}
