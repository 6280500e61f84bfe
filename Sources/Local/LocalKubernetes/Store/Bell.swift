/// Wakes one waiting reader; rings while nobody listens collapse into one.
package final class Bell: Sendable {
    package let rings: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation

    package init() { (rings, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1)) }

    package func ring() { continuation.yield() }

    /// Ends the rings; a ring not yet heard is heard first.
    package func finish() { continuation.finish() }
}
