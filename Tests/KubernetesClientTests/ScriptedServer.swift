import Dispatch
import Foundation
import Glibc
import Synchronization

/// An HTTP/1.1 server on a loopback port whose every byte the test decides.
final class ScriptedServer: Sendable {
    struct Request: Sendable {
        var method: String
        var path: String
        var query: [String: String]
        /// Names in lower case.
        var headers: [String: String]
        var body: String
    }

    typealias Handler = @Sendable (Request, Connection) -> Void

    private struct State {
        var requests: [Request] = []
        var connections: [Connection] = []
        var connectionCount = 0
        var isStopped = false
    }

    let port: Int
    private let listener: Int32
    private let handler: Handler
    private let state = Mutex(State())
    private let listenerClosed = DispatchSemaphore(value: 0)

    /// Listens at once. The handler runs on a thread a connection; it may block.
    init(_ handler: @escaping Handler) throws {
        self.handler = handler
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = listener
        let status = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                guard bind(descriptor, generic, length) == 0, listen(descriptor, 128) == 0 else { return Int32(-1) }
                return getsockname(descriptor, generic, &length)
            }
        }
        guard status == 0 else { throw POSIXError(.EADDRNOTAVAIL) }
        port = Int(UInt16(bigEndian: address.sin_port))
        Thread.detachNewThread { self.accept() }
    }

    var url: String { "http://127.0.0.1:\(port)" }
    var requests: [Request] { state.withLock { $0.requests } }
    var connectionCount: Int { state.withLock { $0.connectionCount } }
    var openConnectionCount: Int { state.withLock { $0.connections.count } }

    func stop() {
        let connections = state.withLock { state in
            state.isStopped = true
            return state.connections
        }
        shutdown(listener, Int32(SHUT_RDWR))
        listenerClosed.wait()
        for connection in connections { connection.hangUp() }
    }

    private func accept() {
        while true {
            let descriptor = Glibc.accept(listener, nil, nil)
            guard descriptor >= 0 else {
                // Only this thread closes it: to anyone else the number might already mean another socket.
                close(listener)
                listenerClosed.signal()
                return
            }
            let connection = Connection(descriptor)
            let isStopped = state.withLock { state in
                state.connections.append(connection)
                state.connectionCount += 1
                return state.isStopped
            }
            if isStopped { connection.hangUp() }
            Thread.detachNewThread { self.serve(connection) }
        }
    }

    private func serve(_ connection: Connection) {
        while let request = connection.readRequest() {
            state.withLock { $0.requests.append(request) }
            handler(request, connection)
        }
        state.withLock { state in state.connections.removeAll { $0 === connection } }
        connection.closeDescriptor()
    }
}

extension ScriptedServer {
    /// One accepted connection, used by its own thread (and `hangUp` from anywhere).
    final class Connection: Sendable {
        private struct State {
            var unread: [UInt8] = []
            var isOpen = true
        }

        private let descriptor: Int32
        private let state = Mutex(State())

        init(_ descriptor: Int32) {
            self.descriptor = descriptor
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        }

        // MARK: Answers

        func respond(_ status: Int, _ json: String, headers: [String] = []) {
            let lines =
                ["HTTP/1.1 \(status) X", "Content-Type: application/json", "Content-Length: \(json.utf8.count)"]
                + headers
            send(lines.joined(separator: "\r\n") + "\r\n\r\n" + json)
        }

        func respond(status code: Int, reason: String, message: String = "no", headers: [String] = []) {
            respond(
                code,
                """
                {"kind":"Status","apiVersion":"v1","status":"Failure","message":"\(message)","reason":"\(reason)",\
                "code":\(code)}
                """,
                headers: headers
            )
        }

        func beginChunks() {
            send("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
        }

        @discardableResult
        func chunk(_ bytes: [UInt8]) -> Bool {
            send(Array("\(String(bytes.count, radix: 16))\r\n".utf8) + bytes + Array("\r\n".utf8))
        }

        @discardableResult
        func chunk(_ text: String) -> Bool { chunk(Array(text.utf8)) }

        func endChunks() { send("0\r\n\r\n") }

        /// Blocks until the other side closes the connection.
        func waitUntilClosed() {
            var buffer = [UInt8](repeating: 0, count: 4096)
            while recv(descriptor, &buffer, buffer.count, 0) > 0 {}
        }

        /// Ends the connection properly, but in the middle of whatever was being sent.
        func hangUp() {
            // Under the lock, since the number of a closed descriptor may belong to someone else.
            state.withLock { state in
                if state.isOpen { shutdown(descriptor, Int32(SHUT_RDWR)) }
            }
        }

        /// Ends the connection with a reset.
        func reset() {
            var option = linger(l_onoff: 1, l_linger: 0)
            setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
            closeDescriptor()
        }

        @discardableResult
        func send(_ text: String) -> Bool { send(Array(text.utf8)) }

        @discardableResult
        func send(_ bytes: [UInt8]) -> Bool {
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = rest.withUnsafeBytes {
                    Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
                }
                guard count > 0 else { return false }
                rest = rest.dropFirst(count)
            }
            return true
        }

        func closeDescriptor() {
            state.withLock { state in
                if state.isOpen { close(descriptor) }
                state.isOpen = false
            }
        }

        // MARK: Requests

        fileprivate func readRequest() -> Request? {
            guard state.withLock({ $0.isOpen }), let head = readHead() else { return nil }
            let lines = head.components(separatedBy: "\r\n")
            let words = lines[0].split(separator: " ").map(String.init)
            guard words.count == 3, let target = URLComponents(string: words[1]) else { return nil }
            var headers: [String: String] = [:]
            for line in lines.dropFirst() {
                guard let colon = line.firstIndex(of: ":") else { continue }
                headers[line[..<colon].lowercased()] = line[line.index(after: colon)...]
                    .trimmingCharacters(in: .whitespaces)
            }
            let items = (target.queryItems ?? []).map { ($0.name, $0.value ?? "") }
            return Request(
                method: words[0],
                path: target.path,
                query: Dictionary(items) { $1 },
                headers: headers,
                body: readBody(Int(headers["content-length"] ?? "") ?? 0)
            )
        }

        private func readHead() -> String? {
            let end = Array("\r\n\r\n".utf8)
            while true {
                let head = state.withLock { state -> String? in
                    guard let range = state.unread.firstRange(of: end) else { return nil }
                    defer { state.unread.removeSubrange(..<range.upperBound) }
                    return String(decoding: state.unread[..<range.lowerBound], as: UTF8.self)
                }
                if let head { return head }
                guard receive() else { return nil }
            }
        }

        private func readBody(_ count: Int) -> String {
            while state.withLock({ $0.unread.count < count }), receive() {}
            return state.withLock { state in
                let part = state.unread.prefix(count)
                state.unread.removeFirst(part.count)
                return String(decoding: part, as: UTF8.self)
            }
        }

        private func receive() -> Bool {
            var buffer = [UInt8](repeating: 0, count: 65_536)
            let count = recv(descriptor, &buffer, buffer.count, 0)
            guard count > 0 else { return false }
            state.withLock { $0.unread += buffer[..<count] }
            return true
        }
    }
}
