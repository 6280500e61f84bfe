import Foundation
import LocalKubernetes
import Synchronization
import TestSupport
import Testing

/// A private localkube in a folder of its own, run from the build folder.
final class LocalKubeProcess: @unchecked Sendable {  // why: used from one test at a time; Process is not Sendable
    let folder: URL
    private let arguments: [String]
    private var process: Process
    private(set) var address = ""

    /// Starts one and waits for its readiness line.
    init(_ arguments: [String] = [], images: String? = nil) async throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "localkube-test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder.appending(path: "home"), withIntermediateDirectories: true)
        var all = ["--state", folder.appending(path: "state").path, "--write-kubeconfig", kubeconfig(folder)]
        if let images {
            let path = folder.appending(path: "images.yaml")
            try Data(images.utf8).write(to: path)
            all += ["--images", path.path]
        }
        self.arguments = all + arguments
        process = Process()
        try await start()
    }

    static let executable = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
        .appending(path: "slipway-localkube")

    func start() async throws {
        process = Process()
        process.executableURL = Self.executable
        process.arguments = arguments
        let output = folder.appending(path: "output-\(UUID().uuidString)")
        try Data().write(to: output)
        process.standardOutput = try FileHandle(forWritingTo: output)
        process.standardError = FileHandle.standardError
        try process.run()
        address = try await eventually("localkube says it is ready") {
            let text = try String(contentsOf: output, encoding: .utf8)
            guard let line = text.split(separator: "\n").first, text.contains("\n") else { return nil }
            return line.split(separator: "=").last.map(String.init)
        }
    }

    /// Ends it as an operator does.
    func terminate() async {
        if process.isRunning { process.terminate() }
        await ended()
    }

    /// Ends it and removes its folder.
    func stop() async {
        await terminate()
        // why: what is left of a test's folder harms no other test
        try? FileManager.default.removeItem(at: folder)
    }

    /// Ends it as a crash does.
    func crash() async {
        kill(process.processIdentifier, SIGKILL)
        await ended()
    }

    private func ended() async {
        let process = process
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            Thread.detachNewThread {
                process.end()
                continuation.resume()
            }
        }
    }

    // MARK: Requests

    /// Sends a request and gives the answer's code and JSON.
    @discardableResult
    func request(
        _ method: String,
        _ path: String,
        _ body: JSONValue? = nil,
        type: String = "application/json"
    ) async throws -> (code: Int, value: JSONValue) {
        let (code, data) = try await send(method, path, body, type: type)
        let value: JSONValue
        do { value = try JSONParser.parse(Array(data)) } catch {
            value = .string(String(decoding: data, as: UTF8.self))
        }
        return (code, value)
    }

    func send(
        _ method: String,
        _ path: String,
        _ body: JSONValue? = nil,
        type: String = "application/json"
    ) async throws -> (code: Int, data: Data) {
        guard let port = address.split(separator: ":").last.flatMap({ UInt16($0) }) else {
            throw Timeout(description: "localkube has no address yet")
        }
        let exchange = HTTPExchange(
            port: port,
            method: method,
            path: path,
            body: body.map { Data($0.encoded()) },
            contentType: type
        )
        return try await exchange.perform()
    }

    static let pods = "/api/v1/namespaces/default/pods"

    @discardableResult
    func create(_ pod: JSONValue, sourceLocation: SourceLocation = #_sourceLocation) async throws -> JSONValue {
        let (code, value) = try await request("POST", Self.pods, pod)
        #expect(code == 201, "\(value.encodedText)", sourceLocation: sourceLocation)
        return value
    }

    func pod(_ name: String) async throws -> JSONValue { try await request("GET", "\(Self.pods)/\(name)").value }

    /// Waits until a pod is as asked, and gives it.
    func pod(_ name: String, until what: String, _ condition: @escaping (JSONValue) -> Bool) async throws -> JSONValue {
        try await eventually("pod \(name) \(what)") {
            let pod = try await self.pod(name)
            return condition(pod) ? pod : nil
        }
    }

    func log(_ name: String, _ query: String = "") async throws -> String {
        String(decoding: try await send("GET", "\(Self.pods)/\(name)/log?\(query)").data, as: UTF8.self)
    }

    func events(of name: String) async throws -> [JSONValue] {
        let path = "/api/v1/namespaces/default/events?fieldSelector=involvedObject.name=\(name)"
        return try await request("GET", path).value["items"]?.elements ?? []
    }
}

private func kubeconfig(_ folder: URL) -> String { folder.appending(path: "kubeconfig").path }

/// A started program and what it has printed so far.
// why: Process is not Sendable; it is set up once, then only waited for.
final class RunningProgram: @unchecked Sendable {
    private let process: Process
    private let printed = Mutex(Data())
    private let pipe = Pipe()

