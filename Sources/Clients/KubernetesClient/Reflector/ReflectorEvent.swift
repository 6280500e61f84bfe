/// What a reflector tells.
package enum ReflectorEvent<Resource: KubernetesResource>: Sendable {
    /// The whole set, after each list. Objects that vanished while nobody watched were told as `vanished` just before.
    case listed([Resource])
    /// An object was added or changed.
    case applied(Resource)
    /// An object is gone; its last state.
    case deleted(Resource)
    /// An object is gone, as a list shows; the last state that is known, which may not have been its last.
    case vanished(Resource)
    /// Everything up to now has been told.
    case bookmark
    /// The stream broke or a list failed; what happens meanwhile is told later. Says why, for a log.
    case disconnected(reason: String)
}

/// How a reflector keeps up.
package struct ReflectorSettings: Hashable, Sendable {
    /// Objects a page of the list.
    package var pageSize: Int
    /// After this the server ends a watch; the next one resumes. Varied by up to a fifth, so that watches do not
    /// end together.
    package var serverTimeout: Duration
    /// A watch without a byte for this long is taken for dead, although no connection has failed.
    package var inactivityLimit: Duration
    /// How long the answer to a watch may take to begin.
    package var connectTimeout: Duration
    /// Before the first retry; doubles with each failure, and each wait is varied downwards by up to a half.
    package var initialBackoff: Duration
    /// The longest wait.
    package var maximumBackoff: Duration
    /// The most events handed over at once.
    package var maximumBatchCount: Int
    /// The largest event.
    package var maximumEventBytes: Int

    /// Settings for a production cluster.
    package init(
        pageSize: Int = 500,
        serverTimeout: Duration = .seconds(300),
        inactivityLimit: Duration = .seconds(120),
        connectTimeout: Duration = .seconds(30),
        initialBackoff: Duration = .milliseconds(200),
        maximumBackoff: Duration = .seconds(30),
        maximumBatchCount: Int = 512,
        maximumEventBytes: Int = 16 << 20
    ) {
        self.pageSize = pageSize
        self.serverTimeout = serverTimeout
        self.inactivityLimit = inactivityLimit
        self.connectTimeout = connectTimeout
        self.initialBackoff = initialBackoff
        self.maximumBackoff = maximumBackoff
        self.maximumBatchCount = maximumBatchCount
        self.maximumEventBytes = maximumEventBytes
    }
}
