import FoundationEssentials
import Testing

@testable import KubernetesClient

private let localClusterURL = ProcessInfo.processInfo.environment["SLIPWAY_TEST_LOCALKUBE"]

/// Drives a real API server whose URL stands in `SLIPWAY_TEST_LOCALKUBE`, for example that of `slipway-localkube`.
///
/// Skipped without the variable: the process is started by whoever runs the tests. The pods it runs need `/bin/sh`.
@Suite(
    "Against a running cluster",
    .enabled(if: localClusterURL != nil, "SLIPWAY_TEST_LOCALKUBE is not set"),
    .timeLimit(.minutes(2))
)
struct LocalClusterTests {
    private static let namespace = "default"

    private func pod(_ name: String, script: String) -> Pod {
        Pod(
            metadata: ObjectMetadata(
                name: name,
                namespace: Self.namespace,
                labels: ["slipway-test": name]
            ),
            spec: PodSpec(
                containers: [Container(name: "main", image: "busybox", command: ["/bin/sh", "-c", script])],
                terminationGracePeriodSeconds: 1,
                restartPolicy: "Never"
            )
        )
    }

    private func withCluster(_ body: (KubernetesClient) async throws -> Void) async throws {
        try await withClient(KubernetesConfiguration(server: try #require(localClusterURL)), body)
    }

    private func freshName() -> String { "client-\(UUID().uuidString.lowercased().prefix(12))" }

    @Test("A pod is created, watched to its end, its log read, and deleted")
    func life() async throws {
        try await withCluster { client in
            let name = freshName()
            let phases = Collected<String>()
            let deletions = Collected<String>()
            let watching = Task {
                let reflector = Reflector<PodSnapshot>(
                    client: client,
                    namespace: Self.namespace,
                    labelSelector: "slipway-test=\(name)"
                )
                try await reflector.run { batch in
                    for event in batch {
                        switch event {
                        case .applied(let pod): phases.append(pod.status?.phase ?? "")
                        case .deleted(let pod), .vanished(let pod): deletions.append(pod.metadata.name)
                        case .listed(let pods): phases.append(contentsOf: pods.map { $0.status?.phase ?? "" })
                        case .bookmark, .disconnected: break
                        }
                    }
                }
            }
            defer { watching.cancel() }
            let created = try await client.createPod(pod(name, script: "echo one; echo two; exit 3"))
            let again = await failure { () throws(KubernetesError) in
                try await client.createPod(pod(name, script: "exit 0"))
            }
            #expect(again?.isAlreadyExists == true)
            try await eventually("the pod ends", within: .seconds(60)) { phases.values.last == "Failed" }
            var lines: [String] = []
            for try await line in client.podLogLines(
                namespace: Self.namespace,
                name: name,
                options: PodLogOptions(container: "main", follow: true)
            ) {
                lines.append(line.text)
            }
            #expect(lines == ["one", "two"])
            let ended = try await client.getPod(namespace: Self.namespace, name: name)
            #expect(ended.status?.container("main")?.state?.terminated?.exitCode == 3)
            let wrong = await failure { () throws(KubernetesError) in
                try await client.deletePod(
                    namespace: Self.namespace,
                    name: name,
                    options: DeleteOptions(preconditions: .init(uid: "other"))
                )
            }
            #expect(wrong?.isConflict == true)
            try await client.deletePod(
                namespace: Self.namespace,
                name: name,
                options: DeleteOptions(preconditions: .init(uid: created.metadata.uid), gracePeriodSeconds: 0)
            )
            try await eventually("the deletion is told", within: .seconds(30)) { deletions.values == [name] }
            let gone = await failure { () throws(KubernetesError) in
                try await client.getPod(namespace: Self.namespace, name: name)
            }
            #expect(gone?.isNotFound == true)
        }
    }

    @Test("A log is followed while it is written")
    func following() async throws {
        try await withCluster { client in
            let name = freshName()
            _ = try await client.createPod(pod(name, script: "for i in 1 2 3; do echo $i; sleep 0.2; done"))
            var lines: [String] = []
            let deadline = ContinuousClock.now + .seconds(60)
            // Until the container has started the server refuses to show its log.
            while lines.isEmpty, .now < deadline {
                do throws(KubernetesError) {
                    for try await line in client.podLogLines(
                        namespace: Self.namespace,
                        name: name,
                        options: PodLogOptions(follow: true, timestamps: true)
                    ) {
                        #expect(line.timestamp != nil)
                        lines.append(line.text)
                    }
                } catch {
                    try #require(error.isInvalid || error.isNotFound, "\(error)")
                    try await Task.sleep(for: .milliseconds(50))
                }
            }
            #expect(lines == ["1", "2", "3"])
            try await client.deletePod(
                namespace: Self.namespace,
                name: name,
                options: DeleteOptions(gracePeriodSeconds: 0)
            )
        }
    }

    @Test("Nodes have allocatable resources, and the server a version")
    func surroundings() async throws {
        try await withCluster { client in
            let nodes = try await client.listAll(Node.self, namespace: nil)
            let allocatable = try #require(nodes.items.first?.status?.allocatable)
            #expect(try #require(allocatable["cpu"].flatMap(Quantity.millicores)) > 0)
            #expect(try #require(allocatable["memory"].flatMap(Quantity.bytes)) > 0)
            let version = try await client.serverVersion()
            #expect(!version.gitVersion.isEmpty)
        }
    }
}
