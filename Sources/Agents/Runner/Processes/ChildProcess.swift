internal import CRunnerSystem
internal import Glibc
internal import SlipwayCore

/// A program the runner started, in a session of its own, with the pipes from its standard output and error.
///
/// It never holds the runner's own output: what it writes is data, not records.
@safe final class ChildProcess {
    let processID: pid_t
    let output: LogPipe
    let error: LogPipe
    /// Set once it has ended and was reaped.
    var ended: WaitStatus?

    /// - Parameters:
    ///   - program: a path, or a name to look for in the environment's `PATH`.
    ///   - keptDescriptors: at most two, which stay open in the child under their own numbers.
    /// - Throws: `SpawnError` if it cannot be started.
    init(
        program: String,
        arguments: [String],
        environment: [String: String],
        keptDescriptors: [Int32] = [],
        lineLimitBytes: Int
    ) throws(SpawnError) {
        let path = try ExecutableSearch.path(of: program, searchPath: environment["PATH"])
        let null = unsafe open("/dev/null", O_RDONLY | O_CLOEXEC)
        guard null >= 0 else { throw SpawnError(program: program, errno: errno) }
        defer { close(null) }
        let outputEnds = try Self.pipe(for: program)
        let errorEnds = try Self.pipe(for: program)
        defer {
            close(outputEnds.write)
            close(errorEnds.write)
        }
        output = LogPipe(descriptor: outputEnds.read, channel: .stdout, lineLimitBytes: lineLimitBytes)
        error = LogPipe(descriptor: errorEnds.read, channel: .stderr, lineLimitBytes: lineLimitBytes)
        let kept = (keptDescriptors + [-1, -1]).prefix(2)
        var descriptors = slipway_spawn_descriptors(
            input: null,
            output: outputEnds.write,
            error: errorEnds.write,
            kept: (kept[0], kept[1])
        )
        var child: pid_t = 0
        let status = unsafe CStringVector.with([program] + arguments) { words in
            unsafe CStringVector.with(environment.map { "\($0.key)=\($0.value)" }.sorted()) { variables in
                unsafe slipway_spawn(path, words, variables, &descriptors, &child)
            }
        }
        guard status == 0 else { throw SpawnError(program: program, errno: status) }
        processID = child
    }

    var pipes: [LogPipe] { [output, error] }

    /// Sends a signal to its whole process group; nothing once it is reaped, since its number may be another's by then.
    func signalGroup(_ signal: Int32) {
        guard ended == nil else { return }
        kill(-processID, signal)
    }

    private static func pipe(for program: String) throws(SpawnError) -> (read: Int32, write: Int32) {
        var ends: (read: Int32, write: Int32) = (-1, -1)
        guard unsafe slipway_pipe(&ends.read, &ends.write) == 0 else {
            throw SpawnError(program: program, errno: errno)
        }
        return ends
    }
}

/// A program could not be started.
struct SpawnError: Error, CustomStringConvertible {
    let program: String
    let errno: Int32

    var description: String {
        switch errno {
        case ENOENT: "cannot start \(program): no such program in PATH, or no such file"
        case EACCES: "cannot start \(program): permission denied (is it executable?)"
        case ENOEXEC: "cannot start \(program): not a program (a script needs a first line such as #!/bin/sh)"
        case E2BIG: "cannot start \(program): its arguments and environment are too long"
        default: "cannot start \(program): \(unsafe String(cString: strerror(errno)))"
        }
    }
}

/// Finding a program as a shell does, but in the task's own `PATH`.
enum ExecutableSearch {
    private static let defaultSearchPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

    static func path(of program: String, searchPath: String?) throws(SpawnError) -> String {
        guard !program.utf8.contains(UInt8(ascii: "/")) else { return program }
        var problem = ENOENT
        for folder in (searchPath ?? defaultSearchPath).split(separator: ":") {
            let candidate = "\(folder)/\(program)"
            if isExecutableFile(candidate) { return candidate }
            if errno == EACCES { problem = EACCES }
        }
        throw SpawnError(program: program, errno: problem)
    }

    private static func isExecutableFile(_ path: String) -> Bool {
        var status = stat()
        guard unsafe stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return false }
        return unsafe access(path, X_OK) == 0
    }
}

/// Strings as the null-terminated vector that `execve` takes.
enum CStringVector {
    @unsafe static func with<Result>(
        _ strings: [String],
        _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Result
    ) -> Result {
        var pointers = unsafe [UnsafeMutablePointer<CChar>?]()
        for string in strings { unsafe pointers.append(strdup(string)) }
        unsafe pointers.append(nil)
        defer { unsafe pointers.forEach { unsafe free($0) } }
        return unsafe pointers.withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress else { preconditionFailure("a vector has at least its end") }
            return unsafe body(base)
        }
    }
}
