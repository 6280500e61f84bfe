import Clusters
import KubernetesClient
import Logging
import Placement
import SlipwayCore
import Synchronization
import Testing

@testable import RunStore

@Suite(.timeLimit(.minutes(1))) struct ServedClustersTests {
    @Test("work that a client ends by speaking of cancellation begins again, and every client is closed")
    func strayCancellation() async throws {
        let site = Site()
        var settings = ServedClustersSettings()
        settings.interval = .milliseconds(5)
        settings.longestPause = .milliseconds(5)
        let served = ServedClusters(always: [:], registry: site, access: site, settings: settings)
        let lease = HeldLease(
            id: Identifier(high: 1, low: 1),
            trustedUntil: ContinuousClock.now + .seconds(600),
            time: .system
        )
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                // why: it ends by being cancelled.
                try? await served.serve(lease, time: .system, logger: Logger(label: "test"), handBack: { _ in }) {
                    _,
                    _ in
                    try await site.work()
                }
            }
            var begun = site.begun.makeAsyncIterator()
            #expect(await begun.next() == 1)
            #expect(await begun.next() == 2, "the first one was told that it is cancelled")
            #expect(site.closed == [])
            site.change()
            #expect(await begun.next() == 3)
            #expect(site.closed == [1])
            group.cancelAll()
        }
        #expect(site.closed == [1, 2])
    }
}

/// One registered cluster, and the way to it.
private final class Site: ClusterRegistry, ClusterAccess {
    private struct State {
        var version = 1
        var opened = 0
        var sessions = 0
        var closed: [Int] = []
    }

    private let state = Mutex(State())
    private let continuation: AsyncStream<Int>.Continuation
    /// The number of each session.
    let begun: AsyncStream<Int>

    init() { (begun, continuation) = AsyncStream.makeStream() }

    /// The numbers of the clients that were closed.
    var closed: [Int] { state.withLock { $0.closed } }

    func change() { state.withLock { $0.version += 1 } }
    func close(_ client: Int) { state.withLock { $0.closed.append(client) } }

    func work() async throws {
        let number = state.withLock { state in
            state.sessions += 1
            return state.sessions
        }
        continuation.yield(number)
        if number == 1 { throw CancellationError() }
        try await TimeSource.system.sleep(.seconds(600))
    }

    // MARK: ClusterAccess

    func version(of cluster: RegisteredCluster) -> String? { state.withLock { String($0.version) } }

    func open(_ cluster: RegisteredCluster) throws -> any ClusterPods {
        let number = state.withLock { state in
            state.opened += 1
            return state.opened
        }
        return SilentPods(number: number, site: self)
    }

    // MARK: ClusterRegistry

    func registeredClusters() -> [RegisteredCluster] { [RegisteredCluster(name: "west", kubeconfigFile: "west")] }
    func reportHealth(_ findings: [ClusterFinding], serving: [String], holder: HolderID) {}
    func handBack(cluster: String, holder: HolderID) -> [Unsupervised] { [] }
    func clusterConditions() -> (now: Timestamp, clusters: [ClusterCondition]) { (.now, []) }
    func setStates(_ states: [ClusterStateChange], holder: HolderID, term: Int64) -> [String] { [] }
    func moveRuns(after last: MovedRuns.Position?, holder: HolderID, term: Int64) -> MovedRuns { MovedRuns() }
    func noteUnavailable(holder: HolderID, term: Int64) {}
    func forgetDestroyed(holder: HolderID, term: Int64) -> [String] { [] }
}

/// A cluster without pods.
private struct SilentPods: ClusterPods {
    let number: Int
    let site: Site

    private static let absent = KubernetesError(.refused, code: 404, reason: "NotFound", message: "there is none")

    func submit(_ pod: Pod) throws(KubernetesError) { throw Self.absent }
    func pod(namespace: String, name: String) throws(KubernetesError) -> PodSnapshot { throw Self.absent }
    func remove(namespace: String, name: String, options: DeleteOptions) throws(KubernetesError) {}
    func events(namespace: String, podUID: String, within limit: Duration) -> [KubernetesEvent] { [] }
    func podUsage(installation: String, within limit: Duration) -> [PodMetrics] { [] }
    func watchPods(_ handle: ([ReflectorEvent<PodSnapshot>]) async -> Void) throws(CancellationError) {}
    func readLog(
        namespace: String,
        name: String,
        options: PodLogOptions,
        _ consume: ([UInt8]) async -> Bool
    ) throws(KubernetesError) { throw Self.absent }
    func checkReady(within limit: Duration) {}
    func nodeSummary(within limit: Duration) -> NodeSummary { NodeSummary([]) }
    func close() { site.close(number) }
}
