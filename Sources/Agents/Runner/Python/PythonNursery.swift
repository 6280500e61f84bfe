internal import CRunnerSystem
internal import Glibc
internal import SlipwayCore

/// The Python process that workers are forked from, with the job's imports done once.
///
/// It executes nothing of a task. Its standard output and error are the runner's log.
@safe final class PythonNursery {
    static let program = "python3"
    static let module = "slipway_runner"

    let process: ChildProcess
    /// -1 once it was told to end.
    private var requests: Int32

    /// - Parameter preparesSpark: whether it imports the query client before anybody needs it.
    /// - Throws: `SpawnError` if Python cannot be started.
    init(environment: [String: String], preparesSpark: Bool, lineLimitBytes: Int) throws(SpawnError) {
        var ends: (own: Int32, other: Int32) = (-1, -1)
        guard unsafe slipway_socket_pair(&ends.own, &ends.other) == 0 else {
            throw SpawnError(program: Self.program, errno: errno)
        }
        defer { close(ends.other) }
        do {
            process = try ChildProcess(
                program: Self.program,
                arguments: ["-m", Self.module, "--requests", "\(ends.other)"] + (preparesSpark ? ["--spark"] : []),
                environment: environment,
                keptDescriptors: [ends.other],
                lineLimitBytes: lineLimitBytes
            )
        } catch {
            close(ends.own)
            throw error
        }
        requests = ends.own
    }

    deinit { end() }

    /// Asks for a worker that holds these descriptors; the caller closes its own copies.
    ///
    /// - Throws: `SpawnError` if the process has ended, or too many requests wait for it.
    func fork(holding descriptors: [Int32], needsSpark: Bool) throws(SpawnError) {
        let text = CompactJSON.bytes(JSONValue.object(["spark": .bool(needsSpark)]))
        let status = unsafe descriptors.withUnsafeBufferPointer { descriptors in
            unsafe text.withUnsafeBytes { text in
                unsafe slipway_send_descriptors(
                    requests,
                    text.baseAddress,
                    text.count,
                    descriptors.baseAddress,
                    descriptors.count
                )
            }
        }
        guard status == 0 else { throw SpawnError(program: Self.program, errno: errno) }
    }

    /// It ends once nobody can ask it for anything. Its workers are not concerned.
    func end() {
        guard requests >= 0 else { return }
        close(requests)
        requests = -1
    }
}
