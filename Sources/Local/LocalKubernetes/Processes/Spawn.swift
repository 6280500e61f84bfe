internal import Glibc

/// Starts processes in a session of their own.
enum Spawn {
    /// What becomes of a new process's standard streams; those not given are /dev/null.
    struct Streams {
        var output: Int32?
        var error: Int32?
    }

    /// - Parameters:
    ///   - path: the file to execute.
    ///   - arguments: the words, beginning with the process's own name.
    /// - Throws: `SystemError` with the number that the kernel refused it with.
    static func start(
        path: String,
        arguments: [String],
        environment: [String],
        streams: Streams = Streams()
    ) throws(SystemError) -> Int32 {
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        unsafe posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        for (target, source) in [(Int32(1), streams.output), (2, streams.error)] {
            if let source {
                unsafe posix_spawn_file_actions_adddup2(&actions, source, target)
            } else {
                unsafe posix_spawn_file_actions_addopen(&actions, target, "/dev/null", O_WRONLY, 0)
            }
        }
        closeDescriptorsOnExecution()
        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        unsafe sigemptyset(&signals)
        unsafe posix_spawnattr_setsigmask(&attributes, &signals)
        unsafe sigfillset(&signals)
        unsafe posix_spawnattr_setsigdefault(&attributes, &signals)
        let flags = Int32(POSIX_SPAWN_SETSIGMASK) | Int32(POSIX_SPAWN_SETSIGDEF) | 0x80  // POSIX_SPAWN_SETSID
        unsafe posix_spawnattr_setflags(&attributes, Int16(flags))

        var pid: pid_t = 0
        var words = unsafe arguments.map { unsafe strdup($0) }
        unsafe words.append(nil)
        var variables = unsafe environment.map { unsafe strdup($0) }
        unsafe variables.append(nil)
        defer { unsafe (words + variables).forEach { unsafe free($0) } }
        let status = unsafe posix_spawn(&pid, path, &actions, &attributes, words, variables)
        guard status == 0 else { throw SystemError("execute \(path)", number: status) }
        return pid
    }

    /// Descriptors of this process are no business of a new one, whoever opened them without saying so.
    private static func closeDescriptorsOnExecution() {
        guard let folder = unsafe opendir("/proc/self/fd") else { return }
        defer { unsafe closedir(folder) }
        while let entry = unsafe readdir(folder) {
            if let descriptor = unsafe Int32(ProcessTable.name(entry)), descriptor > 2 {
                _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
            }
        }
    }

    /// The file a command's first word means: itself if it has a slash, else the first on PATH.
    static func resolve(_ word: String, path: String, workingDirectory: String) -> String? {
        if word.contains("/") {
            let file = word.hasPrefix("/") ? word : "\(workingDirectory)/\(word)"
            return isThere(file) ? file : nil
        }
        for folder in path.split(separator: ":") {
            let file = "\(folder)/\(word)"
            if unsafe access(file, X_OK) == 0 { return file }
        }
        return nil
    }

    private static func isThere(_ path: String) -> Bool { unsafe access(path, F_OK) == 0 }

    /// Waits for a child of this process. Blocks.
    static func wait(_ pid: Int32) -> ExitStatus? {
        var status: Int32 = 0
        while unsafe waitpid(pid, &status, 0) < 0 {
            guard errno == EINTR else { return nil }
        }
        return ExitStatus(status)
    }

    /// Takes note of a child's end if it has ended.
    static func reap(_ pid: Int32) -> ExitStatus? {
        var status: Int32 = 0
        return unsafe waitpid(pid, &status, WNOHANG) == pid ? ExitStatus(status) : nil
    }
}

/// How a process ended.
struct ExitStatus: Equatable, Sendable {
    /// The exit code; of a signal 128 and its number.
    var code: Int64
    var signal: Int64

    init(_ status: Int32) {
        let signal = Int64(status & 0x7F)
        self.signal = signal
        code = signal == 0 ? Int64(status >> 8 & 0xFF) : 128 + signal
    }
}
