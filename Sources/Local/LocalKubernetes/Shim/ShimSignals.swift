internal import Glibc
internal import Synchronization

/// The writing end of the pipe into which the signal handler writes; handlers can reach nothing but globals.
private let signalPipe = Atomic<Int32>(-1)

/// Signals as bytes in a pipe, so that they can be waited for beside other descriptors.
struct ShimSignals {
    let descriptor: Int32

    init() throws(SystemError) {
        let (read, write) = try Pipe.make()
        descriptor = read
        signalPipe.store(write, ordering: .sequentiallyConsistent)
        for number in [SIGTERM, SIGUSR1, SIGCHLD] {
            signal(number) { number in
                var byte = UInt8(truncatingIfNeeded: number)
                _ = unsafe Glibc.write(signalPipe.load(ordering: .relaxed), &byte, 1)
            }
        }
        // What is meant for localkube's terminal is not meant for its containers.
        signal(SIGINT, SIG_IGN)
        signal(SIGHUP, SIG_IGN)
        signal(SIGPIPE, SIG_IGN)
    }

    /// The signals that came.
    func take() -> [Int32] { (readSome(descriptor, limit: 64) ?? []).map(Int32.init) }
}

/// Pipes and waiting for them.
enum Pipe {
    static func make() throws(SystemError) -> (read: Int32, write: Int32) {
        var ends: [Int32] = [-1, -1]
        guard unsafe pipe(&ends) == 0 else { throw SystemError("make a pipe") }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        return (ends[0], ends[1])
    }

    /// Blocks until one of the descriptors is ready or the time is over; negative ones are passed over.
    static func wait(_ descriptors: [Int32], milliseconds: Int32) -> Set<Int32> {
        var polls = descriptors.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        guard unsafe poll(&polls, nfds_t(polls.count), milliseconds) > 0 else { return [] }
        return Set(polls.filter { $0.revents != 0 }.map(\.fd))
    }
}
