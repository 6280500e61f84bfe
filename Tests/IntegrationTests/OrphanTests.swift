import EventLoop
import KubernetesClient
import Logging
import PostgresClient
import TestSupport
import Testing

extension TakeoverTests {
    @Test("a pod of a run nobody knows is removed after the delay; those of other installations and without one stay")
    func orphan() async throws {
        let site = try Site.current()
        let ours = try await site.installation()
        let other = "00000000-0000-4000-8000-000000000001"
        let client = KubernetesClient(
            configuration: KubernetesConfiguration(server: site.kubernetes),
            eventLoop: EventLoop(name: "test-kubernetes"),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
        let orphan = OrphanPod.make(number: 1, installation: ours)
        let strangers = [OrphanPod.make(number: 2, installation: other), OrphanPod.make(number: 3, installation: nil)]
        for pod in strangers + [orphan] { _ = try await client.createPod(pod) }
        #expect(try await site.pods().contains(orphan.metadata.name))
        try await eventually(within: .seconds(30), "the orphan is gone") {
            try await !site.pods().contains(orphan.metadata.name)
        }
        // Those were created before it and seen by the same looks.
        let left = try await site.pods()
        for pod in strangers {
            #expect(left.contains(pod.metadata.name))
            try await client.deletePod(namespace: "default", name: pod.metadata.name, options: DeleteOptions())
        }
        await client.close()
    }
}

/// Pods that look like a run's and belong to none.
enum OrphanPod {
    static func make(number: Int, installation: String?) -> Pod {
        let run = "01990000-0000-7000-8000-00000000000\(number)"
        var labels = [
            "app.kubernetes.io/managed-by": "slipway", "slipway.dev/run-id": run, "slipway.dev/placement": "1",
        ]
        labels["slipway.dev/installation"] = installation
        return Pod(
            metadata: ObjectMetadata(name: "run-\(run)-1", namespace: "default", labels: labels),
            spec: PodSpec(
                containers: [Container(name: "runner", image: "busybox", command: ["/bin/sleep", "600"])],
                terminationGracePeriodSeconds: 1,
                restartPolicy: "Never"
            )
        )
    }
}

extension Site {
    /// The id that this installation's pods carry.
    func installation() async throws -> String {
        guard let row = try await database.query("SELECT id::text FROM installation").first else {
            throw Unexpected("the installation has no id")
        }
        return try row.value(at: 0)
    }
}
