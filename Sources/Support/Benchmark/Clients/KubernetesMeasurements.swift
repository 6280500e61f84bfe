internal import EventLoop
internal import KubernetesClient
internal import SlipwayCore
internal import Synchronization

/// Compares KubernetesClient with a plain libcurl loop, on config maps in a namespace of their own: nothing in the cluster acts
/// upon them, so that only requests are measured.
struct KubernetesMeasurements: Sendable {
    let address: ClientsPlan.KubernetesAddress
    let seconds: Int

    private static let connections = 8
    private static let watches = 16
    private static let watchedCreates = 2000
    private static let readObjects = 200
    /// As large as a small pod.
    private static let payload = String(repeating: "x", count: 1024)
    private static let plural = "configmaps"
    private var duration: Duration { .seconds(seconds) }

    func run(_ report: @Sendable (String) -> Void) async throws -> [Comparison] {
        let loop = EventLoop(name: "bench-kube")
        defer { loop.shutdown() }
        let client = KubernetesClient(configuration: try configuration(), eventLoop: loop, logger: Quiet.logger)
        let namespace = ScratchName.fresh("-")
        do {
            _ = try await client.create(Namespace(metadata: ObjectMetadata(name: namespace)))
            let comparisons: [Comparison]
            do {
                comparisons = try await measure(client, namespace, report)
            } catch {
                try await client.delete(Namespace.self, name: namespace)
                throw error
            }
            try await client.delete(Namespace.self, name: namespace)
            await client.close()
            return comparisons
        } catch {
            await client.close()
            throw error
        }
    }

    private func configuration() throws -> KubernetesConfiguration {
        var configuration =
            switch address {
            case .url(let url): KubernetesConfiguration(server: url)
            case .kubeconfig(let path): try KubernetesConfiguration.kubeconfig(path: path)
            }
        configuration.connections = Self.connections
        configuration.userAgent = "slipway-bench"
        // The server's limits are wanted, not the client's manners.
        configuration.requestsPerSecond = 1_000_000
        configuration.burst = 1_000_000
        return configuration
    }

    private func measure(
        _ client: KubernetesClient,
        _ namespace: String,
        _ report: @Sendable (String) -> Void
    ) async throws -> [Comparison] {
        let plain = CurlReference(server: client.configuration.server, connections: Self.connections)
        // The plain loop knows neither certificates nor tokens.
        let hasReference = client.configuration.server.hasPrefix("http://")
        report("KubernetesClient: creating")
        let numbers = Atomic<Int>(0)
        let creates = try await ClosedLoop.rate(tasks: Self.connections, for: duration) { _ in
            let number = numbers.wrappingAdd(1, ordering: .relaxed).oldValue
            _ = try await client.create(Self.object("ours-\(number)", namespace))
            return 1
        }
        var createLimit: Double?
        if hasReference {
            createLimit = try await BlockingWork.run {
                try plain.rate(seconds: seconds) { Self.create("plain-\($0)", namespace) }
            }
        }
        report("KubernetesClient: reading")
        for number in 0..<Self.readObjects {
            _ = try await client.create(Self.object("read-\(number)", namespace))
        }
        let reads = try await ClosedLoop.rate(tasks: Self.connections, for: duration) { _ in
            let name = "read-\(Int.random(in: 0..<Self.readObjects))"
            _ = try await client.get(ConfigMap.self, namespace: namespace, name: name)
            return 1
        }
        var readLimit: Double?
        if hasReference {
            readLimit = try await BlockingWork.run {
                try plain.rate(seconds: seconds) {
                    PlainRequest(path: "\(Self.path(namespace))/read-\($0 % Self.readObjects)")
                }
            }
        }
        return [
            comparison("create, \(Self.connections) tasks", "requests", creates, createLimit),
            comparison("get, \(Self.connections) tasks", "requests", reads, readLimit),
            hasReference ? try await watch(client, namespace, plain, report) : nil,
        ].compactMap { $0 }
    }

    // MARK: Watching

