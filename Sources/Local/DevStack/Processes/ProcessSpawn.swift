internal import FoundationEssentials
internal import Glibc

/// Starts programs with `posix_spawn`: each leads its own session, so that a terminal's Ctrl-C does not reach it and
/// its whole group can be ended; it inherits no descriptors, no signal mask and no ignored signals.
enum ProcessSpawn {
    struct Streams {
        /// `nil` is an empty input.
        var input: Int32?
        var output: Int32
        var errors: Int32
    }

    /// - Throws: `DevStackError` when the program cannot be started.
    static func start(_ command: ProcessCommand, _ streams: Streams) throws(DevStackError) -> Int32 {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        if let input = streams.input {
            posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO)
        } else {
            posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        }
        posix_spawn_file_actions_adddup2(&actions, streams.output, STDOUT_FILENO)
        posix_spawn_file_actions_adddup2(&actions, streams.errors, STDERR_FILENO)
        for descriptor in inheritableDescriptors() {
            posix_spawn_file_actions_addclose(&actions, descriptor)
        }

        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        var all = sigset_t()
        sigfillset(&all)
        posix_spawnattr_setsigdefault(&attributes, &all)
        let flags = startNewSession | Int32(POSIX_SPAWN_SETSIGMASK) | Int32(POSIX_SPAWN_SETSIGDEF)
        posix_spawnattr_setflags(&attributes, Int16(flags))

        let invocation = command.invocation
        let environment = command.environment.map { "\($0.key)=\($0.value)" }
        var pid: pid_t = 0
        let status = withCStrings(invocation) { arguments in
            withCStrings(environment) { variables in
                posix_spawn(&pid, invocation[0], &actions, &attributes, arguments, variables)
            }
        }
        guard status == 0 else {
            throw DevStackError("cannot start \(invocation[0]): \(String(cString: strerror(status)))")
        }
        return pid
    }

    /// `POSIX_SPAWN_SETSID` of <spawn.h>, which is a GNU extension that Swift does not see.
    private static let startNewSession: Int32 = 0x80

    /// Descriptors beyond the standard three that somebody left open for children.
    private static func inheritableDescriptors() -> [Int32] {
        // why: without /proc nothing is known, and the descriptors opened here all close themselves.
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
        return names.compactMap { Int32($0) }.filter { descriptor in
            guard descriptor > STDERR_FILENO else { return false }
            let flags = fcntl(descriptor, F_GETFD)
            return flags >= 0 && flags & FD_CLOEXEC == 0
        }
    }

    /// A null-terminated array of C strings, for the length of a call.
    private static func withCStrings<Result>(
        _ strings: [String],
        _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> Result
    ) -> Result {
        var pointers = strings.map { strdup($0) } + [nil]
        defer { pointers.forEach { free($0) } }
        return pointers.withUnsafeMutableBufferPointer { buffer in
            guard let base = buffer.baseAddress else { preconditionFailure("a null-terminated array is never empty") }
            return body(base)
        }
    }
}
