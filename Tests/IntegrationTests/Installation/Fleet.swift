import DevStack
import FoundationEssentials
import Glibc
import PostgresClient
import Synchronization
import TestSupport

/// Two of each of Slipway's processes over servers of their own, with leases of a few seconds. Every one can be killed and
/// started again.
final class Fleet: Installation {
    /// The fleet of the suite that runs now.
    @TaskLocal static var lent: Fleet?

    let site: Site
    let postgres: PrivatePostgres
    let broker: PrivateRabbitMQ
    /// The network between the processes and the servers; `nil` if they reach them directly.
    let network: FaultyNetwork?
    private let plan: FleetPlan
    private let processes: FleetProcesses

    static let kinds = ["scheduler", "dispatcher", "worker", "api"]
    /// Every process of Slipway's own, two of each kind: `scheduler-1`, `scheduler-2` and so on.
    static let services = kinds.flatMap { kind in (1...2).map { "\(kind)-\($0)" } }

    static func current() throws -> Fleet {
        guard let lent else { throw Unexpected("the suite has no fleet") }
        return lent
    }

    private init(
        site: Site,
        postgres: PrivatePostgres,
        broker: PrivateRabbitMQ,
        network: FaultyNetwork?,
        plan: FleetPlan,
        _ processes: FleetProcesses
    ) {
        self.site = site
        self.postgres = postgres
        self.broker = broker
        self.network = network
        self.plan = plan
        self.processes = processes
    }

    /// - Parameters:
    ///   - hasFaultyNetwork: puts a ``FaultyNetwork`` between the processes and the servers.
    ///   - hasSecondCluster: starts another cluster, `west`, whose kubeconfig the processes find in a folder; it is not registered.
    ///   - isSimulated: the cluster only pretends to run pods, and a third scheduler, `scheduler-3`, is there.
    static func start(
        hasFaultyNetwork: Bool = false,
        hasSecondCluster: Bool = false,
        isSimulated: Bool = false
    ) async throws -> Fleet {
        async let startedBroker = TestServers.privateRabbitMQ()
        let postgres = try await TestServers.privatePostgres(isDurable: true)
        let broker = try await startedBroker
        let kubernetesPort = try LoopbackPort.free(count: 1)[0]
        let network =
            hasFaultyNetwork
            ? try FaultyNetwork(
                postgres: postgres.configuration.port,
                broker: broker.configuration.ports.amqp,
                kubernetes: kubernetesPort
            ) : nil
        let plan = try FleetPlan(
            folder: IntegrationFolder.shared.folder("fleet"),
            postgres: postgres.url,
            broker: broker.url,
            kubernetesPort: kubernetesPort,
            network: network,
            hasSecondCluster: hasSecondCluster,
            isSimulated: isSimulated
        )
        let processes = FleetProcesses()
        let site = Site(
            apis: [plan.address("api-1"), plan.address("api-2")],
            kubernetes: plan.address("kubernetes"),
            database: try Site.connect(postgres.url),
            folder: try IntegrationFolder.shared.folder("data"),
            logTails: { processes.logTails() }
        )
        let fleet = Fleet(site: site, postgres: postgres, broker: broker, network: network, plan: plan, processes)
        let migration = try plan.start("migrate")
        guard try await migration.waitForExit() == .status(0) else { throw Unexpected(migration.output) }
        try await fleet.start(hasSecondCluster ? ["kubernetes", "west"] : ["kubernetes"])
        try plan.writeKubeconfig()
        try await fleet.start(isSimulated ? services + ["scheduler-3"] : services)
        return fleet
    }

    func stop() async throws {
        await site.database.close()
        await withDiscardingTaskGroup { group in
            for name in Self.services + ["scheduler-3"] { group.addTask { await self.processes[name]?.stop() } }
        }
        await processes["kubernetes"]?.stop()
        await processes["west"]?.stop()
        await broker.stop()
        await postgres.stop()
    }

    /// Starts processes together and waits until all are ready.
    func start(_ names: [String]) async throws {
        for name in names { processes[name] = try plan.start(name) }
        for name in names { try await waitUntilReady(name) }
    }

