internal import Glibc

/// A TCP connection with a deadline for everything, for probes. Blocks; used on threads of its own.
struct ProbeSocket: ~Copyable {
    private let descriptor: Int32
    private let deadline: ContinuousClock.Instant

    /// - Throws: `ProbeFailure` if nothing accepts within the time.
    init(host: String, port: Int, seconds: Double) throws(ProbeFailure) {
        deadline = .now + .seconds(seconds)
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        descriptor = socket(AF_INET, kind, 0)
        guard descriptor >= 0 else { throw ProbeFailure("no descriptor left") }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(clamping: port)).bigEndian
        guard unsafe inet_pton(AF_INET, host == "localhost" ? "127.0.0.1" : host, &address.sin_addr) == 1 else {
            throw ProbeFailure("host \(host) is not an IPv4 address")
        }
        let status = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        if status != 0 {
            guard errno == EINPROGRESS else { throw ProbeFailure("dial tcp \(host):\(port): \(Self.text(errno))") }
            guard wait(for: POLLOUT) else { throw ProbeFailure("dial tcp \(host):\(port): i/o timeout") }
            var problem: Int32 = 0
            var length = socklen_t(MemoryLayout<Int32>.size)
            unsafe getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &problem, &length)
            guard problem == 0 else { throw ProbeFailure("dial tcp \(host):\(port): \(Self.text(problem))") }
        }
    }

    deinit { close(descriptor) }

    private static func text(_ number: Int32) -> String { SystemError("connect", number: number).reason.lowercased() }

    private func wait(for event: Int32) -> Bool {
        let left = deadline - .now
        guard left > .zero else { return false }
        var poll = pollfd(fd: descriptor, events: Int16(event), revents: 0)
        return unsafe Glibc.poll(&poll, 1, Int32(clamping: Int64(left / .milliseconds(1)) + 1)) > 0
    }

    func send(_ bytes: [UInt8]) throws(ProbeFailure) {
        guard wait(for: POLLOUT), writeAll(descriptor, bytes) else { throw ProbeFailure("the connection was closed") }
    }

    /// The next bytes; empty at the end.
    func receive() throws(ProbeFailure) -> [UInt8] {
        guard wait(for: POLLIN) else { throw ProbeFailure("context deadline exceeded") }
        return readSome(descriptor, limit: 16 << 10) ?? []
    }
}

/// Why a probe failed.
struct ProbeFailure: Error {
    let message: String
    init(_ message: String) { self.message = message }
}