    /// Many watches of a second namespace, while a plain loop fills it.
    private func watch(
        _ client: KubernetesClient,
        _ parent: String,
        _ plain: CurlReference,
        _ report: @Sendable (String) -> Void
    ) async throws -> Comparison {
        report("KubernetesClient: watching")
        let ours = try await inNamespace(client, "\(parent)-a") { namespace in
            try await watchRate(client, namespace, plain)
        }
        let limit = try await inNamespace(client, "\(parent)-b") { namespace in
            let list = try await client.list(ConfigMap.self, namespace: namespace)
            let path = "\(Self.path(namespace))?watch=true&resourceVersion=\(list.metadata.resourceVersion)"
            let expected = Self.watches * Self.watchedCreates
            let watching = CurlReference(server: client.configuration.server, connections: Self.watches)
            let start = ContinuousClock.now
            async let filled: Void = fill(namespace, plain)
            try await BlockingWork.run { try watching.readLines(path: path, count: expected) }
            let rate = Double(expected) / (ContinuousClock.now - start).inSeconds
            try await filled
            return rate
        }
        return comparison(
            "watch, \(Self.watches) watches of \(Self.watchedCreates) creations",
            "events",
            ours,
            limit
        )
    }

    private func watchRate(
        _ client: KubernetesClient,
        _ namespace: String,
        _ plain: CurlReference
    ) async throws -> Double {
        let (listed, toldListed) = AsyncStream.makeStream(of: Void.self)
        let (counts, toldCount) = AsyncStream.makeStream(of: Int.self)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<Self.watches {
                group.addTask {
                    let reflector = Reflector<ConfigMap>(client: client, namespace: namespace)
                    try await reflector.run { events in
                        var applied = 0
                        for event in events {
                            switch event {
                            case .listed: toldListed.yield()
                            case .applied: applied += 1
                            case .deleted, .vanished, .bookmark, .disconnected: break
                            }
                        }
                        if applied > 0 { toldCount.yield(applied) }
                    }
                }
            }
            defer { group.cancelAll() }
            var waiting = Self.watches
            for await _ in listed {
                waiting -= 1
                if waiting == 0 { break }
            }
            let start = ContinuousClock.now
            async let filled: Void = fill(namespace, plain)
            let expected = Self.watches * Self.watchedCreates
            var seen = 0
            for await count in counts {
                seen += count
                if seen >= expected { break }
            }
            let rate = Double(seen) / (ContinuousClock.now - start).inSeconds
            try await filled
            return rate
        }
    }

    private func fill(_ namespace: String, _ plain: CurlReference) async throws {
        try await BlockingWork.run {
            try plain.perform(count: Self.watchedCreates) { Self.create("object-\($0)", namespace) }
        }
    }

    private func inNamespace<Value>(
        _ client: KubernetesClient,
        _ name: String,
        _ body: (String) async throws -> Value
    ) async throws -> Value {
        _ = try await client.create(Namespace(metadata: ObjectMetadata(name: name)))
        do {
            let value = try await body(name)
            try await client.delete(Namespace.self, name: name)
            return value
        } catch {
            try await client.delete(Namespace.self, name: name)
            throw error
        }
    }

    // MARK: Objects

    private static func object(_ name: String, _ namespace: String) -> ConfigMap {
        ConfigMap(metadata: ObjectMetadata(name: name, namespace: namespace), data: ["payload": payload])
    }

    private static func create(_ name: String, _ namespace: String) -> PlainRequest {
        let body = """
            {"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"\(name)","namespace":"\(namespace)"},\
            "data":{"payload":"\(payload)"}}
            """
        return PlainRequest(path: path(namespace), body: body)
    }

    private static func path(_ namespace: String) -> String { "/api/v1/namespaces/\(namespace)/\(plural)" }

    private func comparison(_ what: String, _ unit: String, _ ours: Double, _ limit: Double?) -> Comparison {
        Comparison(
            client: "KubernetesClient",
            what: what,
            unit: unit,
            perSecond: ours,
            limitName: "libcurl loop",
            limitPerSecond: limit
        )
    }
}
