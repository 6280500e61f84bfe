internal import Logging
internal import Observability
internal import RunStore
internal import ServiceLifecycle
internal import SlipwayCore
internal import Synchronization

/// Tells followers of runs when to look again. One query serves all followers of the process, and none runs while nobody follows.
final class LiveRuns: Service {
    private struct Follower {
        var run: RunID
        var last: RunPulse?
        var toldAt: ContinuousClock.Instant
        var stream: AsyncStream<RunPulse?>.Continuation
    }

    private struct State {
        var followers: [UInt64: Follower] = [:]
        var nextID: UInt64 = 0
        var isOver = false
    }

    private let state = Mutex(State())
    private let wakeUp: AsyncStream<Void>.Continuation
    private let wakeUps: AsyncStream<Void>
    private let pulses: @Sendable ([RunID]) async throws -> [RunPulse]
    private let limits: ControlAPILimits
    private let logger: Logger

    init(
        limits: ControlAPILimits,
        metrics: MetricsRegistry,
        logger: Logger,
        pulses: @escaping @Sendable ([RunID]) async throws -> [RunPulse]
    ) {
        self.limits = limits
        self.logger = logger
        self.pulses = pulses
        (wakeUps, wakeUp) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        metrics.observedGauge("slipway_api_followers", help: "Streams that follow a run.") { [weak self] in
            self.map { live in Double(live.state.withLock { $0.followers.count }) }
        }
    }

    /// The pulses of a run: one soon, one after each change, and the last one again when nothing happened for a while. `nil` comes in
    /// place of the last one while there was none, as when the database is away.
    ///
    /// Ends when the process stops; the follower leaves by dropping the stream. A slow follower gets the newest only.
    func follow(_ run: RunID) throws(Problem) -> AsyncStream<RunPulse?> {
        let (stream, continuation) = AsyncStream.makeStream(of: RunPulse?.self, bufferingPolicy: .bufferingNewest(1))
        let id: UInt64? = state.withLock { state in
            guard !state.isOver, state.followers.count < limits.followers else { return nil }
            state.nextID += 1
            state.followers[state.nextID] = Follower(run: run, toldAt: .now, stream: continuation)
            return state.nextID
        }
        guard let id else { throw Problem.overloaded("too many streams follow runs") }
        continuation.onTermination = { [weak self] _ in
            self?.state.withLock { _ = $0.followers.removeValue(forKey: id) }
        }
        wakeUp.yield()
        return stream
    }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            for await _ in self.wakeUps {
                while let runs = self.followedRuns(), !Task.isCancelled {
                    await self.look(at: runs)
                    // why: an interrupted pause is followed by the check above.
                    try? await Task.sleep(for: self.limits.followInterval)
                }
            }
        }
    }

    /// Ends all streams and refuses new ones. The clients resume elsewhere.
    func end() {
        let streams = state.withLock { state in
            state.isOver = true
            return state.followers.values.map(\.stream)
        }
        for stream in streams { stream.finish() }
    }

    /// Whether streams have to end.
    var hasEnded: Bool { state.withLock(\.isOver) }

    private func followedRuns() -> [RunID]? {
        state.withLock { state in
            state.followers.isEmpty || state.isOver ? nil : Array(Set(state.followers.values.map(\.run)))
        }
    }

    private func look(at runs: [RunID]) async {
        do {
            let found = try await pulses(runs)
            tell(Dictionary(found.map { ($0.id, $0) }, uniquingKeysWith: { $1 }))
        } catch {
            if !Task.isCancelled {
                logger.warning("Followed runs could not be read", metadata: ["error": "\(error)"])
            }
            tell([:])
        }
    }

    private func tell(_ found: [RunID: RunPulse]) {
        let now = ContinuousClock.now
        let news: [(AsyncStream<RunPulse?>.Continuation, RunPulse?)] = state.withLock { state in
            var news: [(AsyncStream<RunPulse?>.Continuation, RunPulse?)] = []
            for (id, follower) in state.followers {
                let pulse = found[follower.run] ?? follower.last
                guard pulse != follower.last || now - follower.toldAt >= limits.keepAlive else { continue }
                state.followers[id]?.last = pulse
                state.followers[id]?.toldAt = now
                news.append((follower.stream, pulse))
            }
            return news
        }
        for (stream, pulse) in news { stream.yield(pulse) }
    }
}
