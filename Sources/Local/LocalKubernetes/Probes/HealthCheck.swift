/// The gRPC health protocol's `Check` over HTTP/2 without TLS, in as few frames as it takes.
enum HealthCheck {
    private enum Frame {
        static let data: UInt8 = 0
        static let headers: UInt8 = 1
        static let reset: UInt8 = 3
        static let settings: UInt8 = 4
        static let ping: UInt8 = 6
        static let goAway: UInt8 = 7
    }

    static func run(host: String, port: Int, service: String, seconds: Double) throws(ProbeFailure) {
        let socket = try ProbeSocket(host: host, port: port, seconds: seconds)
        // HealthCheckRequest: field 1 is the service's name.
        var message: [UInt8] = []
        if !service.isEmpty { message = [0x0A, UInt8(clamping: service.utf8.count)] + service.utf8.prefix(255) }
        let body = [0] + bigEndian(UInt32(message.count)) + message
        try socket.send(
            Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8) + frame(Frame.settings, flags: 0, stream: 0, [])
                + frame(Frame.headers, flags: 4, stream: 1, headers(host, port))
                + frame(Frame.data, flags: 1, stream: 1, body)
        )
        try readAnswer(socket)
    }

    private static func bigEndian(_ value: UInt32) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
    }

    private static func frame(_ type: UInt8, flags: UInt8, stream: UInt32, _ payload: [UInt8]) -> [UInt8] {
        bigEndian(UInt32(payload.count)).dropFirst() + [type, flags] + bigEndian(stream) + payload
    }

    /// Headers written out in full: no table is kept, nothing is compressed.
    private static func headers(_ host: String, _ port: Int) -> [UInt8] {
        let fields = [
            (":method", "POST"), (":scheme", "http"), (":path", "/grpc.health.v1.Health/Check"),
            (":authority", "\(host):\(port)"), ("te", "trailers"), ("content-type", "application/grpc"),
        ]
        var block: [UInt8] = []
        for (name, value) in fields {
            block += [0x00, UInt8(name.utf8.count)]
            block += name.utf8
            block.append(UInt8(value.utf8.count))
            block += value.utf8
        }
        return block
    }

    private static func readAnswer(_ socket: borrowing ProbeSocket) throws(ProbeFailure) {
        var bytes: [UInt8] = []
        var answer: [UInt8] = []
        while true {
            while bytes.count >= 9 {
                let length = Int(bytes[0]) << 16 | Int(bytes[1]) << 8 | Int(bytes[2])
                guard bytes.count >= 9 + length else { break }
                let (type, flags) = (bytes[3], bytes[4])
                let payload = Array(bytes[9..<9 + length])
                bytes.removeFirst(9 + length)
                switch type {
                case Frame.data: answer += payload
                case Frame.settings where flags & 1 == 0:
                    try socket.send(frame(Frame.settings, flags: 1, stream: 0, []))
                case Frame.ping where flags & 1 == 0: try socket.send(frame(Frame.ping, flags: 1, stream: 0, payload))
                case Frame.reset, Frame.goAway: throw ProbeFailure("the server refused the health check")
                default: break
                }
                if answer.count >= 5 {
                    let size = Int(answer[1]) << 24 | Int(answer[2]) << 16 | Int(answer[3]) << 8 | Int(answer[4])
                    if answer.count >= 5 + size { return try read(Array(answer[5..<5 + size])) }
                }
                // Trailers without a message: the call failed, for instance for a service not known.
                if type == Frame.headers, flags & 1 == 1 {
                    throw ProbeFailure("the server does not answer health checks")
                }
            }
            let more = try socket.receive()
            if more.isEmpty { throw ProbeFailure("the connection was closed") }
            bytes += more
        }
    }

    /// HealthCheckResponse: field 1 is the status, of which 1 is SERVING.
    private static func read(_ message: [UInt8]) throws(ProbeFailure) {
        guard message.count >= 2, message[0] == 0x08, message[1] == 1 else {
            throw ProbeFailure("service unhealthy (responded with \"NOT_SERVING\")")
        }
    }
}