    /// Ends a process at once, and nothing it started.
    func kill(_ name: String) async throws {
        try process(name).send(SIGKILL)
        _ = try await process(name).waitForExit()
    }

    /// The process that runs under this name.
    func process(_ name: String) throws -> TestProcess {
        guard let process = processes[name] else { throw Unexpected("there is no process \(name)") }
        return process
    }

    /// The name of the scheduler that admits and sweeps.
    func leader() async throws -> String {
        try await eventually("a scheduler leads") {
            try await site.database.query(
                """
                SELECT holders.name FROM terms JOIN holders ON holders.id = holder_id
                WHERE terms.duty = 'scheduling' AND terms.expires_at > now()
                """
            ).first?.value(at: 0, as: String.self)
        }
    }

    // MARK: The servers

    /// Where the servers are, as options of commands that speak to them.
    var addresses: [String] {
        ["--postgres-url", postgres.url, "--kubernetes-kubeconfig", plan.kubeconfig] + brokerAddress
    }

    var brokerAddress: [String] { ["--amqp-url", broker.url] }

    private func waitUntilReady(_ name: String) async throws {
        let process = try process(name)
        let port = plan.readyPort(name)
        try await eventually(within: .seconds(60), "\(name) is ready or has ended") {
            let answer = await LoopbackProbe.get(port: port, path: "/readyz")
            return answer?.status == 200 || !process.isRunning
        }
        guard process.isRunning else { throw Unexpected("\(name) ended: \(process.output.suffix(2000))") }
    }
}

/// The processes that were last started, by name.
private final class FleetProcesses: Sendable {
    private let processes = Mutex<[String: TestProcess]>([:])

    subscript(name: String) -> TestProcess? {
        get { processes.withLock { $0[name] } }
        set { processes.withLock { $0[name] = newValue } }
    }

    func logTails() -> String {
        processes.withLock { $0 }.sorted { $0.key < $1.key }.map { name, process in
            let state = process.isRunning ? "runs" : "ended"
            return (["\(name) (\(state)):"] + process.lines.suffix(8)).joined(separator: "\n  ")
        }.joined(separator: "\n")
    }
}

/// How each process of a fleet is started; a name keeps its ports.
private struct FleetPlan: Sendable {
    private let folder: String
    private let shared: [String: String]
    private let ports: [String: Int]
    private let executables: String
    private let network: FaultyNetwork?
    private let hasSecondCluster: Bool
    private let isSimulated: Bool

