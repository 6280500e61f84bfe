internal import Foundation
internal import Glibc
internal import Synchronization

/// A TCP relay in front of a server on this machine, which a test can make misbehave as networks do.
package final class FaultProxy: Sendable {
    package enum Mode: Sendable, Equatable {
        /// Bytes pass at once.
        case relay
        /// Connections stay open and nothing passes, new ones included, as when a switch has lost its way. What was sent
        /// meanwhile arrives afterwards.
        case hold
        /// What clients send arrives, what the server answers is lost; these connections are cut afterwards.
        case swallowReplies
        /// Every connection is cut, and so is each new one.
        case refuse
    }

    /// Where clients connect, on 127.0.0.1.
    package let port: Int
    private let control: ProxyControl

    /// - Parameter target: the server's port on 127.0.0.1.
    package init(target: Int) throws {
        let listener = try LoopbackSocket.listen()
        port = try LoopbackSocket.port(of: listener)
        control = try ProxyControl()
        Thread.detachNewThread { [control] in
            var relay = ProxyRelay(listener: listener, control: control, target: target)
            relay.run()
        }
    }

    deinit { control.stop() }

    /// Changes how it behaves, from now on.
    package func set(_ mode: Mode) { control.set(mode) }

    /// Misbehaves while `body` runs.
    package func misbehaving<Result>(_ mode: Mode, _ body: () async throws -> Result) async throws -> Result {
        set(mode)
        defer { set(.relay) }
        return try await body()
    }
}

/// What the test tells the relay's thread.
private final class ProxyControl: Sendable {
    private let state = Mutex((mode: FaultProxy.Mode.relay, isStopped: false))
    private let wakeUpEnd: Int32
    /// Readable when something was told.
    let descriptor: Int32

    init() throws {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw LoopbackSocket.Failure(call: "pipe") }
        for end in ends { LoopbackSocket.makeNonBlocking(end) }
        (descriptor, wakeUpEnd) = (ends[0], ends[1])
    }

    deinit {
        close(descriptor)
        close(wakeUpEnd)
    }

    var mode: FaultProxy.Mode { state.withLock { $0.mode } }
    var isStopped: Bool { state.withLock { $0.isStopped } }

    func set(_ mode: FaultProxy.Mode) {
        state.withLock { $0.mode = mode }
        wakeUp()
    }

    func stop() {
        state.withLock { $0.isStopped = true }
        wakeUp()
    }

    private func wakeUp() {
        var byte: UInt8 = 1
        _ = write(wakeUpEnd, &byte, 1)
    }

    func acknowledge() {
        var bytes = [UInt8](repeating: 0, count: 64)
        while read(descriptor, &bytes, bytes.count) > 0 {}
    }
}

/// The relay's thread: one `poll` over all connections.
private struct ProxyRelay {
    /// Beyond this much that one side has not taken, the other is not read.
    private static let bufferedBytes = 256 << 10

    private struct Link {
        let client: Int32
        let server: Int32
        var toServer: [UInt8] = []
        var toClient: [UInt8] = []
        /// A reply was lost: the connection is of no more use once replies pass again.
        var isSpoiled = false
    }

    let listener: Int32
    let control: ProxyControl
    let target: Int
    private var links: [Link] = []
    private var scratch = [UInt8](repeating: 0, count: 64 << 10)

    init(listener: Int32, control: ProxyControl, target: Int) {
        self.listener = listener
        self.control = control
        self.target = target
    }

    mutating func run() {
        while !control.isStopped {
            let mode = control.mode
            if mode == .refuse { links.forEach(Self.cut) }
            if mode == .relay { links.filter(\.isSpoiled).forEach(Self.cut) }
            links.removeAll { mode == .refuse || (mode == .relay && $0.isSpoiled) }
            wait(mode)
        }
        links.forEach(Self.cut)
        close(listener)
    }

