import DevStack
import EventLoop
import FoundationEssentials
import KubernetesClient
import Logging
import PostgresClient
import SlipwayCore
import TestSupport
import Testing

extension TakeoverTests {
    /// `slipway doctor` against an installation in order, and against one that is broken in one way after the other.
    @Test("the doctor finds nothing in a healthy installation with runs under way, and each thing that is broken")
    func doctor() async throws {
        let fleet = try Fleet.current()
        let site = fleet.site
        let job = try await CountingJob("doctor", lines: 40, pause: 0.1, on: site)
        let runs = try await site.create(job.name, count: 3)
        try await eventually(within: .seconds(60), "all runs are running") {
            try await site.number("SELECT count(*) FROM runs WHERE id::text = ANY(\(runs)) AND state = 'running'") == 3
        }
        let healthy = try await examine(fleet)
        #expect(healthy.status == 0, "\(healthy.output)\(healthy.notes)")
        #expect(healthy.output.split(separator: "\n").allSatisfy { $0.count <= 80 })
        try await job.checkSuccess(of: runs, endingWithin: .seconds(60))

        try await orphan(fleet)
        try await unknownHolder(fleet)
        try await missingQueue(fleet)
        try await silence(fleet)
        let again = try await examine(fleet)
        #expect(again.status == 0, "\(again.output)")
    }

    private func examine(_ fleet: Fleet, _ arguments: String...) async throws -> SlipwayCommand.Answer {
        try await fleet.site.slipway(["doctor"] + fleet.addresses + arguments)
    }

    /// The checks that do not hold, with what is said about them.
    private func violations(_ fleet: Fleet) async throws -> [String: String] {
        let answer = try await examine(fleet, "-o", "json")
        #expect(answer.status == 10, "\(answer.output)\(answer.notes)")
        let document = try JSONDecoder().decode(JSONValue.self, from: Data(answer.output.utf8))
        let checks = (document["checks"]?.elements ?? []).filter { $0.text("result") == "violation" }
        return Dictionary(uniqueKeysWithValues: checks.map { ($0.text("id"), $0.text("finding")) })
    }

    /// A pod that belongs to nothing. It stays although workers look for such pods: its run is noted as over just now.
    private func orphan(_ fleet: Fleet) async throws {
        let site = fleet.site
        let client = KubernetesClient(
            configuration: KubernetesConfiguration(server: site.kubernetes),
            eventLoop: EventLoop(name: "test-kubernetes"),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
        // Workers that stand still remove nothing.
        for name in ["worker-1", "worker-2"] { try await fleet.kill(name) }
        let pod = OrphanPod.make(number: 9, installation: try await site.installation())
        _ = try await client.createPod(pod)
        let found = try await violations(fleet)
        #expect(found["orphan-pods"]?.contains(pod.metadata.name) == true, "\(found)")
        #expect(found["processes"]?.contains("worker") == true || found["consumers"] != nil, "\(found)")
        try await client.deletePod(namespace: "default", name: pod.metadata.name, options: DeleteOptions())
        await client.close()
        try await fleet.start(["worker-1", "worker-2"])
    }

    /// A run held by nobody that exists, which the sweeps would mend if a scheduler lived.
    private func unknownHolder(_ fleet: Fleet) async throws {
        let site = fleet.site
        let job = try await CountingJob("doctor-held", lines: 100, pause: 0.1, on: site)
        let run = try await site.create(job.name)[0]
        try await eventually(within: .seconds(30), "it is running") {
            try await site.run(run).text("state") == "running"
        }
        for name in ["scheduler-1", "scheduler-2"] { try await fleet.kill(name) }
        try await site.database.query(
            "UPDATE live_runs SET holder_id = gen_random_uuid(), lease_epoch = lease_epoch + 1 WHERE id::text = \(run)"
        )
        let found = try await violations(fleet)
        #expect(found["held-runs"]?.contains(run) == true, "\(found)")
        try await fleet.start(["scheduler-1", "scheduler-2"])
        try await job.checkSuccess(of: [run], endingWithin: .seconds(60))
    }

    private func missingQueue(_ fleet: Fleet) async throws {
        let listed = try await fleet.site.slipway(["admin", "dead-letters", "list"] + fleet.brokerAddress)
        #expect(listed.status == 0, "\(listed.notes)")
        try await fleet.broker.control("delete_queue", "slipway.dead-letters")
        let found = try await violations(fleet)
        #expect(found["queues"] == "queue slipway.dead-letters is missing", "\(found)")
        try await fleet.kill("scheduler-1")
        try await fleet.start(["scheduler-1"])
    }

    /// Nobody sweeps, and nobody has the term.
    private func silence(_ fleet: Fleet) async throws {
        for name in ["scheduler-1", "scheduler-2"] { try await fleet.kill(name) }
        try await eventually(within: .seconds(30), "their leases have ended") {
            try await fleet.site.number(
                "SELECT count(*) FROM holders WHERE kind = 'scheduler' AND expires_at > clock_timestamp()"
            ) == 0
        }
        let found = try await violations(fleet)
        #expect(found["term"] != nil && found["processes"]?.contains("scheduler") == true, "\(found)")
        try await fleet.start(["scheduler-1", "scheduler-2"])
        try await eventually(within: .seconds(30), "one leads") {
            try await fleet.site.number("SELECT count(*) FROM terms WHERE expires_at > clock_timestamp()") == 1
        }
    }
}