    init(
        folder: String,
        postgres: String,
        broker: String,
        kubernetesPort: Int,
        network: FaultyNetwork?,
        hasSecondCluster: Bool,
        isSimulated: Bool
    ) throws {
        self.network = network
        self.hasSecondCluster = hasSecondCluster
        self.isSimulated = isSimulated
        self.folder = folder
        executables = try BuiltExecutable.folder()
        try FileManager.default.createDirectory(atPath: "\(folder)/kubeconfigs", withIntermediateDirectories: true)
        let names = ["api-1", "api-2", "west"] + (Fleet.services + ["scheduler-3"]).map { "\($0)-health" }
        ports = Dictionary(uniqueKeysWithValues: zip(names, try LoopbackPort.free(count: names.count)))
            .merging(["kubernetes": kubernetesPort]) { $1 }
        shared = [
            "SLIPWAY_POSTGRES_URL": network?.replacing(postgres) ?? postgres,
            "SLIPWAY_AMQP_URL": network?.replacing(broker) ?? broker, "SLIPWAY_LOG_FORMAT": "json",
            "SLIPWAY_LEASE_TIME_TO_LIVE": "3s", "SLIPWAY_LEASE_HEARTBEAT": "500ms", "SLIPWAY_LEASE_MARGIN": "500ms",
            "SLIPWAY_SCHEDULER_SWEEP_INTERVAL": "500ms", "SLIPWAY_SCHEDULER_HINT_AGE": "1s",
            "SLIPWAY_SCHEDULER_LEASE_SWEEP_INTERVAL": "250ms", "SLIPWAY_WORKER_SWEEP_INTERVAL": "1s",
            "SLIPWAY_WORKER_ORPHAN_DELAY": "2s", "SLIPWAY_WORKER_METRICS_INTERVAL": "1s",
            "SLIPWAY_CLUSTER_CHECK_INTERVAL": "500ms",
        ]
        let images = #"""
            "slipway/runner:*":
              path_prefix: ["\#(executables)"]
              command:
                /usr/local/bin/slipway-runner: "\#(executables)/slipway-runner"

            """#
        try Data(images.utf8).write(to: URL(filePath: "\(folder)/images.yaml"))
    }

    var kubeconfig: String { "\(folder)/kubeconfig" }

    func address(_ name: String) -> String { "http://127.0.0.1:\(ports[name] ?? 0)" }

    func readyPort(_ name: String) -> Int { ports["\(name)-health"] ?? ports[name] ?? 0 }

    func start(_ name: String) throws -> TestProcess {
        switch name {
        case "migrate":
            try TestProcess("\(executables)/slipway", ["admin", "migrate"], environment: own(for: ["postgres"]))
        case "kubernetes": try TestProcess("\(executables)/slipway-localkube", clusterArguments(name, "kubeconfig"))
        case "west": try TestProcess("\(executables)/slipway-localkube", clusterArguments(name, "kubeconfigs/west"))
        default: try TestProcess("\(executables)/slipway-\(name.prefix { $0 != "-" })", environment: environment(name))
        }
    }

    /// The cluster's file with the network's address in it.
    func writeKubeconfig() throws {
        guard let network else { return }
        let text = String(decoding: try Data(contentsOf: URL(filePath: "\(folder)/kubeconfig")), as: UTF8.self)
        try Data(network.replacing(text).utf8).write(to: URL(filePath: "\(folder)/faulty-kubeconfig"))
    }

    private func clusterArguments(_ name: String, _ kubeconfig: String) -> [String] {
        [
            "--listen", "127.0.0.1:\(ports[name] ?? 0)", "--state", "\(folder)/\(name)",
            "--images", "\(folder)/images.yaml", "--node-pods", "300", "--write-kubeconfig", "\(folder)/\(kubeconfig)",
        ] + (isSimulated ? ["--simulate"] : [])
    }

    /// A process refuses settings that it does not know, so each gets its own.
    private func environment(_ name: String) -> [String: String] {
        let kind = name.prefix { $0 != "-" }
        var environment = own(for: ["postgres", "amqp", "log"] + (kind == "api" ? [] : ["lease", "\(kind)"]))
        environment["SLIPWAY_HTTP_LISTEN"] = "127.0.0.1:\(ports["\(name)-health"] ?? 0)"
        switch kind {
        case "api": environment["SLIPWAY_API_LISTEN"] = "127.0.0.1:\(ports[name] ?? 0)"
        case "dispatcher", "worker":
            environment["SLIPWAY_KUBERNETES_KUBECONFIG"] = "\(folder)/\(network == nil ? "" : "faulty-")kubeconfig"
            if network != nil { environment["SLIPWAY_KUBERNETES_WATCH_SILENCE"] = "3s" }
            environment.merge(own(for: ["cluster"])) { $1 }
            if hasSecondCluster { environment["SLIPWAY_KUBERNETES_KUBECONFIG_FOLDER"] = "\(folder)/kubeconfigs" }
        case "scheduler" where hasSecondCluster:
            environment["SLIPWAY_SCHEDULER_CLUSTER_FAILURE_DELAY"] = "3s"
            environment["SLIPWAY_SCHEDULER_CLUSTER_RECOVERY_DELAY"] = "1s"
        default: break
        }
        if kind != "api" { environment["SLIPWAY_PROCESS_NAME"] = name }
        return environment
    }

    /// The shared settings whose names begin with one of these words.
    private func own(for words: [String]) -> [String: String] {
        shared.filter { setting in words.contains { setting.key.hasPrefix("SLIPWAY_\($0.uppercased())_") } }
    }
}
