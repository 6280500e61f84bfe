/// The exchanges, queues and bindings that must exist. Declaring what exists alike changes nothing.
package struct AMQPTopology: Sendable, Hashable {
    package var exchanges: [AMQPExchange]
    package var queues: [AMQPQueue]
    package var bindings: [AMQPBinding]

    package init(exchanges: [AMQPExchange] = [], queues: [AMQPQueue] = [], bindings: [AMQPBinding] = []) {
        self.exchanges = exchanges
        self.queues = queues
        self.bindings = bindings
    }

    /// Adds what is new; of two with one name the later holds.
    package mutating func merge(_ other: AMQPTopology) {
        for exchange in other.exchanges {
            exchanges.removeAll { $0.name == exchange.name }
            exchanges.append(exchange)
        }
        for queue in other.queues {
            queues.removeAll { $0.name == queue.name }
            queues.append(queue)
        }
        for binding in other.bindings where !bindings.contains(binding) {
            bindings.append(binding)
        }
    }

    mutating func remove(queue name: String) {
        queues.removeAll { $0.name == name }
        bindings.removeAll { $0.destination == .queue(name) }
    }

    mutating func remove(exchange name: String) {
        exchanges.removeAll { $0.name == name }
        bindings.removeAll { $0.source == name || $0.destination == .exchange(name) }
    }
}

package struct AMQPExchange: Sendable, Hashable {
    package enum Kind: String, Sendable, Hashable {
        case direct, fanout, topic, headers
    }

    package var name: String
    package var kind: Kind
    package var isDurable: Bool
    /// Deleted when its last binding goes.
    package var isAutoDelete: Bool
    package var arguments: [String: AMQPValue]

    package init(
        name: String,
        kind: Kind = .direct,
        isDurable: Bool = true,
        isAutoDelete: Bool = false,
        arguments: [String: AMQPValue] = [:]
    ) {
        self.name = name
        self.kind = kind
        self.isDurable = isDurable
        self.isAutoDelete = isAutoDelete
        self.arguments = arguments
    }
}

package struct AMQPBinding: Sendable, Hashable {
    package enum Destination: Sendable, Hashable {
        case queue(String)
        case exchange(String)
    }

    package var source: String
    package var destination: Destination
    package var routingKey: String
    package var arguments: [String: AMQPValue]

    package init(
        exchange source: String,
        to destination: Destination,
        routingKey: String = "",
        arguments: [String: AMQPValue] = [:]
    ) {
        self.source = source
        self.destination = destination
        self.routingKey = routingKey
        self.arguments = arguments
    }

    package init(exchange: String, queue: String, routingKey: String = "", arguments: [String: AMQPValue] = [:]) {
        self.init(exchange: exchange, to: .queue(queue), routingKey: routingKey, arguments: arguments)
    }
}

/// What a passive declaration tells about a queue.
package struct AMQPQueueStatus: Sendable, Hashable {
    /// Ready for delivery: not those delivered and unsettled.
    package let messages: Int
    package let consumers: Int

    package init(messages: Int, consumers: Int) {
        self.messages = messages
        self.consumers = consumers
    }
}
