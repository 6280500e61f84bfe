import KubernetesClient
import Placement
import RunMessaging
import RunStore
import SlipwayCore
import Testing

@testable import Worker

@Suite struct UsageSamplerTests {
    private static let at = KubernetesTime(microsecondsSince1970: 1_772_359_260_000_000)

    private func metrics(
        _ run: RunID = Sample.runID,
        placement: Int = 1,
        timestamp: KubernetesTime? = at,
        containers: [PodMetrics.ContainerUsage] = [
            .init(name: "runner", usage: ["cpu": "250m", "memory": "64Mi"]),
            .init(name: "sail", usage: ["cpu": "1500000000n", "memory": "1Gi"]),
            .init(name: "istio-proxy", usage: ["cpu": "1", "memory": "1Gi"]),
        ]
    ) -> PodMetrics {
        var metadata = ObjectMetadata(name: "run-\(run)-\(placement)", namespace: "jobs")
        metadata.labels = [
            "app.kubernetes.io/managed-by": "slipway", PodNaming.runIDLabel: run.description,
            PodNaming.placementLabel: String(placement),
        ]
        return PodMetrics(metadata: metadata, timestamp: timestamp, window: "14.5s", containers: containers)
    }

    private let placed = [Sample.runID: ClusterSupervisor.Placed(lease: Sample.lease(4), placement: 1)]

    private func samples(_ pods: [PodMetrics]) -> [UsageSample] {
        UsageSampler.samples(of: pods, placed: placed, now: Sample.created)
    }

    @Test("both containers of a supervised placement are sampled under its lease, and no other")
    func containers() {
        let found = samples([metrics()])
        #expect(found.map(\.container) == ["runner", "sail"])
        #expect(found.map(\.millicores) == [250, 1500] && found.map(\.memoryBytes) == [64 << 20, 1 << 30])
        #expect(found.allSatisfy { $0.leaseEpoch == 4 && $0.placement == 1 && $0.windowSeconds == 14.5 })
        #expect(found.first?.at.microsecondsSince1970 == 1_772_359_260_000_000)
        #expect(samples([metrics(Sample.otherRunID), metrics(placement: 2)]).isEmpty)
        #expect(samples([metrics(timestamp: nil)]).first?.at == Sample.created)
    }

    @Test("what is no amount is no sample")
    func nonsense() {
        #expect(
            samples([metrics(containers: [.init(name: "runner", usage: ["cpu": "much", "memory": "1Mi"])])]).isEmpty
        )
        #expect(samples([metrics(containers: [.init(name: "runner", usage: ["cpu": "-1", "memory": "1Mi"])])]).isEmpty)
        #expect(samples([metrics(containers: [.init(name: "runner", usage: ["cpu": "1"])])]).isEmpty)
    }

    @Test("a cluster without metrics is told from one that is out of order", arguments: [404, 403, 503, 500, 429])
    func absence(code: Int) {
        let error = KubernetesError(.refused, code: code, message: "no")
        #expect(error.isWithoutMetrics == [404, 403, 503].contains(code))
        #expect(!KubernetesError(.unreachable, message: "no").isWithoutMetrics)
    }

    @Test("only placements that go on are sampled, under their newest lease")
    func supervised() async throws {
        let supervisor = Sample.supervisor(now: Sample.created + .seconds(5))
        await supervisor.supervise([(Sample.run(epoch: 2), Sample.spec())])
        #expect(await supervisor.placed[Sample.runID]?.lease == Sample.lease(2))
        await supervisor.supervise([(Sample.run(epoch: 3), Sample.spec())])
        #expect(await supervisor.placed[Sample.runID]?.lease == Sample.lease(3))
        await supervisor.drop([Sample.lease(3)])
        #expect(await supervisor.placed.isEmpty)
    }
}
