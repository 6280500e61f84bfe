internal import Dispatch
internal import Glibc

/// Short conversations with servers on this machine's loopback address.
package enum LoopbackProbe {
    /// Sends bytes to a port and returns the beginning of what comes back.
    ///
    /// - Parameters:
    ///   - patienceSeconds: how long an answer may take.
    ///   - isComplete: tells from what has come whether there is no more to wait for.
    /// - Returns: at most `maximumBytes`; `nil` when nothing listens or nothing is answered in time.
    private static func converse(
        port: Int,
        send request: [UInt8],
        maximumBytes: Int,
        patienceSeconds: Int = 1,
        isComplete: ([UInt8]) -> Bool
    ) -> [UInt8]? {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var limit = timeval(tv_sec: patienceSeconds, tv_usec: 0)
        let limitSize = socklen_t(MemoryLayout<timeval>.size)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, limitSize)
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, limitSize)
        guard withAddress(port: port, { connect(descriptor, $0, $1) }) == 0 else { return nil }
        let sent = request.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
        guard sent == request.count else { return nil }
        var answer: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        while answer.count < maximumBytes, !isComplete(answer) {
            let wanted = min(chunk.count, maximumBytes - answer.count)
            let count = chunk.withUnsafeMutableBytes { recv(descriptor, $0.baseAddress, wanted, 0) }
            guard count > 0 else { break }
            answer += chunk[..<count]
        }
        return answer.isEmpty ? nil : answer
    }

    /// Runs a conversation on a thread that may block, so that no task waits behind it. What is asked may be served by
    /// this very process.
    private static func aside<Answer: Sendable>(_ body: @escaping @Sendable () -> Answer) async -> Answer {
        await withCheckedContinuation { continuation in
            DispatchQueue.global().async { continuation.resume(returning: body()) }
        }
    }

    /// Whether a broker on this port speaks AMQP 0-9-1: it answers the protocol header with a method frame.
    static func answersAMQPBlocking(port: Int) -> Bool {
        converse(port: port, send: Array("AMQP".utf8) + [0, 0, 9, 1], maximumBytes: 7) { _ in false }?.first == 1
    }

    /// The status and body of a GET, for readiness; `nil` when nobody answers.
    static func getBlocking(
        port: Int,
        path: String,
        patienceSeconds: Int = 1
    ) -> (status: Int, body: String)? {
        let request = "GET \(path) HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\nConnection: close\r\n\r\n"
        let answer = converse(
            port: port,
            send: Array(request.utf8),
            maximumBytes: 1 << 20,
            patienceSeconds: patienceSeconds
        ) { HTTPAnswer($0).isComplete }
        return answer.map(HTTPAnswer.init).flatMap { answer in answer.status.map { ($0, answer.body) } }
    }

    /// `answersAMQPBlocking`, without blocking.
    static func answersAMQP(port: Int) async -> Bool {
        await aside { answersAMQPBlocking(port: port) }
    }

    /// `getBlocking`, without blocking.
    package static func get(
        port: Int,
        path: String,
        patienceSeconds: Int = 1
    ) async -> (status: Int, body: String)? {
        await aside { getBlocking(port: port, path: path, patienceSeconds: patienceSeconds) }
    }

    /// Calls a socket function with 127.0.0.1 and a port.
    static func withAddress(port: Int, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(clamping: port).bigEndian)
        address.sin_addr = in_addr(s_addr: UInt32(0x7F00_0001).bigEndian)
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }
}
