import Foundation
import Synchronization
import TestSupport

/// A private Postgres server for tests: data in a temporary folder, a free loopback port and a socket in that folder.
///
/// The server refuses to run as root, so a root process starts it as the system user `postgres`.
final class PostgresServer: Sendable {
    struct StartFailure: Error, CustomStringConvertible {
        let description: String
    }

    let folder: String
    let port: Int
    private let process = Mutex<Process?>(nil)
    private let settings: [String]

    /// One server for all tests of this process that do not disturb others; it is stopped when the process exits.
    static let shared: Result<PostgresServer, any Error> = Result {
        let server = try PostgresServer(settings: ["deadlock_timeout=100ms", "max_connections=300"])
        registerForExit(server)
        return server
    }

    /// Makes a data folder and starts the server.
    ///
    /// - Parameters:
    ///   - settings: lines of `postgresql.conf` as `name=value`.
    ///   - prepare: runs before the start, with the data folder, for example to add certificates.
    init(settings: [String], prepare: (PostgresServer) throws -> Void = { _ in }) throws {
        folder = NSTemporaryDirectory() + "slipway-postgres-\(UUID().uuidString.prefix(8).lowercased())"
        port = try Self.freePort()
        self.settings = settings
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try run("chmod", ["755", folder])
        try giveAway(folder)
        try runAsServer(
            Self.program("initdb"),
            ["-D", data, "-A", "trust", "-U", "slipway", "--no-locale", "-E", "UTF8", "-N"]
        )
        try prepare(self)
        try start()
    }

    var data: String { folder + "/data" }

    /// Where clients connect, over TCP.
    var url: String { "postgres://slipway@127.0.0.1:\(port)/postgres" }

    /// Where clients connect, over the socket.
    var socketURL: String { "postgres://slipway@/postgres?host=\(folder)&port=\(port)" }

    func start() throws {
        let options = ["port=\(port)", "listen_addresses=127.0.0.1", "unix_socket_directories=\(folder)", "fsync=off"]
        let arguments = (options + settings).flatMap { ["-c", $0] }
        let process = try launchAsServer(Self.program("postgres"), ["-D", data] + arguments)
        self.process.withLock { $0 = process }
        let deadline = ContinuousClock.now + .seconds(20)
        while true {
            let ready = try status(
                Self.program("pg_isready"),
                ["-q", "-h", "127.0.0.1", "-p", "\(port)", "-U", "slipway"]
            )
            if ready == 0 { return }
            guard process.isRunning, ContinuousClock.now < deadline else {
                throw StartFailure(description: "the test server did not start:\n\(log)")
            }
            usleep(20_000)
        }
    }

    /// Ends all sessions at once and waits for the server to be gone. `start()` brings it back with its data.
    func stop() {
        let running = process.withLock { process in
            defer { process = nil }
            return process
        }
        guard let running, running.isRunning else { return }
        kill(serverPID ?? running.processIdentifier, SIGINT)
        running.end()
    }

    /// Stops the server and removes its folder.
    func remove() {
        stop()
        do {
            try FileManager.default.removeItem(atPath: folder)
        } catch {
            print("cannot remove \(folder): \(error)")
        }
    }

    /// Lets the server's user own what a test has put into the data folder.
    func giveAway(_ path: String) throws {
        if getuid() == 0 { try run("chown", ["-R", "postgres:postgres", path]) }
    }

    @discardableResult
    func run(_ program: String, _ arguments: [String]) throws -> Int32 {
        let result = try status("/usr/bin/env", [program] + arguments)
        guard result == 0 else {
            throw StartFailure(
                description: "\(program) \(arguments.joined(separator: " ")) ended with \(result):\n\(log)"
            )
        }
        return result
    }

    // MARK: Processes

    private var serverPID: pid_t? {
        guard let text = contents(of: data + "/postmaster.pid") else { return nil }
        return text.split(separator: "\n").first.flatMap { pid_t($0) }
    }

    private var log: String { contents(of: folder + "/log") ?? "" }

    private func contents(of path: String) -> String? {
        FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
    }

    private func runAsServer(_ program: String, _ arguments: [String]) throws {
        let process = try launchAsServer(program, arguments)
        let status = process.end()
        guard status == 0 else {
            throw StartFailure(description: "\(program) ended with \(status):\n\(log)")
        }
    }

    private func launchAsServer(_ program: String, _ arguments: [String]) throws -> Process {
        guard getuid() == 0 else { return try launch(program, arguments) }
        let identity = ["--reuid=postgres", "--regid=postgres", "--clear-groups", program]
        return try launch("/usr/bin/setpriv", identity + arguments)
    }

    private func status(_ program: String, _ arguments: [String]) throws -> Int32 {
        let process = try launch(program, arguments)
        return process.end()
    }

    private func launch(_ program: String, _ arguments: [String]) throws -> Process {
        let logPath = folder + "/log"
        if !FileManager.default.fileExists(atPath: logPath) {
            _ = FileManager.default.createFile(atPath: logPath, contents: nil)
        }
        let output = FileHandle(forWritingAtPath: logPath)
        output?.seekToEndOfFile()
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        process.currentDirectoryURL = URL(fileURLWithPath: folder)
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = output
        try process.run()
        return process
    }

    /// The newest version Debian's packages have put on this machine, or what `PATH` offers.
    private static func program(_ name: String) -> String {
        // why: the folder is absent on other systems
        let versions = (try? FileManager.default.contentsOfDirectory(atPath: "/usr/lib/postgresql")) ?? []
        let newest = versions.compactMap { Int($0) }.max()
        if let newest { return "/usr/lib/postgresql/\(newest)/bin/\(name)" }
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        return folders.map { "\($0)/\(name)" }.first { FileManager.default.isExecutableFile(atPath: $0) } ?? name
    }

    static func freePort() throws -> Int {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let status = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) | getsockname(descriptor, $0, &length)
            }
        }
        guard status == 0 else { throw StartFailure(description: "no free port") }
        return Int(UInt16(bigEndian: address.sin_port))
    }

    // MARK: The end of the process

    private static let leftovers = Mutex<[PostgresServer]>([])

    private static func registerForExit(_ server: PostgresServer) {
        let isFirst = leftovers.withLock { servers in
            servers.append(server)
            return servers.count == 1
        }
        guard isFirst else { return }
        atexit {
            for server in PostgresServer.leftovers.withLock({ $0 }) { server.remove() }
        }
    }
}
