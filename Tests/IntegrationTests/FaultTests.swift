import DevStack
import Glibc
import PostgresClient
import SlipwayCore
import TestSupport
import Testing

/// What networks, brokers and clusters do to a fleet while runs are under way.
@Suite(.fleetOnFaultyNetwork, .explained, .serialized, .timeLimit(.minutes(6))) struct FaultTests {
    enum Server: String, CaseIterable, CustomTestStringConvertible {
        case postgres, broker, kubernetes
        var testDescription: String { rawValue }

        func proxy(_ network: FaultyNetwork) -> FaultProxy {
            switch self {
            case .postgres: network.postgres
            case .broker: network.broker
            case .kubernetes: network.kubernetes
            }
        }
    }

    private func network(_ fleet: Fleet) throws -> FaultyNetwork {
        guard let network = fleet.network else { throw Unexpected("the fleet has no faulty network") }
        return network
    }

    @Test(
        "a connection that hangs for longer than two leases ends no lease, kills nothing and repeats nothing",
        arguments: Server.allCases
    )
    func hanging(_ server: Server) async throws {
        let fleet = try Fleet.current()
        let site = fleet.site
        let job = try await CountingJob("hang-\(server)", lines: 100, pause: 0.1, on: site)
        let runs = try await site.create(job.name, count: 12)
        try await eventually(within: .seconds(30), "all are running") { job.executed.count == 12 }
        try await server.proxy(network(fleet)).misbehaving(.hold) {
            // The lapse of time is the fault: more than two times to live.
            try await Task.sleep(for: .seconds(7))
        }
        try await job.checkSuccess(of: runs, endingWithin: .seconds(60))
        #expect(
            try await site.number("SELECT count(*) FROM runs WHERE id::text = ANY(\(runs)) AND placement = 1") == 12
        )
        let expired = try await site.number(
            "SELECT count(*) FROM run_events WHERE run_id::text = ANY(\(runs)) AND kind IN ('lease_expired', 'placement_lost')"
        )
        #expect(expired == 0)
    }

    @Test("a server whose answers are lost does each thing once all the same", arguments: Server.allCases)
    func lostAnswers(_ server: Server) async throws {
        let fleet = try Fleet.current()
        let site = fleet.site
        let job = try await CountingJob("mute-\(server)", lines: 20, pause: 0.1, on: site)
        var acknowledged = try await site.create(job.name, count: 10)
        let proxy = try server.proxy(network(fleet))
        acknowledged += try await withThrowingTaskGroup(of: [String].self) { group in
            for round in 0..<3 {
                proxy.set(.swallowReplies)
                for api in 0...1 {
                    group.addTask {
                        // A caller who gets no answer, or an error, has no promise either.
                        let answer = try await site.slipway(api: api)(
                            "run",
                            "create",
                            job.name,
                            "--count",
                            "5",
                            "-o",
                            "name",
                            within: .seconds(60)
                        )
                        return answer.status == 0 ? answer.names : []
                    }
                }
                try await Task.sleep(for: .milliseconds(700 + 200 * round))
                proxy.set(.relay)
                try await Task.sleep(for: .milliseconds(300))
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        proxy.set(.relay)
        let all = try await site.database.query("SELECT id::text FROM runs WHERE job_name = \(job.name)")
            .decode(String.self)
        #expect(Set(acknowledged).isSubset(of: all), "what was promised is there")
        try await job.checkSuccess(of: all, endingWithin: .seconds(90))
    }

    @Test("an API server that is overloaded, slow and forgetful delays runs and repeats none")
    func overloadedCluster() async throws {
        let site = try Site.current()
        let job = try await CountingJob("overload", lines: 20, pause: 0.1, on: site)
        let faults = """
            {"rules": [
                {"verb": "create", "resource": "pods", "rate": 0.4, "code": 429},
                {"verb": "create", "resource": "pods", "rate": 0.3, "code": 500},
                {"verb": "create", "resource": "pods", "rate": 0.3, "latencyMilliseconds": 3000},
                {"verb": "delete", "resource": "pods", "rate": 0.5, "code": 503},
                {"verb": "get", "resource": "pods/log", "rate": 0.3, "code": 500},
                {"verb": "watch", "rate": 0.5, "code": 500}, {"verb": "list", "rate": 0.5, "code": 429}
            ], "dropWatches": true}
            """
        let runs = try await site.misbehaving(faults) {
            let runs = try await site.create(job.name, count: 20)
            try await eventually(within: .seconds(60), "half of them are over") {
                try await site.number(
                    "SELECT count(*) FROM runs WHERE id::text = ANY(\(runs)) AND ended_at IS NOT NULL"
                )
                    >= 10
            }
            return runs
        }
        try await job.checkSuccess(of: runs, endingWithin: .seconds(60))
    }

    @Test("a watch that goes silent, and one whose past is forgotten, lose no end of a run")
    func silentWatch() async throws {
        let site = try Site.current()
        let job = try await CountingJob("silent-watch", lines: 10, pause: 0.1, on: site)
        let first = try await site.create(job.name, count: 5)
        let second = try await site.misbehaving(#"{"freezeWatches": true}"#) {
            let second = try await site.create(job.name, count: 5)
            try await site.waitForEnd(of: first + second, within: .seconds(60))
            return second
        }
        try await site.fault(#"{"expireHistory": true, "dropWatches": true}"#)
        let third = try await site.create(job.name, count: 5)
        try await job.checkSuccess(of: first + second + third, endingWithin: .seconds(60))
    }

    @Test("metrics that are slow delay no run, and a cluster without any is told once by each worker")
    func noMetrics() async throws {
        let fleet = try Fleet.current()
        let site = fleet.site
        let job = try await CountingJob("no-metrics", lines: 30, pause: 0.1, on: site)
        let slow = #"{"rules": [{"resource": "pods.metrics.k8s.io", "latencyMilliseconds": 60000}]}"#
        try await site.misbehaving(slow) {
            try await job.checkSuccess(of: site.create(job.name, count: 5), endingWithin: .seconds(40))
        }
        let absent = #"{"rules": [{"resource": "pods.metrics.k8s.io", "code": 503}]}"#
        func tellers() throws -> [Int] {
            try ["worker-1", "worker-2"].map { name in
                try fleet.process(name).lines.count { $0.contains("The cluster tells no metrics") }
            }
        }
        try await site.misbehaving(absent) {
            // A request that was made slow may be under way for its whole ten seconds.
            try await eventually(within: .seconds(60), "a worker says that there are no metrics") {
                try await job.checkSuccess(of: site.create(job.name, count: 4), endingWithin: .seconds(40))
                return try tellers().contains(1)
            }
            try await job.checkSuccess(of: site.create(job.name, count: 4), endingWithin: .seconds(40))
        }
        #expect(try tellers().allSatisfy { $0 <= 1 })
    }

    @Test("messages that are taken out of all queues under load cost time, and nothing else")
    func purgedQueues() async throws {
        let fleet = try Fleet.current()
        let site = fleet.site
        let job = try await CountingJob("purged", lines: 10, pause: 0.1, on: site)
        var runs: [String] = []
        for _ in 0..<3 {
            runs += try await site.create(job.name, count: 15)
            for queue in ["dispatch.default", "supervise.default", "reports"] {
                _ = try await fleet.broker.control("purge_queue", "slipway.\(queue)")
            }
        }
        try await job.checkSuccess(of: runs, endingWithin: .seconds(60))
    }

    @Test("a broker that takes no messages for want of memory holds up no submit, and loses no run")
    func memoryAlarm() async throws {
        let fleet = try Fleet.current()
        let site = fleet.site
        let job = try await CountingJob("alarm", lines: 10, pause: 0.1, on: site)
        let before = try await site.create(job.name, count: 10)
        _ = try await fleet.broker.control("set_vm_memory_high_watermark", "absolute", "1MB")
        var during: [String] = []
        for _ in 0..<5 {
            let begin = ContinuousClock.now
            during += try await site.create(job.name, count: 2)
            #expect(ContinuousClock.now - begin < .seconds(5))
        }
        _ = try await fleet.broker.control("set_vm_memory_high_watermark", "0.6")
        try await job.checkSuccess(of: before + during, endingWithin: .seconds(60))
    }

    @Test("a pod that somebody deletes before its code ran is replaced; one whose code ran is followed by a retry")
    func deletedPods() async throws {
        let site = try Site.current()
        try await site.apply(StackTests.MistakeTests.tooLarge("deleted-early", schedule: "10m"))
        let early = try await site.create("deleted-early")[0]
        try await eventually(within: .seconds(30), "its pod is there") { try await !site.pods(of: [early]).isEmpty }
        try await site.deletePod("run-\(early)-1")
        try await eventually(within: .seconds(30), "it has another pod") {
            try await site.pods(of: [early]) == ["run-\(early)-2"]
        }
        #expect(try await site.number("SELECT count(*) FROM run_placements WHERE run_id::text = \(early)") == 1)
        _ = try await site.slipway("run", "cancel", early)

        let ledger = "\(site.folder)/deleted-late.ledger"
        try await site.apply(Self.retrying("deleted-late", ledger))
        let late = try await site.create("deleted-late")[0]
        try await eventually(within: .seconds(30), "it is running") {
            try await site.run(late).text("state") == "running"
        }
        try await site.deletePod("run-\(late)-1")
        let chain = try await chain(of: late, length: 2, on: site)
        #expect(chain == ["failed pod_lost 1", "succeeded completed 2"])
    }

    @Test("an eviction costs no attempt")
    func eviction() async throws {
        let site = try Site.current()
        let ledger = "\(site.folder)/evicted.ledger"
        try await site.apply(Self.retrying("evicted", ledger))
        let run = try await site.create("evicted")[0]
        try await eventually(within: .seconds(30), "it is running") {
            try await site.run(run).text("state") == "running"
        }
        try await site.fault(#"{"evictPod": {"name": "run-\#(run)-1"}}"#)
        #expect(try await chain(of: run, length: 2, on: site) == ["failed evicted 1", "succeeded completed 2"])
        let used = try await site.database.query(
            "SELECT retries_used ->> 'free' FROM runs WHERE root_id::text = \(run)"
        ).decode(String.self)
        #expect(used == ["1"])
    }

    @Test("a name that somebody else's pod has ends the run with a reason, and that pod is left alone")
    func takenName() async throws {
        let fleet = try Fleet.current()
        let site = fleet.site
        let job = try await CountingJob("taken", lines: 1, on: site)
        for name in ["dispatcher-1", "dispatcher-2"] { try await fleet.kill(name) }
        let run = try await site.create(job.name)[0]
        try await site.send(
            "POST",
            "/api/v1/namespaces/default/pods",
            """
            {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "run-\(run)-1"}, "spec": {"containers": [
                {"name": "other", "image": "slipway/runner:dev", "command": ["sleep", "60"]}]}}
            """
        )
        try await fleet.start(["dispatcher-1", "dispatcher-2"])
        try await site.waitForEnd(of: [run], within: .seconds(30))
        #expect(try await site.run(run).text("reason") == "pod_name_conflict")
        #expect(job.executed.isEmpty)
        #expect(try await site.pods().contains("run-\(run)-1"))
        try await site.deletePod("run-\(run)-1")
    }

    @Test("a runner that gives no sign of life is ended, and its run says why")
    func stalledRunner() async throws {
        let site = try Site.current()
        try await site.apply(
            """
            name: stalled
            engine: none
            resources:
              runner: {cpu: 1m, memory: 8Mi}
            timeouts: {stall: 3s, cancel: 2s}
            tasks:
              - name: wait
                command: "sleep 120"
            """
        )
        let run = try await site.create("stalled")[0]
        try await eventually(within: .seconds(30), "it is running") {
            try await site.run(run).text("state") == "running"
        }
        // Its signs of life keep it alive for longer than the limit.
        try await Task.sleep(for: .seconds(5))
        #expect(try await site.run(run).text("state") == "running")
        let runners = ContainerProcesses.mentioning(run)
        #expect(!runners.isEmpty)
        for pid in runners { kill(pid, SIGSTOP) }
        try await site.waitForEnd(of: [run], within: .seconds(40))
        #expect(
            try await site.states(of: [run]).keys.allSatisfy {
                $0.hasPrefix("failed runner_stalled: The runner gave no")
            }
        )
    }

    @Test("a run that has too little memory is followed by one with more, until it suffices")
    func growingMemory() async throws {
        let site = try Site.current()
        try await site.apply(
            """
            name: growing
            engine: none
            resources:
              runner: {cpu: 1m, memory: 64Mi}
            retries:
              infrastructure: 2
              backoff: {initial: 1s}
              memory: {factor: 8, max: 512Mi}
            tasks:
              - name: fill
                command: ["python3", "-c", "import time; data = b'x' * (200 << 20); time.sleep(2)"]
            """
        )
        let run = try await site.create("growing")[0]
        let ends = try await chain(of: run, length: 2, on: site)
        #expect(ends == ["failed runner_out_of_memory 1", "succeeded completed 2"])
        let memory = try await site.database.query(
            "SELECT overrides ->> 'runner_memory_bytes' FROM runs WHERE root_id::text = \(run)"
        ).decode(String.self)
        #expect(memory == [String(512 << 20)])
    }

    // MARK: Jobs and chains

    /// Runs for long the first time, and ends at once when it is executed again.
    private static func retrying(_ name: String, _ ledger: String) -> String {
        """
        name: \(name)
        engine: none
        resources:
          runner: {cpu: 1m, memory: 8Mi}
        retries:
          infrastructure: 1
          backoff: {initial: 1s}
        tasks:
          - name: once
            command: |
              [ -e \(ledger) ] && exit 0
              touch \(ledger)
              sleep 60
        """
    }

    /// The runs of a chain once all are over: state, reason, attempt.
    private func chain(of run: String, length: Int, on site: Site) async throws -> [String] {
        try await eventually(within: .seconds(30), "the chain is over") {
            let chain = try await site.database.query(
                """
                SELECT state || ' ' || reason || ' ' || attempt FROM runs
                WHERE (id::text = \(run) OR root_id::text = \(run)) AND ended_at IS NOT NULL ORDER BY attempt
                """
            ).decode(String.self)
            return chain.count == length ? chain : nil
        }
    }
}
