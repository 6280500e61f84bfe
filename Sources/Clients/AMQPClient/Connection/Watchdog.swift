internal import EventLoop
internal import Glibc
internal import Synchronization

/// Ends calls of librabbitmq that block too long, by shutting their socket down.
///
/// The library's sends wait without limit for a peer that does not read. One thread watches all connections; while none has a
/// deadline, it sleeps.
final class Watchdog: Sendable {
    static let shared = Watchdog()

    /// How late a deadline may be noticed.
    private static let tick: Duration = .milliseconds(100)

    /// A socket under watch. The descriptor stays the connection's, which calls `end()` before closing it.
    final class Watched: Sendable {
        /// Nanoseconds of the monotonic clock; 0 for none.
        fileprivate let deadline = Atomic<Int64>(0)
        fileprivate let hasExpired = Atomic<Bool>(false)
        private let descriptor: Mutex<Int32>
        private let watchdog: Watchdog

        fileprivate init(descriptor: Int32, watchdog: Watchdog) {
            self.descriptor = Mutex(descriptor)
            self.watchdog = watchdog
        }

        /// Runs a call that must not take longer than `limit`.
        func guarded<Result>(within limit: Duration, _ call: () -> Result) -> Result {
            let (seconds, attoseconds) = limit.components
            let nanoseconds = min(seconds, 1_000_000) * 1_000_000_000 + attoseconds / 1_000_000_000
            deadline.store(Watchdog.now + nanoseconds, ordering: .sequentiallyConsistent)
            watchdog.wake()
            defer { deadline.store(0, ordering: .relaxed) }
            return call()
        }

        /// Whether a call was ended; the connection is of no use then.
        var isExpired: Bool { hasExpired.load(ordering: .relaxed) }

        /// The socket is left alone from now on.
        func end() {
            descriptor.withLock { $0 = -1 }
            watchdog.forget(self)
        }

        fileprivate func shutDown() {
            hasExpired.store(true, ordering: .relaxed)
            descriptor.withLock { descriptor in
                if descriptor >= 0 { _ = shutdown(descriptor, Int32(SHUT_RDWR)) }
            }
        }
    }

    private let loop = EventLoop(name: "amqp-watchdog")
    private let isAwake = Atomic<Bool>(false)
    private let connections = Mutex<[ObjectIdentifier: Watched]>([:])

    func watch(descriptor: Int32) -> Watched {
        let watched = Watched(descriptor: descriptor, watchdog: self)
        connections.withLock { $0[ObjectIdentifier(watched)] = watched }
        return watched
    }

    private func forget(_ watched: Watched) {
        connections.withLock { _ = $0.removeValue(forKey: ObjectIdentifier(watched)) }
    }

    private func wake() {
        guard !isAwake.load(ordering: .sequentiallyConsistent) else { return }
        if !isAwake.exchange(true, ordering: .sequentiallyConsistent) { loop.execute { self.scheduleTick() } }
    }

    private func scheduleTick() {
        loop.schedule(after: Self.tick) { self.look() }
    }

    private func look() {
        if isAnyGuarded() { return scheduleTick() }
        isAwake.store(false, ordering: .sequentiallyConsistent)
        // A deadline set just before the store has found the watchdog awake and relies on it.
        if isAnyGuarded() { wake() }
    }

    /// Shuts down what is overdue. Whether any call is still under way.
    private func isAnyGuarded() -> Bool {
        let now = Self.now
        var isAny = false
        for watched in connections.withLock({ Array($0.values) }) {
            let deadline = watched.deadline.load(ordering: .sequentiallyConsistent)
            guard deadline > 0 else { continue }
            isAny = true
            if deadline <= now, !watched.isExpired { watched.shutDown() }
        }
        return isAny
    }

    private static var now: Int64 {
        var time = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}
