internal import FoundationEssentials
internal import Glibc

/// A PostgreSQL server of our own: its data, port, user and password belong to one folder.
///
/// It listens on 127.0.0.1 alone, asks for the password, and keeps what it acknowledged (`fsync` is on).
package actor PrivatePostgres {
    package struct Configuration: Sendable {
        /// Everything the server writes is below this folder.
        package var folder: String
        package var port: Int
        package var password: String
        package var maximumConnections = 200
        /// Off only where losing the data with the machine does not matter.
        package var isDurable = true
        /// Told of each server process as soon as it was started.
        package var willRun: @Sendable (ManagedProcess) -> Void = { _ in }

        package init(folder: String, port: Int, password: String) {
            self.folder = folder
            self.port = port
            self.password = password
        }
    }

    package static let user = "slipway"
    package static let database = "slipway"

    package nonisolated let configuration: Configuration
    private let programs: String
    private let account: ServerUser?
    private var process: ManagedProcess?

    /// - Throws: `DevStackError` when PostgreSQL is not installed.
    package init(_ configuration: Configuration) throws(DevStackError) {
        self.configuration = configuration
        programs = try ServerPrograms.postgresFolder()
        account = try ServerUser.forServers()
    }

    /// The address of the `slipway` database, password included.
    package nonisolated var url: String { url(database: Self.database) }

    package nonisolated func url(database: String) -> String {
        "postgres://\(Self.user):\(configuration.password)@127.0.0.1:\(configuration.port)/\(database)"
    }

    package nonisolated var logFile: String { "\(configuration.folder)/postgres.log" }

    /// The running server, for recording and for tests that signal it.
    package var running: ManagedProcess? { process?.isRunning == true ? process : nil }

    /// Takes over a server that runs already in this folder.
    package func adopt(_ identity: ProcessIdentity) {
        process = ManagedProcess(adopting: identity, name: "postgres", logFile: logFile)
    }

    /// Starts the server, creating the database cluster the first time. Returns once it accepts connections.
    package func start() async throws {
        guard running == nil else { return }
        try await initializeOnce()
        try launch()
        try await waitUntilReady()
        try await createDatabaseOnce()
    }

    /// Waits until the server accepts connections.
    ///
    /// - Throws: `DevStackError` with the end of the log when the server ends or takes longer than `limit`.
    package func waitUntilReady(within limit: Duration = .seconds(60)) async throws {
        guard let process else { throw DevStackError("postgres was not started") }
        let isSettled = await Polling.until(within: limit) { isReady || !process.isRunning }
        guard isSettled, process.isRunning else {
            throw DevStackError("postgres did not become ready; the end of \(logFile):\n\(process.logTail())")
        }
    }

    /// Ends sessions and shuts the server down in order.
    package func stop() async {
        await process?.stop(SIGINT, grace: .seconds(30))
        process = nil
    }

    /// Ends the server and all its sessions at once, as a crash would.
    package func kill9() async {
        await process?.kill()
        process = nil
    }

    /// Stops in order and starts again.
    package func restart() async throws {
        await stop()
        try await start()
    }

    /// Sends a signal to the server's first process.
    package func send(_ signal: Int32) { process?.send(signal) }

    /// Runs SQL as the owner with `psql`; the output has no headings.
    @discardableResult
    package func run(_ sql: String, database: String = PrivatePostgres.database) async throws -> String {
        try await PostgresShell(program: "\(programs)/psql", scratch: configuration.folder)
            .run(sql, url: url(database: database))
    }

    // MARK: Steps

    private nonisolated var dataFolder: String { "\(configuration.folder)/data" }

    private func initializeOnce() async throws {
        guard !FileManager.default.fileExists(atPath: "\(dataFolder)/PG_VERSION") else { return }
        try PrivateFolder.create(configuration.folder, owner: account)
        let passwordFile = "\(configuration.folder)/initial-password"
        try PrivateFolder.write(configuration.password, to: passwordFile, owner: account)
        // why: the password stays readable by its owner only, and initdb refuses a half-made folder the next time.
        defer { try? FileManager.default.removeItem(atPath: passwordFile) }
        let arguments = [
            "-D", dataFolder, "-U", Self.user, "--pwfile", passwordFile, "-A", "scram-sha-256", "--no-locale", "-E",
            "UTF8",
        ]
        do {
            try await ProcessOutput.of(
                command("initdb", arguments + (configuration.isDurable ? [] : ["--no-sync"])),
                name: "initdb",
                scratch: configuration.folder,
                limit: .seconds(120)
            )
        } catch {
            // why: what initdb left behind would stop the next try.
            try? FileManager.default.removeItem(atPath: dataFolder)
            throw error
        }
    }

    private func launch() throws {
        let settings = [
            "port": "\(configuration.port)", "listen_addresses": "127.0.0.1", "unix_socket_directories": "",
            "max_connections": "\(configuration.maximumConnections)", "shared_buffers": "128MB",
            // Many databases of tests are made side by side, each with its partitions.
            "max_locks_per_transaction": "256",
            "max_wal_size": "1GB", "jit": "off", "log_min_messages": "warning", "log_checkpoints": "off",
            "logging_collector": "off", "fsync": configuration.isDurable ? "on" : "off",
            "synchronous_commit": configuration.isDurable ? "on" : "off",
        ]
        let arguments = settings.sorted { $0.key < $1.key }.flatMap { ["-c", "\($0.key)=\($0.value)"] }
        let started = try ManagedProcess(
            command("postgres", ["-D", dataFolder] + arguments),
            name: "postgres",
            logFile: logFile
        )
        configuration.willRun(started)
        process = started
    }

    /// The eighth line of `postmaster.pid` is the server's own word on whether it accepts connections; the first
    /// tells it from what a killed predecessor left behind.
    private var isReady: Bool {
        guard let process, let text = SmallFile.read("\(dataFolder)/postmaster.pid") else { return false }
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.count >= 8, lines[0] == "\(process.pid)" else { return false }
        return lines[7].hasPrefix("ready")
    }

    private func createDatabaseOnce() async throws {
        let marker = "\(configuration.folder)/database-created"
        guard !FileManager.default.fileExists(atPath: marker) else { return }
        let existing = try await run(
            "SELECT 1 FROM pg_database WHERE datname = '\(Self.database)'",
            database: "postgres"
        )
        if existing.isEmpty {
            try await run("CREATE DATABASE \(Self.database)", database: "postgres")
        }
        try PrivateFolder.write("", to: marker, owner: account)
    }

    private func command(_ program: String, _ arguments: [String]) -> ProcessCommand {
        ProcessCommand(
            executable: "\(programs)/\(program)",
            arguments: arguments,
            environment: ProcessCommand.basicEnvironment,
            workingDirectory: configuration.folder,
            user: account
        )
    }
}

/// Runs SQL through `psql`, for set-up work that needs no connection of its own.
package struct PostgresShell: Sendable {
    private let program: String
    private let scratch: String

    /// - Parameter scratch: an existing folder for the output file.
    package init(program: String, scratch: String) {
        self.program = program
        self.scratch = scratch
    }

    /// Uses the installed `psql`.
    package init(scratch: String) throws(DevStackError) {
        self.init(program: "\(try ServerPrograms.postgresFolder())/psql", scratch: scratch)
    }

    /// Runs statements until the first error; rows come without headings, trimmed.
    @discardableResult
    package func run(_ sql: String, url: String) async throws -> String {
        var environment = ProcessCommand.basicEnvironment
        // The address holds the password, and arguments are visible to every user of the machine.
        environment["PGCONNECT_TIMEOUT"] = "10"
        let address = try PostgresAddress(url)
        environment.merge(address.environment) { $1 }
        let command = ProcessCommand(
            executable: program,
            arguments: ["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c", sql],
            environment: environment
        )
        let output = try await ProcessOutput.of(command, name: "psql", scratch: scratch, limit: .seconds(60))
        return output.split(separator: "\n").joined(separator: "\n")
    }
}
