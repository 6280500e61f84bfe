internal import EventLoop
internal import Synchronization

/// How requests are sent; every bound of them.
package struct WebhookSenderConfiguration: Sendable {
    package var policy = AddressPolicy()
    /// Whether `http:` is allowed beside `https:`.
    package var allowsPlainText = false
    package var connectTimeout: Duration = .seconds(5)
    /// Of a whole request with its answer.
    package var requestTimeout: Duration = .seconds(15)
    /// So much of an answer's body is read; it is not kept.
    package var answerBytes = 64 << 10
    /// Requests under way at once.
    package var connections = 32
    package var userAgent = "slipway"

    package init() {}
}

/// One request to a receiver.
package struct WebhookRequest: Sendable {
    package var url: String
    /// Lines such as `content-type: application/json`.
    package var headers: [String]
    package var body: [UInt8]

    package init(url: String, headers: [String], body: [UInt8]) {
        self.url = url
        self.headers = headers
        self.body = body
    }
}

/// How a request ended. What the receiver wrote is not part of it.
package struct WebhookAnswer: Sendable, Hashable {
    /// `nil`: there was no answer.
    package var status: Int?
    /// Why there was none, in words that may be shown; `nil` if there was one.
    package var failure: String?

    package init(status: Int?, failure: String? = nil) {
        self.status = status
        self.failure = failure
    }
}

/// Sends requests over connections of their own, each on a thread on which it may wait.
///
/// No redirects are followed, no proxy is used, no connection is used twice: the address of each is checked when it is made.
package actor WebhookSender {
    private let configuration: WebhookSenderConfiguration
    private var free: [SendingLane] = []
    private var made = 0
    private var waiting: [CheckedContinuation<SendingLane, Never>] = []

    package init(_ configuration: WebhookSenderConfiguration) {
        self.configuration = configuration
    }

    /// Waits for a free lane, sends a request and waits for the answer's head. Cancelling the task breaks the request off.
    package func send(_ request: WebhookRequest) async -> WebhookAnswer {
        let lane = await take()
        defer { give(lane) }
        let cancellation = Cancellation()
        return await withTaskCancellationHandler {
            await lane.send(request, cancellation)
        } onCancel: {
            cancellation.cancel()
        }
    }

    private func take() async -> SendingLane {
        if let lane = free.popLast() { return lane }
        if made < max(1, configuration.connections) {
            made += 1
            return SendingLane(configuration, number: made)
        }
        return await withCheckedContinuation { waiting.append($0) }
    }

    private func give(_ lane: SendingLane) {
        if waiting.isEmpty { free.append(lane) } else { waiting.removeFirst().resume(returning: lane) }
    }
}

/// Tells a request that nobody waits for it any more.
final class Cancellation: Sendable {
    private let flag = Atomic(false)
    var isCancelled: Bool { flag.load(ordering: .relaxed) }
    func cancel() { flag.store(true, ordering: .relaxed) }
}

/// One thread, on which calls may block.
private actor SendingLane {
    private nonisolated let eventLoop: EventLoop
    private let configuration: WebhookSenderConfiguration

    nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe eventLoop.asUnownedSerialExecutor()
    }

    init(_ configuration: WebhookSenderConfiguration, number: Int) {
        eventLoop = EventLoop(name: "webhook-\(number)")
        self.configuration = configuration
    }

    deinit { eventLoop.shutdown() }

    func send(_ request: WebhookRequest, _ cancellation: Cancellation) -> WebhookAnswer {
        // A handle of its own: nothing of one receiver, such as a connection or a name's address, is known to the next.
        guard let easy = CurlEasy() else { return WebhookAnswer(status: nil, failure: "there is no memory left") }
        return easy.perform(request, configuration, cancellation)
    }
}
