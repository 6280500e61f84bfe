internal import FoundationEssentials
internal import Glibc
package import Logging

/// A whole Slipway installation on one machine: PostgreSQL, RabbitMQ, a local cluster and every Slipway process.
///
/// Everything it writes and remembers is below one folder. Processes outlive the command that started them and are
/// found again by what the folder records, so each method may run in another process than the one before.
package actor DevStack {
    /// Where the running stack is reached.
    package struct Addresses: Hashable, Sendable {
        package let api: String
        package let kubernetes: String
        package let kubeconfig: String
        package let folder: String
    }

    package nonisolated let folder: StackFolder
    private let executables: String
    private let environment: [String: String]
    private let limits: StackLimits
    private let logger: Logger
    private let report: @Sendable (String) -> Void

    /// - Parameters:
    ///   - executables: the folder with Slipway's executables; that of the running one by default.
    ///   - report: gets a line for each step, to show to a person.
    package init(
        folder: StackFolder,
        executables: String? = nil,
        environment: [String: String],
        limits: StackLimits = StackLimits(),
        logger: Logger,
        report: @escaping @Sendable (String) -> Void = { _ in }
    ) throws(DevStackError) {
        self.folder = folder
        if let executables {
            self.executables = executables
        } else {
            self.executables = try RunningExecutable.folder()
        }
        self.environment = environment
        self.limits = limits
        self.logger = logger
        self.report = report
    }

    // MARK: Up

    /// Starts what does not run, replaces what runs with other settings or an older build, and keeps the rest.
    ///
    /// - Throws: `DevStackError` naming the process that failed and the end of its log. What was started stays, so
    ///   that it can be looked at; `down` stops it.
    package func up(_ options: StackOptions = StackOptions()) async throws -> Addresses {
        let begin = ContinuousClock.now
        let user = try ServerUser.forServers()
        try folder.prepare(serverUser: user)
        let lock = try StackLock(folder.lock)
        let records = try StackRecords(folder)
        let plan = try makePlan(options, records)
        try writeFiles(of: plan)
        try await stopSurplus(plan, records)

        async let database: Void = startPostgres(plan, records)
        async let broker: Void = startRabbitMQ(plan, records)
        async let cluster: Void = start([plan.kubernetes], records)
        try await database
        try await prepare(plan)
        _ = try await (broker, cluster)
        try await self.start(plan.services, records)

        report("up in \(Self.seconds(since: begin))")
        _ = consume lock
        return addresses(of: plan)
    }

    private func makePlan(_ options: StackOptions, _ records: StackRecords) throws(DevStackError) -> StackPlan {
        var state = try StackState.load(folder)
        state.apply(options)
        guard limits.replicas.contains(state.replicas) else {
            throw DevStackError(
                "replicas is \(state.replicas); allowed is \(limits.replicas.lowerBound) to \(limits.replicas.upperBound)"
            )
        }
        if let python = state.pythonEnvironment, !FileManager.default.isExecutableFile(atPath: "\(python)/bin/python3")
        {
            throw DevStackError("the Python environment is \"\(python)\"; there is no bin/python3 in it")
        }
        let running = Set(records.running.map(\.name))
        let names = StackPlan.portNames(replicas: state.replicas)
        try state.choosePorts(names, keeping: Set(names.filter { running.contains(StackPlan.owner(ofPort: $0)) }))
        try state.save(folder)
        return StackPlan(folder: folder, state: state, executables: executables, environment: environment)
    }

    private func writeFiles(of plan: StackPlan) throws(DevStackError) {
        try PrivateFolder.create(folder.kubernetes, owner: nil)
        try PrivateFolder.write(plan.imageMap.yaml, to: folder.images, owner: nil)
        let postgres = try postgres(plan)
        let broker = try rabbitMQ(plan)
        try PrivateFolder.write(postgres.url, to: folder.secret("postgres-url"), owner: nil)
        try PrivateFolder.write(broker.url, to: folder.secret("amqp-url"), owner: nil)
    }

    /// Stops services that are no longer wanted, such as the second worker after `--replicas 1`.
    private func stopSurplus(_ plan: StackPlan, _ records: StackRecords) async throws {
        let wanted = Set(plan.services.map(\.name))
        for record in records.running where record.tier == .services && !wanted.contains(record.name) {
            try await stop(record, records)
        }
    }

    // MARK: Servers

    private func startPostgres(_ plan: StackPlan, _ records: StackRecords) async throws {
        let server = try postgres(plan, records)
        guard let record = records.running("postgres") else {
            return try await timed("postgres") { try await server.start() }
        }
        await server.adopt(record.identity)
        try await server.waitUntilReady(within: limits.ready)
    }

    private func startRabbitMQ(_ plan: StackPlan, _ records: StackRecords) async throws {
        let server = try rabbitMQ(plan, records)
        let broker = records.running("rabbitmq")
        await server.adopt(broker: broker?.identity, portMapper: records.running("portmapper")?.identity)
        guard broker == nil else { return try await server.waitUntilReady(within: limits.ready) }
        try await timed("rabbitmq") { try await server.start() }
    }

    private func postgres(_ plan: StackPlan, _ records: StackRecords? = nil) throws(DevStackError) -> PrivatePostgres {
        var configuration = PrivatePostgres.Configuration(
            folder: folder.postgres,
            port: plan.port("postgres"),
            password: try password("postgres-password")
        )
        if let records { configuration.willRun = recorder(records, .foundation, stopSignal: SIGINT) }
        return try PrivatePostgres(configuration)
    }

    private func rabbitMQ(_ plan: StackPlan, _ records: StackRecords? = nil) throws(DevStackError) -> PrivateRabbitMQ {
        let ports = PrivateRabbitMQ.Ports(
            amqp: plan.port("amqp"),
            distribution: plan.port("amqp-distribution"),
            portMapper: plan.port("amqp-portmapper")
        )
        var configuration = PrivateRabbitMQ.Configuration(
            folder: folder.rabbitMQ,
            ports: ports,
            password: try password("amqp-password")
        )
        if let records {
            let broker = recorder(records, .servers, stopSignal: SIGTERM)
            let mapper = recorder(records, .foundation, stopSignal: SIGTERM)
            configuration.willRun = { $0.name == "portmapper" ? mapper($0) : broker($0) }
        }
        return try PrivateRabbitMQ(configuration)
    }

    /// Records a server as soon as it was started, before it is ready.
    private nonisolated func recorder(
        _ records: StackRecords,
        _ tier: StackTier,
        stopSignal: Int32
    ) -> @Sendable (ManagedProcess) -> Void {
        { [logger] process in
            do {
                try records.add(
                    StackRecord(
                        name: process.name,
                        identity: process.identity,
                        tier: tier,
                        fingerprint: "",
                        stopSignal: stopSignal,
                        startedAt: .now,
                        logFile: process.logFile
                    )
                )
            } catch {
                logger.error(
                    "a started process could not be recorded",
                    metadata: ["process.name": "\(process.name)", "process.pid": "\(process.pid)", "error": "\(error)"]
                )
            }
        }
    }

    /// Made once, then read again: the servers keep the password they were created with.
    private func password(_ name: String) throws(DevStackError) -> String {
        if let existing = SmallFile.read(folder.secret(name)), !existing.isEmpty { return existing }
        let password = Password.random()
        try PrivateFolder.write(password, to: folder.secret(name), owner: nil)
        return password
    }

    // MARK: Slipway's processes

    private func prepare(_ plan: StackPlan) async throws {
        for (name, command) in plan.preparations {
            try await timed(name) {
                _ = try await ProcessOutput.of(
                    command,
                    name: name,
                    scratch: folder.logs,
                    limit: limits.preparation
                )
            }
        }
    }

    /// Starts processes together and waits until all are ready.
    private func start(_ processes: [StackPlan.Process], _ records: StackRecords) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for process in processes {
                group.addTask { try await self.start(process, records) }
            }
            try await group.waitForAll()
        }
    }

    private func start(_ planned: StackPlan.Process, _ records: StackRecords) async throws {
        if let record = records.running(planned.name) {
            if record.fingerprint == planned.fingerprint { return try await waitUntilReady(planned, record.process) }
            try await stop(record, records)
        }
        try await timed(planned.name) {
            let process = try ManagedProcess(planned.command, name: planned.name, logFile: folder.log(planned.name))
            try records.add(
                StackRecord(
                    name: planned.name,
                    identity: process.identity,
                    tier: planned.tier,
                    fingerprint: planned.fingerprint,
                    stopSignal: SIGTERM,
                    startedAt: .now,
                    logFile: process.logFile
                )
            )
            try await waitUntilReady(planned, process)
        }
    }

    private func waitUntilReady(_ planned: StackPlan.Process, _ process: ManagedProcess) async throws {
        var answer: (status: Int, body: String)?
        _ = await Polling.until(within: limits.ready) {
            answer = await LoopbackProbe.get(port: planned.readyPort, path: planned.readyPath)
            return answer?.status == 200 || !process.isRunning
        }
        try Task.checkCancellation()
        if answer?.status == 200, process.isRunning { return }
        let cause = process.isRunning ? "is not ready after \(limits.ready)" : "ended (\(process.exit ?? .unknown))"
        let said = answer.map { "\n\($0.body)" } ?? ""
        throw DevStackError("\(planned.name) \(cause)\(said)\nthe end of \(process.logFile):\n\(process.logTail())")
    }

    // MARK: Down

    /// Stops everything the stack started, in reverse order: first the services together, the servers they need last.
    package func down() async throws {
        guard FileManager.default.fileExists(atPath: folder.processes) else { return report("nothing runs") }
        let lock = try StackLock(folder.lock)
        let records = try StackRecords(folder)
        let start = ContinuousClock.now
        for tier in StackTier.allCases.reversed() {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for record in records.running.reversed() where record.tier == tier {
                    group.addTask { try await self.stop(record, records) }
                }
                try await group.waitForAll()
            }
        }
        for record in records.all { try records.remove(record) }
        report("down in \(Self.seconds(since: start))")
        _ = consume lock
    }

    private func stop(_ record: StackRecord, _ records: StackRecords) async throws {
        let start = ContinuousClock.now
        let process = record.process
        process.send(record.stopSignal)
        let isForced = await process.waitForExit(within: limits.stop) == nil
        if isForced { await process.kill() }
        try records.remove(record)
        report("\(record.name) stopped\(isForced ? " by force" : "") (\(Self.seconds(since: start)))")
    }

    // MARK: Words

    private func addresses(of plan: StackPlan) -> Addresses {
        Addresses(
            api: "http://127.0.0.1:\(plan.port("api"))",
            kubernetes: "http://127.0.0.1:\(plan.port("kubernetes"))",
            kubeconfig: folder.kubeconfig,
            folder: folder.path
        )
    }

    private func timed<Result: Sendable>(_ name: String, _ body: () async throws -> Result) async throws -> Result {
        let start = ContinuousClock.now
        let result = try await body()
        report("\(name) ready (\(Self.seconds(since: start)))")
        return result
    }

    private static func seconds(since start: ContinuousClock.Instant) -> String {
        let (seconds, attoseconds) = (ContinuousClock.now - start).components
        return "\(seconds).\(attoseconds / 100_000_000_000_000_000) s"
    }
}

/// The program this process runs.
enum RunningExecutable {
    static func folder() throws(DevStackError) -> String {
        // why: only a system without /proc has no such link, and the error below says so.
        guard let own = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe") else {
            throw DevStackError("/proc/self/exe does not tell where this program is")
        }
        return String(own[..<(own.lastIndex(of: "/") ?? own.endIndex)])
    }
}
