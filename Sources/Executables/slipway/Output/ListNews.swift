internal import SlipwayCore
internal import Synchronization

/// Tells those who watch a list when it is worth reading again, from what the API streams of its changes.
final class ListNews: Sendable {
    private struct State {
        var isLive = false
        var hasNews = false
        var waiter: CheckedContinuation<Void, Never>?
    }

    private let client: APIClient
    private let path: String
    private let query: [(String, String?)]
    /// How long nothing may be told before the list is read all the same: not everything that it shows is streamed.
    let longestPause: Duration
    private let state = Mutex(State())

    /// How long until a stream that could not be had is asked for again.
    private static let pause = Duration.seconds(60)

    init(_ client: APIClient, _ path: String, _ query: [(String, String?)], longestPause: Duration) {
        self.client = client
        self.path = path
        self.query = query
        self.longestPause = longestPause
    }

    /// Whether changes are told now.
    var isLive: Bool { state.withLock(\.isLive) }

    /// Follows the stream, if it can be had, until cancelled.
    func run() async {
        while !Task.isCancelled {
            // why: without the stream the list is read now and then, as lists without one are.
            _ = try? await client.follow(path, query) { _ in tell() }
            state.withLock { $0.isLive = false }
            // why: cancelled when nobody watches any more; the loop ends then.
            try? await Task.sleep(for: Self.pause)
        }
    }

    private func tell() {
        let waiter = state.withLock { state in
            state.isLive = true
            state.hasNews = true
            return state.waiter.take()
        }
        waiter?.resume()
    }

    /// Returns once something was told since the last time, or after so long.
    func wait(atMost longest: Duration) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await Task.sleep(for: longest) }
            group.addTask { await self.wait() }
            defer { group.cancelAll() }
            try await group.next()
        }
        // What is told from now on is not in what is read now.
        state.withLock { $0.hasNews = false }
    }

    private func wait() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state in
                    if state.hasNews || Task.isCancelled { return true }
                    state.waiter = continuation
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.waiter.take() }?.resume()
        }
    }
}
