internal import FoundationEssentials
internal import Logging

/// Follows a set of objects: a list, then a watch from the list's version, for as long as the task lives.
///
/// Every object's latest state is told at least once, in order; intermediate states may be skipped after a break.
/// Source of the protocol: the Kubernetes API concepts on watches, bookmarks and 410.
package struct Reflector<Resource: KubernetesResource>: Sendable {
    let client: KubernetesClient
    let namespace: String?
    let labelSelector: String?
    let fieldSelector: String?
    let settings: ReflectorSettings

    /// - Parameter namespace: `nil` follows all namespaces.
    package init(
        client: KubernetesClient,
        namespace: String?,
        labelSelector: String? = nil,
        fieldSelector: String? = nil,
        settings: ReflectorSettings = ReflectorSettings()
    ) {
        self.client = client
        self.namespace = namespace
        self.labelSelector = labelSelector
        self.fieldSelector = fieldSelector
        self.settings = settings
    }

    /// Runs until the task is cancelled.
    ///
    /// - Parameter handle: gets what came together, in order. While it runs nothing more is read, and the server is
    ///   slowed down once the buffers are full.
    package func run(_ handle: ([ReflectorEvent<Resource>]) async -> Void) async throws(CancellationError) {
        var session = WatchSession<Resource>()
        var backoff = Backoff(initial: settings.initialBackoff, maximum: settings.maximumBackoff)
        while true {
            try Self.checkCancellation()
            var watchedFrom: ContinuousClock.Instant?
            do throws(KubernetesError) {
                if session.mustList {
                    let whole = try await list()
                    await handle(session.listed(whole))
                }
                watchedFrom = .now
                if try await watch(&session, handle) {
                    backoff.reset()
                    continue
                }
            } catch {
                try Self.checkCancellation()
                // A watch that lasted needs no longer pause than the first. A list that was slow to fail is no such thing.
                if let watchedFrom, .now - watchedFrom > .seconds(1) { backoff.reset() }
                if error.kind == .deadlineExceeded { session.fellSilent() }
                if error.isGone {
                    // Nothing is lost: the list that follows tells what was missed.
                    let isRepeated = session.expire()
                    await handle([.disconnected(reason: error.description)])
                    if !isRepeated { continue }
                } else {
                    await handle([.disconnected(reason: error.description)])
                }
            }
            do {
                try await Task.sleep(for: backoff.next(fraction: .random(in: 0...1)))
            } catch {
                throw CancellationError()
            }
        }
    }

    private static func checkCancellation() throws(CancellationError) {
        if Task.isCancelled { throw CancellationError() }
    }

    private func list() async throws(KubernetesError) -> ResourceList<Resource> {
        try await client.listAll(
            namespace: namespace,
            labelSelector: labelSelector,
            fieldSelector: fieldSelector,
            pageSize: settings.pageSize
        )
    }

    /// Watches from the session's version to the end of one stream.
    ///
    /// - Returns: whether the watch told anything or lasted; one that ends at once is no reason to hurry.
    private func watch(
        _ session: inout WatchSession<Resource>,
        _ handle: ([ReflectorEvent<Resource>]) async -> Void
    ) async throws(KubernetesError) -> Bool {
        let start = ContinuousClock.now
        var hasTold = false
        let stream = try await client.open(
            watchRequest(from: session.resourceVersion),
            headTimeout: settings.connectTimeout,
            inactivityLimit: settings.inactivityLimit
        )
        var splitter = LineSplitter(maximumLineBytes: settings.maximumEventBytes)
        let decoder = JSONDecoder()
        while true {
            switch await stream.next() {
            case .failure(let failure):
                throw KubernetesError(failure, method: .get)
            case .success(nil):
                // An event cut in the middle was never told, so the next watch brings it again.
                return hasTold || .now - start > .seconds(1)
            case .success(let chunk?):
                splitter.append(chunk)
                while let (batch, ending) = session.read(&splitter, decoder, upTo: settings.maximumBatchCount) {
                    hasTold = hasTold || !batch.isEmpty
                    if !batch.isEmpty { await handle(batch) }
                    if let ending { throw ending }
                }
            }
        }
    }

    private func watchRequest(from resourceVersion: String) -> APIRequest {
        var request = APIRequest(method: .get, path: Resource.path(namespace: namespace))
        request.accept = Resource.accept(isList: false)
        request.isBudgeted = false
        let seconds = settings.serverTimeout / .seconds(1) * Double.random(in: 0.8...1)
        request.add("watch", "true")
        request.add("allowWatchBookmarks", "true")
        request.add("resourceVersion", resourceVersion)
        request.add("timeoutSeconds", String(Int(max(1, seconds))))
        request.add("labelSelector", labelSelector)
        request.add("fieldSelector", fieldSelector)
        return request
    }
}
