/// A message received, to be settled once: acknowledged or rejected.
package struct AMQPDelivery: Sendable {
    package let message: AMQPMessage
    package let exchange: String
    package let routingKey: String
    /// The broker has delivered it before, to this or another consumer.
    package let isRedelivered: Bool
    /// How often a quorum queue delivered it before in vain; `nil` if the broker does not say, as on a first delivery.
    package let deliveryCount: Int?

    let tag: UInt64
    /// The tag means nothing on another channel.
    let origin: DeliveryOrigin
    let settler: any DeliverySettler

    /// Tells the broker that the message is done with.
    @discardableResult
    package func acknowledge() async -> AMQPSettlement {
        await settler.settle([self], as: .acknowledged).stale == 0 ? .sent : .stale
    }

    /// Gives the message back, or lets the queue drop or dead-letter it.
    @discardableResult
    package func reject(requeue: Bool) async -> AMQPSettlement {
        await settler.settle([self], as: .rejected(requeue: requeue)).stale == 0 ? .sent : .stale
    }
}

/// What became of settling a delivery.
package enum AMQPSettlement: Sendable, Hashable {
    /// It was sent. The broker does not confirm it.
    case sent
    /// Nothing was sent: the channel it came on has ended, and the broker delivers the message again, or it was settled before.
    case stale
}

/// What became of settling several deliveries.
package struct AMQPSettlementCount: Sendable, Hashable {
    package var sent: Int
    package var stale: Int

    package init(sent: Int = 0, stale: Int = 0) {
        self.sent = sent
        self.stale = stale
    }
}

/// A channel of a connection: what a delivery's tag belongs to.
struct DeliveryOrigin: Sendable, Hashable {
    /// Counted by the one who receives.
    let connection: Int
    let channel: UInt16
    /// Counts how often the channel was opened on the connection.
    let opening: Int
}

enum SettlementKind: Sendable, Hashable {
    case acknowledged
    case rejected(requeue: Bool)
}

/// Who received a delivery and can answer the broker.
protocol DeliverySettler: Actor {
    func settle(_ deliveries: [AMQPDelivery], as kind: SettlementKind) -> AMQPSettlementCount
}
