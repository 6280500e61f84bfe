/// An answer that is read chunk by chunk. Dropping the last reference ends the transfer.
final class HTTPStream: Sendable {
    let exchange: HTTPExchange
    private let transport: CurlTransport

    init(exchange: HTTPExchange, transport: CurlTransport) {
        self.exchange = exchange
        self.transport = transport
    }

    deinit { transport.abandon(exchange) }

    /// All bytes that came since the last call, waiting for some; `nil` after a proper end. Cancelling the task ends
    /// the transfer.
    func next() async -> Result<[UInt8]?, TransferFailure> {
        let (chunk, mustResume) = await withTaskCancellationHandler {
            await exchange.nextChunk()
        } onCancel: {
            transport.abandon(exchange)
        }
        if mustResume { await transport.resume(exchange) }
        return chunk
    }

    /// The rest of an answer that should be short, as those to refused requests are.
    func rest(maximumBytes: Int) async -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < maximumBytes, case .success(let chunk?) = await next() { bytes += chunk }
        return bytes
    }
}
