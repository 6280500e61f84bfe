/// Wakes one waiting loop. Signals that arrive while it is busy become one.
package struct Signal: Sendable {
    /// One element for each wake-up; for one reader.
    package let stream: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation

    package init() {
        (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    }

    package func send() { continuation.yield() }
}
