internal import Glibc

/// A command that is run for what it prints.
///
/// A thread of its own starts it, reads and waits: this happens about once an hour, and blocks nobody. The standard
/// error stays ours, so that what the command complains about can be seen.
struct ChildProcess: Sendable {
    enum Outcome: Sendable {
        case exited(code: Int32, output: [UInt8])
        case killed(signal: Int32)
        case timedOut
        case tooMuchOutput
        case notStarted(reason: String)
    }

    var command: String
    var arguments: [String]
    var environment: [String: String]
    var timeout: Duration
    var maximumOutputBytes: Int

    func run() async -> Outcome {
        await withCheckedContinuation { continuation in
            let work = Work { continuation.resume(returning: runBlocking()) }
            var thread = pthread_t()
            let status = unsafe pthread_create(
                &thread,
                nil,
                { pointer in
                    guard let pointer = unsafe pointer else { return nil }
                    unsafe Unmanaged<Work>.fromOpaque(pointer).takeRetainedValue().body()
                    return nil
                },
                Unmanaged.passRetained(work).toOpaque()
            )
            precondition(status == 0, "no thread left for a credential command")
            pthread_detach(thread)
        }
    }

    private final class Work {
        let body: () -> Void
        init(_ body: @escaping () -> Void) { self.body = body }
    }

    private func runBlocking() -> Outcome {
        var ends: [Int32] = [-1, -1]
        guard unsafe pipe(&ends) == 0 else { return .notStarted(reason: Self.words(errno)) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        let (reading, writing) = (ends[0], ends[1])
        defer { close(reading) }
        var process: pid_t = 0
        let status = spawn(&process, output: writing)
        close(writing)
        guard status == 0 else { return .notStarted(reason: Self.words(status)) }
        let deadline = ContinuousClock.now + timeout
        var output: [UInt8] = []
        let premature = read(reading, into: &output, before: deadline)
        return premature.map { end(process, as: $0) } ?? wait(process, before: deadline, output: output)
    }

    private func spawn(_ process: inout pid_t, output: Int32) -> Int32 {
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        unsafe posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        unsafe posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO)
        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        // A group of its own, so that what it starts can be ended with it; the broken-pipe signal, which we ignore; and
        // no signal blocked, as threads of a pool may have them.
        var defaults = sigset_t()
        unsafe sigemptyset(&defaults)
        unsafe sigaddset(&defaults, SIGPIPE)
        unsafe posix_spawnattr_setsigdefault(&attributes, &defaults)
        var unblocked = sigset_t()
        unsafe sigemptyset(&unblocked)
        unsafe posix_spawnattr_setsigmask(&attributes, &unblocked)
        unsafe posix_spawnattr_setpgroup(&attributes, 0)
        let flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK
        unsafe posix_spawnattr_setflags(&attributes, Int16(flags))
        let words = unsafe ([command] + arguments).map { unsafe strdup($0) } + [nil]
        let variables = unsafe environment.map { unsafe strdup("\($0.key)=\($0.value)") } + [nil]
        defer { unsafe (words + variables).forEach { unsafe free($0) } }
        return unsafe posix_spawnp(&process, command, &actions, &attributes, words, variables)
    }

    /// Reads to the end of the output.
    ///
    /// - Returns: why the command must be ended before that, if it must.
    private func read(
        _ descriptor: Int32,
        into output: inout [UInt8],
        before deadline: ContinuousClock.Instant
    ) -> Outcome? {
        var chunk = [UInt8](repeating: 0, count: 4096)
        while true {
            var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            let left = (deadline - .now).wholeMilliseconds
            guard left > 0 else { return .timedOut }
            let ready = unsafe poll(&waiting, 1, Int32(clamping: left))
            guard ready > 0 else { continue }
            let count = unsafe Glibc.read(descriptor, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return nil }
            output += chunk[..<count]
            if output.count > maximumOutputBytes { return .tooMuchOutput }
        }
    }

    private func end(_ process: pid_t, as outcome: Outcome) -> Outcome {
        kill(-process, SIGKILL)
        var status: Int32 = 0
        while unsafe waitpid(process, &status, 0) < 0, errno == EINTR {}
        return outcome
    }

    /// A command that closed its output ends soon; one that does not is ended at the deadline.
    private func wait(_ process: pid_t, before deadline: ContinuousClock.Instant, output: [UInt8]) -> Outcome {
        var status: Int32 = 0
        while true {
            let result = unsafe waitpid(process, &status, WNOHANG)
            if result == process { break }
            if result < 0, errno != EINTR { return .notStarted(reason: Self.words(errno)) }
            guard .now < deadline else { return end(process, as: .timedOut) }
            usleep(2000)
        }
        // The layout of a wait status is part of the platform's ABI; its macros are not imported.
        let signal = status & 0x7f
        return signal == 0 ? .exited(code: (status >> 8) & 0xff, output: output) : .killed(signal: signal)
    }

    private static func words(_ code: Int32) -> String { unsafe String(cString: strerror(code)) }
}
