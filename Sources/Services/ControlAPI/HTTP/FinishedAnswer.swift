internal import Compression
internal import Hummingbird
internal import Synchronization

// What an answer is given on its way out: an `ETag` to ask again by, and gzip's form if the client takes it.

extension Response {
    /// Shorter answers are sent as they are.
    private static let compressedBytes = 1024
    private static let compressedTypes = ["application/json", "text/", "application/problem+json"]

    /// The answer as a client gets it. Streams are left alone.
    func finished(for request: Request) async throws -> Response {
        guard let length = body.contentLength, length > 0, headers[.contentEncoding] == nil else { return self }
        let takesGzip =
            Self.takesGzip(request.headers[.acceptEncoding]) && isCompressible && length >= Self.compressedBytes
        let isRead = request.method == .get && status == .ok
        guard takesGzip || isRead else { return self }
        var (response, bytes) = try await collected()
        if isRead {
            // A revision names what was said of a thing; what became of it changes meanwhile.
            if response.headers[.eTag] == nil {
                let digest = Signature.digest(Array(bytes.readableBytesView)).prefix(12)
                let tag = "W/\"\(digest.map { String(UInt16($0) | 0x100, radix: 16).dropFirst() }.joined())\""
                response.headers[.eTag] = tag
                if Self.isKnown(tag, request.headers[.ifNoneMatch]) {
                    return Response(status: .notModified, headers: [.eTag: tag])
                }
            }
        }
        if takesGzip {
            let packed = Gzip.compress(Array(bytes.readableBytesView))
            response.headers[.contentEncoding] = "gzip"
            response.headers[.contentLength] = String(packed.count)
            response.body = ResponseBody(byteBuffer: ByteBuffer(bytes: packed))
        }
        if isCompressible { response.headers[.vary] = "accept-encoding" }
        return response
    }

    private var isCompressible: Bool {
        let type = headers[.contentType] ?? ""
        return Self.compressedTypes.contains { type.hasPrefix($0) } && !type.hasPrefix("text/event-stream")
    }

    /// Whether the client names gzip, or anything, without refusing it.
    static func takesGzip(_ header: String?) -> Bool {
        guard let header else { return false }
        var wildcard = false
        for part in header.lowercased().split(separator: ",") {
            let fields = part.split(separator: ";").map { $0.filter { !$0.isWhitespace } }
            let quality = fields.dropFirst().first { $0.hasPrefix("q=") }.flatMap { Double($0.dropFirst(2)) } ?? 1
            if fields.first == "gzip" || fields.first == "x-gzip" { return quality > 0 }
            if fields.first == "*" { wildcard = quality > 0 }
        }
        return wildcard
    }

    /// Whether a client has it already. Weak and strong tags are alike here.
    private static func isKnown(_ tag: String, _ header: String?) -> Bool {
        guard let header else { return false }
        func plain(_ tag: some StringProtocol) -> Substring {
            let text = Substring(tag).drop { $0 == " " }
            return (text.hasPrefix("W/") ? text.dropFirst(2) : text).prefix { $0 != " " }
        }
        return header == "*" || header.split(separator: ",").contains { plain($0) == plain(tag) }
    }

    /// The answer with its body at hand.
    func collected() async throws -> (Response, ByteBuffer) {
        let collector = BodyCollector()
        try await body.write(CollectingWriter(collector: collector))
        let bytes = collector.bytes.withLock { $0 }
        var response = self
        response.body = ResponseBody(byteBuffer: bytes)
        return (response, bytes)
    }
}

private final class BodyCollector: Sendable {
    let bytes = Mutex(ByteBuffer())
}

private struct CollectingWriter: ResponseBodyWriter {
    let collector: BodyCollector

    mutating func write(_ buffer: ByteBuffer) async throws {
        collector.bytes.withLock { bytes in
            var buffer = buffer
            bytes.writeBuffer(&buffer)
        }
    }

    consuming func finish(_ trailingHeaders: HTTPFields?) async throws {}
}
