import Foundation
import Synchronization
import TestSupport

/// A private RabbitMQ node for tests: data in a temporary folder, free loopback ports, a port mapper of its own.
///
/// The server refuses to run as root, so a root process starts it as the system user `rabbitmq`.
final class RabbitMQServer: Sendable {
    struct StartFailure: Error, CustomStringConvertible {
        let description: String
    }

    static let user = "slipway"
    static let password = "se cret/1"

    let folder: String
    let port: Int
    let tlsPort: Int
    private let distributionPort: Int
    private let portMapperPort: Int
    private let processes = Mutex<[Process]>([])

    /// One node for all tests of this process; it is stopped when the process exits.
    static let shared: Result<RabbitMQServer, any Error> = Result {
        let server = try RabbitMQServer()
        shutDownAtExit(server)
        return server
    }

    private init() throws {
        folder = NSTemporaryDirectory() + "slipway-rabbitmq-\(UUID().uuidString.prefix(8).lowercased())"
        port = try FreePort.take()
        tlsPort = try FreePort.take()
        distributionPort = try FreePort.take()
        portMapperPort = try FreePort.take()
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try TestCertificates.make(in: folder)
        try settings.write(toFile: folder + "/rabbitmq.conf", atomically: true, encoding: .utf8)
        try "[].\n".write(toFile: folder + "/enabled_plugins", atomically: true, encoding: .utf8)
        if getuid() == 0 { try runToEnd("/bin/chown", ["-R", "rabbitmq:rabbitmq", folder]) }
        try start()
    }

    /// Where clients connect.
    var url: String { "amqp://\(Self.user):se%20cret%2F1@127.0.0.1:\(port)/%2F" }
    /// The certificate names `localhost` only.
    func tlsURL(host: String) -> String { "amqps://\(Self.user):se%20cret%2F1@\(host):\(tlsPort)" }

    // MARK: Life

    /// Starts the port mapper, if need be, and the node. Returns once it speaks AMQP.
    func start() throws {
        let isFirst = processes.withLock { $0.isEmpty }
        if isFirst {
            let arguments = ["-port", "\(portMapperPort)", "-address", "127.0.0.1"]
            let mapper = try launch(Self.program("epmd", in: ["/usr/bin", "/usr/local/bin"]), arguments)
            processes.withLock { $0 = [mapper] }
        }
        let node = try launch(Self.program("rabbitmq-server"), [])
        processes.withLock { $0.append(node) }
        let deadline = ContinuousClock.now + .seconds(90)
        while !answers() {
            guard node.isRunning, ContinuousClock.now < deadline else {
                throw StartFailure(description: "the test broker did not start:\n\(log)")
            }
            usleep(50_000)
        }
    }

    /// Ends the node in order. `start()` brings it back with its data.
    func stopNode() {
        let node = processes.withLock { $0.count > 1 ? $0.removeLast() : nil }
        guard let node, node.isRunning else { return }
        signalNode(SIGTERM)
        node.end()
    }

    /// Ends the node and the port mapper and removes the folder.
    func remove() {
        signalNode(SIGCONT)
        stopNode()
        let mapper = processes.withLock { $0.popLast() }
        mapper?.terminate()
        mapper?.end()
        do {
            try FileManager.default.removeItem(atPath: folder)
        } catch {
            print("cannot remove \(folder): \(error)")
        }
    }

    func signalNode(_ signal: Int32) {
        guard let text = contents(of: folder + "/rabbitmq.pid"),
            let pid = pid_t(text.trimmingCharacters(in: .whitespacesAndNewlines))
        else { return }
        kill(pid, signal)
    }