    fileprivate init(_ process: Process) throws {
        self.process = process
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
    }

    var output: String { String(decoding: printed.withLock { $0 }, as: UTF8.self) }

    /// Reads until the program closes its output, and waits for its end.
    func result() async -> (code: Int32, output: String) {
        let code = await withCheckedContinuation { (continuation: CheckedContinuation<Int32, Never>) in
            Thread.detachNewThread { [self] in
                while true {
                    let data = pipe.fileHandleForReading.availableData
                    if data.isEmpty { break }
                    printed.withLock { $0 += data }
                }
                continuation.resume(returning: process.end())
            }
        }
        return (code, output)
    }
}

extension LocalKubeProcess {
    /// Starts a program with this server's kubeconfig.
    func start(_ program: String, _ arguments: [String], input: String? = nil) throws -> RunningProgram {
        let process = Process()
        process.executableURL = URL(filePath: program)
        process.arguments = arguments
        process.environment = [
            "KUBECONFIG": kubeconfig(folder), "HOME": folder.appending(path: "home").path, "PATH": "/usr/bin:/bin",
        ]
        if let input {
            let file = folder.appending(path: "input-\(UUID().uuidString)")
            try Data(input.utf8).write(to: file)
            process.standardInput = try FileHandle(forReadingFrom: file)
        } else {
            process.standardInput = FileHandle.nullDevice
        }
        return try RunningProgram(process)
    }

    /// Runs a program with this server's kubeconfig and gives its exit code and output.
    func run(
        _ program: String,
        _ arguments: [String],
        input: String? = nil
    ) async throws -> (code: Int32, output: String) {
        try await start(program, arguments, input: input).result()
    }

    func kubectl(_ arguments: String..., input: String? = nil) async throws -> String {
        let (code, output) = try await run("\(PythonEnvironment.path ?? "")/bin/kubectl", arguments, input: input)
        #expect(code == 0, "kubectl \(arguments.joined(separator: " ")): \(output)")
        return output
    }
}

/// The Python environment with `kubectl` and the `kubernetes` package, named by the variable.
enum PythonEnvironment {
    static let path = ProcessInfo.processInfo.environment["SLIPWAY_TEST_PYTHON_ENV"]
    static let isThere = path != nil
    static let missing: Comment =
        "SLIPWAY_TEST_PYTHON_ENV does not name a Python environment with kubectl and the kubernetes package"
}

struct Timeout: Error, CustomStringConvertible {
    let description: String
}

/// Asks again until there is an answer, for at most 30 seconds.
@discardableResult
func eventually<Answer>(_ what: String, seconds: Double = 30, _ body: () async throws -> Answer?) async throws -> Answer
{
    let deadline = ContinuousClock.now + .seconds(seconds)
    while true {
        if let answer = try await body() { return answer }
        guard ContinuousClock.now < deadline else { throw Timeout(description: "waited in vain until \(what)") }
        try await Task.sleep(for: .milliseconds(20))
    }
}

/// Runs a body with a server that is stopped afterwards.
func withLocalKube(
    _ arguments: [String] = [],
    images: String? = nil,
    _ body: (LocalKubeProcess) async throws -> Void
) async throws {
    let server = try await LocalKubeProcess(arguments, images: images)
    do {
        try await body(server)
        await server.stop()
    } catch {
        await server.stop()
        throw error
    }
}

/// A pod of one shell command.
func shellPod(
    _ name: String,
    _ script: String,
    spec: JSONValue = [:],
    container: JSONValue = [:],
    annotations: [String: String] = [:]
) -> JSONValue {
    var main: JSONValue = ["name": "main", "image": "app", "command": ["sh", "-c", .string(script)]]
    for (key, value) in container.object ?? [:] { main[key] = value }
    var all: JSONValue = ["restartPolicy": "Never", "terminationGracePeriodSeconds": 1, "containers": [main]]
    for (key, value) in spec.object ?? [:] { all[key] = value }
    return [
        "apiVersion": "v1", "kind": "Pod",
        "metadata": ["name": .string(name), "annotations": JSONValue(annotations)], "spec": all,
    ]
}

extension JSONValue {
    var phase: String { self[path: "status", "phase"]?.text ?? "" }

    func container(_ name: String) -> JSONValue {
        ((self[path: "status", "containerStatuses"]?.elements ?? [])
            + (self[path: "status", "initContainerStatuses"]?.elements ?? []))
            .first { $0.text("name") == name } ?? [:]
    }

    func terminated(_ name: String) -> JSONValue { container(name)[path: "state", "terminated"] ?? [:] }
}
