internal import CEventLoop
internal import Glibc
internal import Synchronization

/// A thread that runs actors and watches file descriptors.
///
/// An actor whose `unownedExecutor` is a loop's keeps its C handle on that one thread: jobs of the actor,
/// readiness callbacks and timer callbacks all run there, one after the other, so a callback may enter the actor
/// with `assumeIsolated` and nothing needs a lock. Several actors may share a loop; an actor that can block
/// in a C call should have one of its own.
///
/// Descriptor and timer calls are legal only on the loop (from an actor that runs on it, or from a callback).
/// A loop lives until `shutdown()`.
@safe package final class EventLoop: SerialExecutor {
    /// What a descriptor is watched for.
    package struct Interest: OptionSet, Sendable {
        package let rawValue: UInt32
        package init(rawValue: UInt32) { self.rawValue = rawValue }
        package static let read = Interest(rawValue: 1)
        package static let write = Interest(rawValue: 2)
        /// Only ever reported, never asked for: the descriptor failed or its peer is gone.
        package static let error = Interest(rawValue: 4)
    }

    /// Names a registered descriptor. It is never reused, so a late event cannot reach a successor.
    package struct Registration: Hashable, Sendable {
        fileprivate let token: UInt64
        fileprivate let descriptor: Int32
    }

    /// Names a scheduled callback.
    package struct Timer: Hashable, Sendable {
        fileprivate let deadline: ContinuousClock.Instant
        fileprivate let token: UInt64
    }

    /// The callbacks see no isolation of their own; they run on the loop's thread.
    private typealias ReadinessHandler = (Interest) -> Void

    private struct Inbox {
        var jobs: [UnownedJob] = []
        var bodies: [@Sendable () -> Void] = []
        var isSignalled = false
        var isShutDown = false
    }

    /// State that only the loop's thread touches.
    private final class LoopState {
        var handlers: [UInt64: ReadinessHandler] = [:]
        var timers: [UInt64: () -> Void] = [:]
        var timerOrder = TimerHeap()
        var nextToken: UInt64 = 1
    }

    private let inbox = Mutex(Inbox())
    private let epoll: Int32
    private let wakeup: Int32
    private let name: String
    /// Written once by the loop's thread before `init` returns to anyone who could compare with it.
    private let thread = Atomic<UInt>(0)
    // why: only the loop's thread comes here, and each way in checks that.
    private nonisolated(unsafe) let unguardedState = LoopState()
    /// Each way in begins with `checkIsolated` or is called by `run`.
    private var state: LoopState { unsafe unguardedState }

    /// Starts the thread.
    ///
    /// - Parameter name: shown by `ps -L` and debuggers; the first 15 bytes count.
    package init(name: String) {
        self.name = name
        epoll = slipway_epoll_create()
        wakeup = slipway_eventfd_create()
        precondition(epoll >= 0 && wakeup >= 0, "no descriptors left for an event loop")
        precondition(slipway_epoll_add(epoll, wakeup, Interest.read.rawValue, 0) == 0, "epoll refused the wake-up")
        var attributes = pthread_attr_t()
        unsafe pthread_attr_init(&attributes)
        unsafe pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        defer { unsafe pthread_attr_destroy(&attributes) }
        var handle = pthread_t()
        let retained = unsafe Unmanaged.passRetained(self).toOpaque()
        let status = unsafe pthread_create(
            &handle,
            &attributes,
            { pointer in
                guard let pointer = unsafe pointer else { return nil }
                let loop = unsafe Unmanaged<EventLoop>.fromOpaque(pointer).takeRetainedValue()
                loop.run()
                return nil
            },
            retained
        )
        precondition(status == 0, "no thread left for an event loop")
    }

    deinit {
        close(epoll)
        close(wakeup)
    }

    // MARK: Executor

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let mustSignal = inbox.withLock { inbox in
            inbox.jobs.append(job)
            defer { inbox.isSignalled = true }
            return !inbox.isSignalled
        }
        wake(if: mustSignal)
    }

    /// Runs `body` on the loop soon. Safe to call from any thread, for results that arrive outside Swift's tasks.
    package func execute(_ body: @escaping @Sendable () -> Void) {
        let mustSignal = inbox.withLock { inbox in
            inbox.bodies.append(body)
            defer { inbox.isSignalled = true }
            return !inbox.isSignalled
        }
        wake(if: mustSignal)
    }

    /// The loop's own thread looks into the inbox before it waits, so only others have to wake it.
    private func wake(if mustSignal: Bool) {
        if mustSignal, !isOnLoop { _ = slipway_eventfd_signal(wakeup) }
    }

    package func asUnownedSerialExecutor() -> UnownedSerialExecutor {
        unsafe UnownedSerialExecutor(ordinary: self)
    }

    package func checkIsolated() {
        precondition(isOnLoop, "not on the event loop \(name)")
    }

    package func isIsolatingCurrentContext() -> Bool? { isOnLoop }

    /// Whether the caller runs on the loop's thread.
    package var isOnLoop: Bool { thread.load(ordering: .relaxed) == UInt(pthread_self()) }

    /// Ends the thread once the jobs already enqueued have run. Safe to call from anywhere, more than once.
    ///
    /// Registered handlers and timers are dropped. Nothing may be enqueued afterwards: close every actor that runs on
    /// the loop first.
    package func shutdown() {
        inbox.withLock { $0.isShutDown = true }
        _ = slipway_eventfd_signal(wakeup)
    }

    // MARK: Descriptors

    /// Watches `descriptor` and calls `handler` on the loop each time it is ready (level-triggered).
    ///
    /// - Throws: `EventLoopError` with `errno` if the kernel refuses the descriptor.
    package func register(
        descriptor: Int32,
        for interest: Interest,
        _ handler: @escaping (Interest) -> Void
    ) throws(EventLoopError) -> Registration {
        checkIsolated()
        let token = takeToken()
        guard slipway_epoll_add(epoll, descriptor, interest.rawValue, token) == 0 else {
            throw EventLoopError(operation: "watch a descriptor", errno: errno)
        }
        state.handlers[token] = handler
        return Registration(token: token, descriptor: descriptor)
    }

    /// Changes what a registered descriptor is watched for.
    package func update(_ registration: Registration, for interest: Interest) {
        checkIsolated()
        guard state.handlers[registration.token] != nil else { return }
        _ = slipway_epoll_modify(epoll, registration.descriptor, interest.rawValue, registration.token)
    }

    /// Stops watching. Call it before the descriptor is closed.
    package func unregister(_ registration: Registration) {
        checkIsolated()
        guard state.handlers.removeValue(forKey: registration.token) != nil else { return }
        _ = slipway_epoll_remove(epoll, registration.descriptor)
    }

    // MARK: Timers

    /// Calls `body` on the loop once, after `delay`.
    @discardableResult
    package func schedule(after delay: Duration, _ body: @escaping () -> Void) -> Timer {
        checkIsolated()
        let timer = Timer(deadline: .now + delay, token: takeToken())
        state.timers[timer.token] = body
        state.timerOrder.insert(timer)
        return timer
    }

    /// Drops a timer that has not fired yet.
    package func cancel(_ timer: Timer) {
        checkIsolated()
        guard state.timers.removeValue(forKey: timer.token) != nil else { return }
        // Deadlines are mostly cancelled: without this the heap would hold each of them until its time.
        if state.timerOrder.count > 64, state.timerOrder.count > 2 * state.timers.count {
            let live = state.timers
            state.timerOrder.keep { live[$0.token] != nil }
        }
    }

    // MARK: The thread

    private func takeToken() -> UInt64 {
        defer { state.nextToken += 1 }
        return state.nextToken
    }

    private func run() {
        thread.store(UInt(pthread_self()), ordering: .relaxed)
        unsafe slipway_thread_set_name(name)
        let capacity = 64
        let events = UnsafeMutablePointer<slipway_epoll_event>.allocate(capacity: capacity)
        defer { unsafe events.deallocate() }
        while true {
            guard runJobs() else { break }
            let count = unsafe slipway_epoll_wait(epoll, events, Int32(capacity), millisecondsToNextTimer())
            precondition(count >= 0, "epoll_wait failed on the event loop \(name)")
            for index in 0..<Int(count) {
                let event = unsafe events[index]
                if event.token == 0 {
                    _ = slipway_eventfd_drain(wakeup)
                } else {
                    state.handlers[event.token]?(Interest(rawValue: event.events))
                }
            }
            fireTimers()
        }
        state.handlers.removeAll()
        state.timers.removeAll()
    }

    /// Runs what is enqueued, including what those jobs enqueue, up to a bound so that descriptors get their turn.
    /// - Returns: `false` once the loop is shut down and idle.
    private func runJobs() -> Bool {
        for _ in 0..<16 {
            let (jobs, bodies, isShutDown) = inbox.withLock { inbox in
                defer {
                    inbox.jobs.removeAll(keepingCapacity: inbox.jobs.count < 1024)
                    inbox.bodies.removeAll()
                    inbox.isSignalled = false
                }
                return (inbox.jobs, inbox.bodies, inbox.isShutDown)
            }
            if jobs.isEmpty, bodies.isEmpty {
                return !isShutDown
            }
            for body in bodies {
                body()
            }
            for job in jobs {
                unsafe job.runSynchronously(on: asUnownedSerialExecutor())
            }
        }
        return true
    }

    private func millisecondsToNextTimer() -> Int32 {
        if inbox.withLock({ !$0.jobs.isEmpty || !$0.bodies.isEmpty }) { return 0 }
        guard let next = state.timerOrder.first else { return -1 }
        let left = next.deadline - .now
        if left <= .zero { return 0 }
        let (seconds, attoseconds) = left.components
        let milliseconds = seconds.multipliedReportingOverflow(by: 1000)
        guard !milliseconds.overflow, milliseconds.partialValue < 60_000 else { return 60_000 }
        return Int32(milliseconds.partialValue + attoseconds / 1_000_000_000_000_000) + 1
    }

    private func fireTimers() {
        guard state.timerOrder.first != nil else { return }
        let now = ContinuousClock.now
        while let next = state.timerOrder.first, next.deadline <= now {
            state.timerOrder.removeFirst()
            state.timers.removeValue(forKey: next.token)?()
        }
    }

    /// A binary heap of timers, soonest first. Cancelled ones stay until their time comes, or too many are, and fire nothing.
    private struct TimerHeap {
        private var items: [Timer] = []

        var first: Timer? { items.first }
        var count: Int { items.count }

        /// A sorted array is a heap.
        mutating func keep(where isWanted: (Timer) -> Bool) {
            items = items.filter(isWanted).sorted(by: Self.precedes)
        }

        mutating func insert(_ timer: Timer) {
            items.append(timer)
            var child = items.count - 1
            while child > 0 {
                let parent = (child - 1) / 2
                guard Self.precedes(items[child], items[parent]) else { return }
                items.swapAt(child, parent)
                child = parent
            }
        }

        mutating func removeFirst() {
            let last = items.removeLast()
            guard !items.isEmpty else { return }
            items[0] = last
            var parent = 0
            while true {
                var least = parent
                for child in [2 * parent + 1, 2 * parent + 2] where child < items.count {
                    if Self.precedes(items[child], items[least]) { least = child }
                }
                guard least != parent else { return }
                items.swapAt(least, parent)
                parent = least
            }
        }

        private static func precedes(_ left: Timer, _ right: Timer) -> Bool {
            (left.deadline, left.token) < (right.deadline, right.token)
        }
    }
}

/// The kernel refused an event loop's request.
package struct EventLoopError: Error, CustomStringConvertible {
    package let operation: String
    package let errno: Int32

    package var description: String { "cannot \(operation): \(unsafe String(cString: strerror(errno)))" }
}
