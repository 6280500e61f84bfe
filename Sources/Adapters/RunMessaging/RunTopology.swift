internal import AMQPClient

/// The exchanges and queues, declared by whoever starts first.
///
/// Only what RabbitMQ 3.10 and 4.x have in common: durable quorum queues with an explicit delivery limit, and exclusive queues that
/// end with their connection.
enum RunTopology {
    /// After this many deliveries a message is a dead letter.
    static let deliveryLimit = 20

    static func shared(_ names: MessageNames, clusters: [String]) -> AMQPTopology {
        let workQueues = clusters.flatMap { [names.dispatch($0), names.supervise($0)] } + [names.reports]
        return AMQPTopology(
            exchanges: [
                AMQPExchange(name: names.work), AMQPExchange(name: names.control),
                AMQPExchange(name: names.dead, kind: .fanout),
            ],
            queues: workQueues.map {
                AMQPQueue(
                    name: $0,
                    deliveryLimit: deliveryLimit,
                    deadLetterExchange: names.dead,
                    deadLetterRoutingKey: $0
                )
            } + [AMQPQueue(name: names.deadLetters)],
            bindings: workQueues.map { AMQPBinding(exchange: names.work, queue: $0, routingKey: $0) }
                + [AMQPBinding(exchange: names.dead, queue: names.deadLetters)]
        )
    }

    /// The queue on which one process hears what is meant for it.
    static func control(_ names: MessageNames, queue: String, keys: [String]) -> AMQPTopology {
        AMQPTopology(
            exchanges: [AMQPExchange(name: names.control)],
            queues: [AMQPQueue(name: queue, kind: .exclusive)],
            bindings: keys.map { AMQPBinding(exchange: names.control, queue: queue, routingKey: $0) }
        )
    }
}
