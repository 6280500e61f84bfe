import Foundation
import Glibc

/// One HTTP request over a connection of its own, on a thread of its own: it blocks nothing that others wait for.
struct HTTPExchange: Sendable {
    var port: UInt16
    var method: String
    var path: String
    var body: Data?
    var contentType: String

    func perform() async throws -> (code: Int, data: Data) {
        try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread { continuation.resume(with: Result { try exchange() }) }
        }
    }

    private func exchange() throws -> (code: Int, data: Data) {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        defer { close(descriptor) }
        var patience = timeval(tv_sec: 60, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        try connect(descriptor)
        var request = Data("\(method) \(path) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n".utf8)
        if let body { request += Data("Content-Type: \(contentType)\r\nContent-Length: \(body.count)\r\n".utf8) }
        request += Data("\r\n".utf8) + (body ?? Data())
        try request.withUnsafeBytes { bytes in
            var sent = 0
            while sent < bytes.count {
                let count = send(
                    descriptor,
                    bytes.baseAddress.map { $0 + sent },
                    bytes.count - sent,
                    Int32(MSG_NOSIGNAL)
                )
                guard count > 0 else { throw failure("send") }
                sent += count
            }
        }
        return try parse(receive(descriptor))
    }

    private func failure(_ step: String) -> Timeout {
        Timeout(description: "\(method) \(path): \(step) failed: \(String(cString: strerror(errno)))")
    }

    private func connect(_ descriptor: Int32) throws {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let status = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard status == 0 else { throw failure("connect") }
    }

    private func receive(_ descriptor: Int32) throws -> Data {
        var reply = Data()
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            guard count >= 0 else { throw failure("receive") }
            if count == 0 { return reply }
            reply.append(contentsOf: buffer[..<count])
        }
    }

    private func parse(_ reply: Data) throws -> (code: Int, data: Data) {
        guard let headEnd = reply.firstRange(of: Data("\r\n\r\n".utf8)) else { throw failure("answer") }
        let head = String(decoding: reply[..<headEnd.lowerBound], as: UTF8.self)
        let words = head.split(separator: " ")
        guard words.count > 1, let code = Int(words[1]) else { throw failure("answer") }
        var rest = reply[headEnd.upperBound...]
        guard head.lowercased().contains("transfer-encoding: chunked") else { return (code, Data(rest)) }
        var data = Data()
        while let lineEnd = rest.firstRange(of: Data("\r\n".utf8)),
            let size = Int(String(decoding: rest[..<lineEnd.lowerBound], as: UTF8.self), radix: 16), size > 0,
            rest.endIndex - lineEnd.upperBound >= size + 2
        {
            data += rest[lineEnd.upperBound..<lineEnd.upperBound + size]
            rest = rest[(lineEnd.upperBound + size + 2)...]
        }
        return (code, data)
    }
}
