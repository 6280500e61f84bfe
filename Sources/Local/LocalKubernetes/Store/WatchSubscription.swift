internal import Synchronization

/// One reader's place in the history of a kind, and the bell that rings when there is more.
package final class WatchSubscription: Sendable {
    let id: Int
    package let kind: ResourceKind
    private let position: Mutex<Int>
    private let isForClient = Atomic<Bool>(false)
    /// Rings at least once after each change; rings while nobody listens collapse into one.
    package let bell: AsyncStream<Void>
    private let ring: AsyncStream<Void>.Continuation

    init(id: Int, kind: ResourceKind, cursor: Int) {
        self.id = id
        self.kind = kind
        position = Mutex(cursor)
        (bell, ring) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    var cursor: Int {
        get { position.withLock { $0 } }
        set { position.withLock { $0 = newValue } }
    }

    var servesClient: Bool {
        get { isForClient.load(ordering: .relaxed) }
        set { isForClient.store(newValue, ordering: .relaxed) }
    }

    package func wake() { ring.yield() }

    /// Ends the bell's stream.
    package func finish() { ring.finish() }
}
