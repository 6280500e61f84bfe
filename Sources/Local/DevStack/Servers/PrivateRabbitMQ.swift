internal import Glibc

/// A RabbitMQ broker of our own: its data, ports, port mapper, user and password belong to one folder.
///
/// It and its port mapper listen on 127.0.0.1 alone, and no plugin is loaded.
package actor PrivateRabbitMQ {
    package struct Ports: Hashable, Codable, Sendable {
        package var amqp: Int
        /// Erlang's own connection between nodes and tools.
        package var distribution: Int
        package var portMapper: Int

        package init(amqp: Int, distribution: Int, portMapper: Int) {
            self.amqp = amqp
            self.distribution = distribution
            self.portMapper = portMapper
        }

        var all: [Int] { [amqp, distribution, portMapper] }
    }

    package struct Configuration: Sendable {
        /// Everything the broker writes is below this folder.
        package var folder: String
        package var ports: Ports
        package var password: String
        package var memoryLimitBytes = 512 << 20
        /// Told of each process, the port mapper too, as soon as it was started.
        package var willRun: @Sendable (ManagedProcess) -> Void = { _ in }

        package init(folder: String, ports: Ports, password: String) {
            self.folder = folder
            self.ports = ports
            self.password = password
        }
    }

    package static let user = "slipway"

    package nonisolated let configuration: Configuration
    private let programs: String
    private let portMapperProgram: String
    private let account: ServerUser?
    private var process: ManagedProcess?
    private var portMapper: ManagedProcess?

    /// - Throws: `DevStackError` when RabbitMQ is not installed.
    package init(_ configuration: Configuration) throws(DevStackError) {
        self.configuration = configuration
        programs = try ServerPrograms.rabbitMQFolder()
        portMapperProgram = try ServerPrograms.portMapper()
        account = try ServerUser.forServers()
    }

    /// The broker's address, password included.
    package nonisolated var url: String {
        "amqp://\(Self.user):\(configuration.password)@127.0.0.1:\(configuration.ports.amqp)/%2F"
    }

    package nonisolated var logFile: String { "\(configuration.folder)/rabbitmq.log" }
    private nonisolated var portMapperLogFile: String { "\(configuration.folder)/portmapper.log" }

    /// The running broker, for recording and for tests that signal it.
    package var running: ManagedProcess? { process?.isRunning == true ? process : nil }
    package var runningPortMapper: ManagedProcess? { portMapper?.isRunning == true ? portMapper : nil }

    /// Takes over a broker and a port mapper that run already in this folder.
    package func adopt(broker: ProcessIdentity?, portMapper mapper: ProcessIdentity?) {
        process = broker.map { ManagedProcess(adopting: $0, name: "rabbitmq", logFile: logFile) }
        portMapper = mapper.map { ManagedProcess(adopting: $0, name: "portmapper", logFile: portMapperLogFile) }
    }

    /// Starts the port mapper and the broker. Returns once the broker speaks AMQP.
    package func start() async throws {
        try launch()
        try await waitUntilReady()
    }

    /// Starts the processes without waiting for the broker, so that others can start meanwhile.
    package func launch() throws {
        guard running == nil else { return }
        try PrivateFolder.create(configuration.folder, owner: account)
        try PrivateFolder.write(settings, to: "\(configuration.folder)/rabbitmq.conf", owner: account)
        try PrivateFolder.write("[].\n", to: "\(configuration.folder)/enabled_plugins", owner: account)
        if runningPortMapper == nil {
            let arguments = ["-port", "\(configuration.ports.portMapper)", "-address", "127.0.0.1"]
            let started = try ManagedProcess(
                command(portMapperProgram, arguments),
                name: "portmapper",
                logFile: portMapperLogFile
            )
            configuration.willRun(started)
            portMapper = started
        }
        let started = try ManagedProcess(command("\(programs)/rabbitmq-server", []), name: "rabbitmq", logFile: logFile)
        configuration.willRun(started)
        process = started
    }

    /// Waits until the broker speaks AMQP.
    ///
    /// - Throws: `DevStackError` with the end of the log when the broker ends or takes longer than `limit`.
    package func waitUntilReady(within limit: Duration = .seconds(120)) async throws {
        guard let process else { throw DevStackError("rabbitmq was not started") }
        let port = configuration.ports.amqp
        let isSettled = await Polling.until(within: limit) {
            if !process.isRunning { return true }
            return await LoopbackProbe.answersAMQP(port: port)
        }
        guard isSettled, process.isRunning else {
            throw DevStackError("rabbitmq did not become ready; the end of \(logFile):\n\(process.logTail())")
        }
    }

    /// Shuts the broker down in order, then the port mapper.
    package func stop() async {
        await process?.stop(SIGTERM, grace: .seconds(60))
        await portMapper?.stop(SIGTERM, grace: .seconds(5))
        process = nil
        portMapper = nil
    }

    /// Ends the broker at once, as a crash would. The port mapper stays.
    package func kill9() async {
        await process?.kill()
        process = nil
    }

    /// Stops the broker in order and starts it again.
    package func restart() async throws {
        await process?.stop(SIGTERM, grace: .seconds(60))
        process = nil
        try await start()
    }

    /// Sends a signal to the broker.
    package func send(_ signal: Int32) { process?.send(signal) }

    /// Runs `rabbitmqctl` against this broker.
    @discardableResult
    package func control(_ arguments: String...) async throws -> String {
        try await ProcessOutput.of(
            command("\(programs)/rabbitmqctl", arguments),
            name: "rabbitmqctl",
            scratch: configuration.folder,
            limit: .seconds(60)
        )
    }

    // MARK: Configuration

    private var settings: String {
        """
        listeners.tcp.1 = 127.0.0.1:\(configuration.ports.amqp)
        default_user = \(Self.user)
        default_pass = \(configuration.password)
        disk_free_limit.absolute = 50MB
        vm_memory_high_watermark.absolute = \(configuration.memoryLimitBytes)
        log.console = true
        log.console.level = warning
        log.file = false

        """
    }

    /// `-noinput` and `RABBITMQ_ALLOW_INPUT` together make the start script become the broker instead of watching
    /// it, so that a signal reaches the broker itself. Busy waiting is off: the machine has other work.
    private func command(_ program: String, _ arguments: [String]) -> ProcessCommand {
        let folder = configuration.folder
        let loopback = "-kernel inet_dist_use_interface {127,0,0,1}"
        var environment = ProcessCommand.basicEnvironment
        environment.merge([
            "HOME": folder, "RABBITMQ_NODENAME": "slipway\(configuration.ports.amqp)@localhost",
            "RABBITMQ_CONF_ENV_FILE": "\(folder)/none", "RABBITMQ_CONFIG_FILE": "\(folder)/rabbitmq.conf",
            "RABBITMQ_MNESIA_BASE": "\(folder)/data", "RABBITMQ_LOG_BASE": "\(folder)/log",
            "RABBITMQ_GENERATED_CONFIG_DIR": "\(folder)/generated",
            "RABBITMQ_ENABLED_PLUGINS_FILE": "\(folder)/enabled_plugins", "RABBITMQ_PID_FILE": "\(folder)/rabbitmq.pid",
            "RABBITMQ_DIST_PORT": "\(configuration.ports.distribution)",
            "ERL_EPMD_PORT": "\(configuration.ports.portMapper)", "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_ALLOW_INPUT": "1",
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-noinput \(loopback) +sbwt none +sbwtdcpu none +sbwtdio none",
            "RABBITMQ_CTL_ERL_ARGS": loopback,
        ]) { $1 }
        return ProcessCommand(
            executable: program,
            arguments: arguments,
            environment: environment,
            workingDirectory: folder,
            user: account
        )
    }
}
