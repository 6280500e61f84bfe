internal import EventLoop
internal import Synchronization

/// Hands requests to connections, each with a thread of its own on which it may wait.
actor RequestLanes {
    private let lanes: [RequestLane]
    private var free: [Int]
    private var waiting: [CheckedContinuation<Int, Never>] = []

    init(_ configuration: ObjectStorageConfiguration) {
        lanes = (0..<max(1, configuration.connections)).map { RequestLane(configuration, number: $0) }
        free = Array(lanes.indices)
    }

    /// Waits for a free connection, sends a request over it and waits for the whole answer. Cancelling the task breaks the
    /// transfer off.
    func send(_ request: ObjectRequest) async -> Result<ObjectAnswer, ObjectStorageError> {
        let index = await take()
        defer { give(index) }
        let cancellation = Cancellation()
        return await withTaskCancellationHandler {
            await lanes[index].send(request, cancellation)
        } onCancel: {
            cancellation.cancel()
        }
    }

    private func take() async -> Int {
        if let index = free.popLast() { return index }
        return await withCheckedContinuation { waiting.append($0) }
    }

    private func give(_ index: Int) {
        if waiting.isEmpty { free.append(index) } else { waiting.removeFirst().resume(returning: index) }
    }
}

/// Tells a transfer that nobody waits for it any more.
final class Cancellation: Sendable {
    private let flag = Atomic(false)
    var isCancelled: Bool { flag.load(ordering: .relaxed) }
    func cancel() { flag.store(true, ordering: .relaxed) }
}

/// One connection. Its calls block the thread, which is nobody else's.
private actor RequestLane {
    private nonisolated let eventLoop: EventLoop
    private let configuration: ObjectStorageConfiguration
    private var easy: CurlEasy?

    nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe eventLoop.asUnownedSerialExecutor()
    }

    init(_ configuration: ObjectStorageConfiguration, number: Int) {
        eventLoop = EventLoop(name: "objects-\(number)")
        self.configuration = configuration
    }

    deinit { eventLoop.shutdown() }

    func send(_ request: ObjectRequest, _ cancellation: Cancellation) -> Result<ObjectAnswer, ObjectStorageError> {
        guard let easy = easy ?? CurlEasy() else { return .failure(.configuration("libcurl has no memory left")) }
        self.easy = easy
        return easy.perform(request, configuration, cancellation)
    }
}