    private mutating func wait(_ mode: FaultProxy.Mode) {
        var polled = [
            pollfd(fd: control.descriptor, events: Int16(POLLIN), revents: 0),
            // Connections that come while nothing passes wait in the kernel's queue.
            pollfd(fd: mode == .hold ? -1 : listener, events: Int16(POLLIN), revents: 0),
        ]
        for link in links {
            polled.append(
                pollfd(fd: mode == .hold ? -1 : link.client, events: events(link.toServer, link.toClient), revents: 0)
            )
            polled.append(
                pollfd(fd: mode == .hold ? -1 : link.server, events: events(link.toClient, link.toServer), revents: 0)
            )
        }
        poll(&polled, nfds_t(polled.count), -1)
        if polled[0].revents != 0 { control.acknowledge() }
        var ended: Set<Int> = []
        for index in links.indices {
            var link = links[index]
            let isAlive = pass(polled[2 + 2 * index].revents, polled[3 + 2 * index].revents, mode, &link)
            links[index] = link
            if !isAlive { ended.insert(index) }
        }
        for index in ended.sorted(by: >) { Self.cut(links.remove(at: index)) }
        if polled[1].revents != 0 { accept(mode) }
    }

    /// What one side is waited for: bytes, if there is room for them, and room for the other side's.
    private func events(_ read: [UInt8], _ unsent: [UInt8]) -> Int16 {
        Int16((read.count < Self.bufferedBytes ? POLLIN : 0) | (unsent.isEmpty ? 0 : POLLOUT))
    }

    /// - Returns: whether both sides are still there.
    private mutating func pass(
        _ client: Int16,
        _ server: Int16,
        _ mode: FaultProxy.Mode,
        _ link: inout Link
    ) -> Bool {
        let readable = Int16(POLLIN | POLLHUP | POLLERR)
        if client & readable != 0, !receive(link.client, into: &link.toServer) { return false }
        if server & readable != 0, !receive(link.server, into: &link.toClient) { return false }
        if mode == .swallowReplies, !link.toClient.isEmpty {
            link.toClient.removeAll()
            link.isSpoiled = true
        }
        return Self.send(&link.toServer, to: link.server) && Self.send(&link.toClient, to: link.client)
    }

    private mutating func receive(_ descriptor: Int32, into buffer: inout [UInt8]) -> Bool {
        let count = read(descriptor, &scratch, scratch.count)
        guard count > 0 else { return count < 0 && (errno == EAGAIN || errno == EINTR) }
        buffer += scratch[..<count]
        return true
    }

    private static func send(_ buffer: inout [UInt8], to descriptor: Int32) -> Bool {
        while !buffer.isEmpty {
            let count = Glibc.send(descriptor, buffer, buffer.count, Int32(MSG_NOSIGNAL))
            if count < 0 { return errno == EAGAIN || errno == EINTR }
            buffer.removeFirst(count)
        }
        return true
    }

    private mutating func accept(_ mode: FaultProxy.Mode) {
        let client = Glibc.accept(listener, nil, nil)
        guard client >= 0 else { return }
        LoopbackSocket.makeNonBlocking(client)
        guard mode != .refuse, let server = LoopbackSocket.connect(port: target) else {
            close(client)
            return
        }
        links.append(Link(client: client, server: server))
    }

    private static func cut(_ link: Link) {
        close(link.client)
        close(link.server)
    }
}

/// Plain sockets on 127.0.0.1.
private enum LoopbackSocket {
    struct Failure: Error, CustomStringConvertible {
        let call: String
        var description: String { "\(call) failed: \(String(cString: strerror(errno)))" }
    }

    static func listen() throws -> Int32 {
        let descriptor = try tcpSocket()
        var address = address(port: 0)
        let status = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) | Glibc.listen(descriptor, 256)
            }
        }
        guard status == 0 else { throw Failure(call: "listen") }
        return descriptor
    }

    static func port(of descriptor: Int32) throws -> Int {
        var address = address(port: 0)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let status = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
        }
        guard status == 0 else { throw Failure(call: "getsockname") }
        return Int(UInt16(bigEndian: address.sin_port))
    }

    /// A connected non-blocking descriptor; `nil` if nobody listens.
    static func connect(port: Int) -> Int32? {
        guard let descriptor = try? tcpSocket() else { return nil }  // why: who cannot connect cuts the connection
        var address = address(port: port)
        let status = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard status == 0 else {
            close(descriptor)
            return nil
        }
        makeNonBlocking(descriptor)
        return descriptor
    }

    /// Nor is it inherited by programs that a test starts.
    static func makeNonBlocking(_ descriptor: Int32) {
        _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    }

    private static func tcpSocket() throws -> Int32 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw Failure(call: "socket") }
        return descriptor
    }

    private static func address(port: Int) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        address.sin_port = UInt16(port).bigEndian
        return address
    }
}