    /// Runs `rabbitmqctl` and waits for its end, off the cooperative threads.
    func control(_ arguments: String...) async throws {
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            Thread.detachNewThread {
                continuation.resume(
                    with: Result { try self.runToEnd(Self.program("rabbitmqctl"), ["-q"] + arguments, asServer: true) }
                )
            }
        }
    }

    /// Stops and starts the node, off the cooperative threads.
    func restart() async throws {
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            Thread.detachNewThread {
                self.stopNode()
                continuation.resume(with: Result { try self.start() })
            }
        }
    }

    // MARK: Configuration

    private var settings: String {
        """
        listeners.tcp.1 = 127.0.0.1:\(port)
        listeners.ssl.1 = 127.0.0.1:\(tlsPort)
        ssl_options.cacertfile = \(folder)/ca.pem
        ssl_options.certfile = \(folder)/server.pem
        ssl_options.keyfile = \(folder)/server.key
        ssl_options.verify = verify_peer
        ssl_options.fail_if_no_peer_cert = false
        default_user = \(Self.user)
        default_pass = \(Self.password)
        disk_free_limit.absolute = 50MB
        vm_memory_high_watermark.absolute = 512MB
        log.console = true
        log.console.level = warning
        log.file = false

        """
    }

    /// `-noinput` and `RABBITMQ_ALLOW_INPUT` together make the start script become the broker, so that signals reach it.
    private var environment: [String: String] {
        let loopback = "-kernel inet_dist_use_interface {127,0,0,1}"
        return [
            "PATH": "/usr/bin:/bin:/usr/local/bin", "LANG": "C.UTF-8", "HOME": folder,
            "RABBITMQ_NODENAME": "test\(port)@localhost", "RABBITMQ_CONF_ENV_FILE": "\(folder)/none",
            "RABBITMQ_CONFIG_FILE": "\(folder)/rabbitmq.conf", "RABBITMQ_MNESIA_BASE": "\(folder)/data",
            "RABBITMQ_LOG_BASE": "\(folder)/log", "RABBITMQ_GENERATED_CONFIG_DIR": "\(folder)/generated",
            "RABBITMQ_ENABLED_PLUGINS_FILE": "\(folder)/enabled_plugins",
            "RABBITMQ_PID_FILE": "\(folder)/rabbitmq.pid", "RABBITMQ_DIST_PORT": "\(distributionPort)",
            "ERL_EPMD_PORT": "\(portMapperPort)", "ERL_EPMD_ADDRESS": "127.0.0.1", "RABBITMQ_ALLOW_INPUT": "1",
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-noinput \(loopback) +sbwt none +sbwtdcpu none +sbwtdio none",
            "RABBITMQ_CTL_ERL_ARGS": loopback,
        ]
    }

    // MARK: Processes

    private var log: String { contents(of: folder + "/output.log") ?? "" }

    private func contents(of path: String) -> String? {
        FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
    }

    private func launch(_ program: String, _ arguments: [String], asServer: Bool = true) throws -> Process {
        let logPath = folder + "/output.log"
        if !FileManager.default.fileExists(atPath: logPath) {
            _ = FileManager.default.createFile(atPath: logPath, contents: nil)
        }
        let output = FileHandle(forWritingAtPath: logPath)
        output?.seekToEndOfFile()
        let process = Process()
        let identity = ["--reuid=rabbitmq", "--regid=rabbitmq", "--clear-groups", program]
        let changesUser = asServer && getuid() == 0
        process.executableURL = URL(fileURLWithPath: changesUser ? "/usr/bin/setpriv" : program)
        process.arguments = changesUser ? identity + arguments : arguments
        process.environment = environment
        process.currentDirectoryURL = URL(fileURLWithPath: folder)
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = output
        try Self.withoutBlockedSignals { try process.run() }
        return process
    }

    /// A child inherits its parent thread's mask, and threads of the runtime's pools block the signal that ends a node.
    private static func withoutBlockedSignals(_ body: () throws -> Void) rethrows {
        var none = sigset_t()
        var previous = sigset_t()
        sigemptyset(&none)
        pthread_sigmask(SIG_SETMASK, &none, &previous)
        defer { pthread_sigmask(SIG_SETMASK, &previous, nil) }
        try body()
    }

    private func runToEnd(_ program: String, _ arguments: [String], asServer: Bool = false) throws {
        let process = try launch(program, arguments, asServer: asServer)
        let status = process.end()
        guard status == 0 else {
            throw StartFailure(description: "\(program) ended with \(status):\n\(log)")
        }
    }

    private static func program(
        _ name: String,
        in folders: [String] = ["/usr/lib/rabbitmq/bin", "/opt/rabbitmq/sbin", "/usr/local/sbin"]
    ) -> String {
        folders.map { "\($0)/\(name)" }.first { FileManager.default.isExecutableFile(atPath: $0) } ?? name
    }

    /// Whether a greeting gets a reply.
    private func answers() -> Bool {
        guard let descriptor = LoopbackSocket.connect(port: port) else { return false }
        defer { close(descriptor) }
        var limit = timeval(tv_sec: 1, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        let greeting: [UInt8] = Array("AMQP".utf8) + [0, 0, 9, 1]
        guard write(descriptor, greeting, greeting.count) == greeting.count else { return false }
        var byte: UInt8 = 0
        return read(descriptor, &byte, 1) == 1
    }

    // MARK: The end of the process

    private static let leftover = Mutex<RabbitMQServer?>(nil)

    private static func shutDownAtExit(_ server: RabbitMQServer) {
        leftover.withLock { $0 = server }
        atexit { RabbitMQServer.leftover.withLock { $0 }?.remove() }
    }
}
