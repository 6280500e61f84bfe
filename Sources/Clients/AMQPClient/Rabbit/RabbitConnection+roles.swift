/// What a connection is used for.
enum ConnectionRole: Sendable, Hashable {
    case publishing
    case consuming(queue: String, prefetch: UInt16)
}

extension RabbitConnection {
    /// The consumer's name on its channel, which has no other.
    static let consumerTag = "slipway"

    /// Declares a topology and makes the main channel ready.
    func establish(_ topology: AMQPTopology, role: ConnectionRole) throws(AMQPError) {
        try declare(topology)
        try openMainChannel(role)
    }

    /// Also after the broker closed the channel.
    func openMainChannel(_ role: ConnectionRole) throws(AMQPError) {
        try on(Channel.main) { () throws(AMQPError) in
            switch role {
            case .publishing: try selectConfirms()
            case .consuming(let queue, let prefetch):
                try consume(queue: queue, prefetch: prefetch, tag: Self.consumerTag)
            }
        }
    }

    /// Exchanges, then queues, then bindings, which need both.
    func declare(_ topology: AMQPTopology) throws(AMQPError) {
        try on(Channel.declarations) { () throws(AMQPError) in
            for exchange in topology.exchanges { try declare(exchange) }
            for queue in topology.queues { try declare(queue) }
            for binding in topology.bindings { try bind(binding) }
        }
    }
}
