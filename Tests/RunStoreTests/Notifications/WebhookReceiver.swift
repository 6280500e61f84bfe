import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// An HTTP server on a loopback port that keeps what it is told and answers as it is asked to.
final class WebhookReceiver: Sendable {
    struct Request: Sendable {
        var path: String
        var headers: [String: String]
        var body: String
    }

    /// How a request is answered; `nil`: not at all.
    struct Reply: Sendable {
        var status: Int
        var headers: [(String, String)] = []
        var bodyBytes = 0
        /// Whether the body is said to be there and does not come.
        var isHalf = false
    }

    private let kept = Mutex<[Request]>([])
    private let channel: any Channel
    let url: String

    var requests: [Request] { kept.withLock { $0 } }

    private init(channel: any Channel, port: Int) {
        self.channel = channel
        url = "http://127.0.0.1:\(port)"
    }

    /// Runs `body` with a receiver and closes it afterwards.
    static func with(
        _ reply: @escaping @Sendable (Request) -> Reply? = { _ in Reply(status: 200) },
        _ body: (WebhookReceiver) async throws -> Void
    ) async throws {
        let box = Mutex<WebhookReceiver?>(nil)
        let bootstrap = ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(
                        Handler { request in
                            box.withLock { $0 }?.kept.withLock { $0.append(request) }
                            return reply(request)
                        }
                    )
                }
            }
        let channel = try await bootstrap.bind(host: "127.0.0.1", port: 0).get()
        let receiver = WebhookReceiver(channel: channel, port: channel.localAddress?.port ?? 0)
        box.withLock { $0 = receiver }
        do {
            try await body(receiver)
        } catch {
            try await channel.close()
            throw error
        }
        try await channel.close()
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart
        typealias OutboundOut = HTTPServerResponsePart

        private let answer: (Request) -> Reply?
        private var request: Request?

        init(_ answer: @escaping (Request) -> Reply?) { self.answer = answer }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch unwrapInboundIn(data) {
            case .head(let head):
                let headers = Dictionary(
                    head.headers.map { ($0.name.lowercased(), $0.value) },
                    uniquingKeysWith: { $1 }
                )
                request = Request(path: head.uri, headers: headers, body: "")
            case .body(let bytes): request?.body += String(buffer: bytes)
            case .end:
                guard let request, let reply = answer(request) else { return }
                var headers = HTTPHeaders(reply.headers)
                headers.replaceOrAdd(name: "content-length", value: String(reply.isHalf ? 100 : reply.bodyBytes))
                let status = HTTPResponseStatus(statusCode: reply.status)
                context.write(
                    wrapOutboundOut(.head(HTTPResponseHead(version: .http1_1, status: status, headers: headers))),
                    promise: nil
                )
                guard !reply.isHalf else { return context.flush() }
                let piece = ByteBuffer(repeating: UInt8(ascii: "x"), count: min(reply.bodyBytes, 1 << 20))
                var left = reply.bodyBytes
                while left > 0, context.channel.isActive {
                    let slice = piece.getSlice(at: 0, length: min(left, piece.readableBytes)) ?? piece
                    context.write(wrapOutboundOut(.body(.byteBuffer(slice))), promise: nil)
                    left -= slice.readableBytes
                }
                context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
            }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }
}
