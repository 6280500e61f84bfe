internal import DequeModule

/// Which deliveries of a channel are not settled yet, and how to settle some with few words.
struct UnsettledDeliveries {
    /// One word to the broker.
    struct Command: Equatable {
        let tag: UInt64
        /// All up to the tag.
        let multiple: Bool
    }

    /// From `lowest` on, whether the tag is unsettled.
    private var flags: Deque<Bool> = []
    private var lowest: UInt64 = 1
    private(set) var count = 0

    var isEmpty: Bool { count == 0 }

    /// Tags of a channel come in ascending order.
    mutating func received(_ tag: UInt64) {
        if flags.isEmpty { lowest = tag }
        while lowest + UInt64(flags.count) < tag { flags.append(false) }
        flags.append(true)
        count += 1
    }

    /// Settles tags: those below which nothing else is unsettled by one word, the others one by one.
    ///
    /// - Returns: what to tell the broker, and how many tags were not unsettled.
    mutating func settle(_ tags: [UInt64]) -> (commands: [Command], stale: Int) {
        var settled: [UInt64] = []
        for tag in tags {
            guard tag >= lowest, tag - lowest < UInt64(flags.count), flags[Int(tag - lowest)] else { continue }
            flags[Int(tag - lowest)] = false
            settled.append(tag)
        }
        count -= settled.count
        while flags.first == false {
            flags.removeFirst()
            lowest += 1
        }
        settled.sort()
        let below = settled.prefix { $0 < lowest }
        var commands: [Command] = []
        if let last = below.last { commands.append(Command(tag: last, multiple: below.count > 1)) }
        commands += settled.dropFirst(below.count).map { Command(tag: $0, multiple: false) }
        return (commands, tags.count - settled.count)
    }
}

extension ConnectionKeeper {
    /// Tells the broker about deliveries of a channel. Those of an earlier one are stale: it delivers them again by itself.
    func settle(
        _ deliveries: [AMQPDelivery],
        as kind: SettlementKind,
        on channel: UInt16,
        _ unsettled: inout UnsettledDeliveries
    ) -> AMQPSettlementCount {
        guard let origin = origin(of: channel) else { return AMQPSettlementCount(stale: deliveries.count) }
        let current = deliveries.filter { $0.origin == origin }
        let (commands, stale) = unsettled.settle(current.map(\.tag))
        let count = AMQPSettlementCount(
            sent: current.count - stale,
            stale: deliveries.count - current.count + stale
        )
        do throws(AMQPError) {
            try use { connection throws(AMQPError) in
                for command in commands { try connection.send(command, kind, channel: channel) }
            }
        } catch {
            return AMQPSettlementCount(stale: deliveries.count)
        }
        return count
    }
}

extension RabbitConnection {
    fileprivate func send(
        _ command: UnsettledDeliveries.Command,
        _ kind: SettlementKind,
        channel: UInt16
    ) throws(AMQPError) {
        switch kind {
        case .acknowledged:
            try acknowledge(channel: channel, tag: command.tag, multiple: command.multiple)
        case .rejected(let requeue):
            try reject(channel: channel, tag: command.tag, multiple: command.multiple, requeue: requeue)
        }
    }
}

extension AMQPDelivery {
    /// Headers that publisher and broker have added for themselves are taken off.
    init(_ delivery: RabbitDelivery, origin: DeliveryOrigin, settler: any DeliverySettler) {
        var message = delivery.message
        message.headers[RabbitConnection.sequenceHeader] = nil
        let deliveryCount = message.headers.removeValue(forKey: "x-delivery-count")?.intValue
        self.init(
            message: message,
            exchange: delivery.exchange,
            routingKey: delivery.routingKey,
            isRedelivered: delivery.isRedelivered,
            deliveryCount: deliveryCount,
            tag: delivery.tag,
            origin: origin,
            settler: settler
        )
    }
}
