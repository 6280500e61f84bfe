package import DevStack
internal import FoundationEssentials

/// The running installation that is measured, as its state folder tells it.
package struct StackUnderTest: Sendable {
    struct Process: Sendable {
        var name: String
        var pid: Int32
        var logFile: String
        /// Where it serves `/metrics`; only Slipway's own services do.
        var metricsPort: Int?
    }

    package let api: String
    package let postgresURL: String
    package let amqpURL: String
    package let kubeconfig: String
    /// Whether the cluster only pretends to run pods.
    package let isSimulated: Bool
    let processes: [Process]

    /// - Throws: `BenchmarkError` naming what is missing if the stack was never started or does not run.
    package init(_ folder: StackFolder) throws(BenchmarkError) {
        let state: StackStateFile = try Self.decode("\(folder.path)/stack.json")
        let records: [ProcessRecord] = try Self.decode("\(folder.path)/processes.json")
        guard let port = state.ports["api"] else {
            throw BenchmarkError("\(folder.path)/stack.json names no port of the API")
        }
        let ended = records.filter { !$0.identity.isRunning }.map(\.name)
        guard ended.isEmpty, !records.isEmpty else {
            let who = ended.isEmpty ? "nothing of the stack runs" : "\(ended.joined(separator: ", ")) ended"
            throw BenchmarkError("\(who); start the stack with `slipway dev up --simulate`")
        }
        api = "http://127.0.0.1:\(port)"
        postgresURL = try Self.secret("\(folder.path)/secrets/postgres-url")
        amqpURL = try Self.secret("\(folder.path)/secrets/amqp-url")
        kubeconfig = folder.kubeconfig
        isSimulated = state.isSimulated
        processes = records.map { record in
            Process(
                name: record.name,
                pid: record.identity.pid,
                logFile: record.logFile,
                metricsPort: state.ports["\(record.name)-health"]
            )
        }
    }

    // The members of the stack's own files that matter here.

    private struct StackStateFile: Decodable {
        var ports: [String: Int]
        var isSimulated: Bool
    }

    private struct ProcessRecord: Decodable {
        var name: String
        var identity: ProcessIdentity
        var logFile: String
    }

    private static func decode<Value: Decodable>(_ path: String) throws(BenchmarkError) -> Value {
        guard let text = ProcFile.read(path) else {
            throw BenchmarkError("\(path) is not there; start the stack with `slipway dev up --simulate`")
        }
        do {
            return try JSONDecoder().decode(Value.self, from: Data(text.utf8))
        } catch {
            throw BenchmarkError("\(path) is not a file of a stack of this version")
        }
    }

    private static func secret(_ path: String) throws(BenchmarkError) -> String {
        guard let text = ProcFile.read(path)?.split(separator: "\n").first else {
            throw BenchmarkError("\(path) is not there or cannot be read")
        }
        return String(text)
    }
}
