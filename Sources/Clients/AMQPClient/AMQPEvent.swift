/// What happens to the connection of a publisher or consumer, in order.
package enum AMQPEvent: Sendable, Equatable {
    /// Attempt 1 is the first after the start or after a stable connection.
    case connecting(attempt: Int)
    /// The topology is declared; publishing or consuming can go on.
    case connected
    case connectFailed(AMQPError)
    case connectionLost(AMQPError)
    case retrying(after: Duration)
    /// The broker's memory or disk alarm keeps publishers waiting.
    case blocked(reason: String)
    case unblocked
    /// The broker closed the channel and it is open again; unsettled deliveries come again.
    case channelReopened(AMQPError)
    /// The consumer is subscribed; after a loss, again.
    case subscribed(queue: String)
    /// The broker ended the subscription, for example because the queue was deleted.
    case consumerCancelled(queue: String)
    /// No more events follow.
    case closed
}
