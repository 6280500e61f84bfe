/// The deliveries of a consumer, one by one. It ends when the consumer stops or the iterating task is cancelled.
///
/// Several tasks may iterate; each delivery goes to one of them.
package struct AMQPDeliveries: AsyncSequence, Sendable {
    package typealias Element = AMQPDelivery
    package typealias Failure = Never

    let buffer: DeliveryBuffer

    package struct AsyncIterator: AsyncIteratorProtocol {
        let buffer: DeliveryBuffer

        package mutating func next() async -> AMQPDelivery? {
            await buffer.take(maximum: 1)?.first
        }

        package mutating func next(isolation actor: isolated (any Actor)?) async -> AMQPDelivery? {
            await buffer.take(maximum: 1)?.first
        }
    }

    package func makeAsyncIterator() -> AsyncIterator { AsyncIterator(buffer: buffer) }
}

/// The deliveries of a consumer in batches: what has arrived, at least one and at most the maximum, without waiting for more.
///
/// It ends when the consumer stops or the iterating task is cancelled. Several tasks may iterate.
package struct AMQPBatches: AsyncSequence, Sendable {
    package typealias Element = [AMQPDelivery]
    package typealias Failure = Never

    let buffer: DeliveryBuffer
    let maximum: Int

    package struct AsyncIterator: AsyncIteratorProtocol {
        let buffer: DeliveryBuffer
        let maximum: Int

        package mutating func next() async -> [AMQPDelivery]? {
            await buffer.take(maximum: maximum)
        }

        package mutating func next(isolation actor: isolated (any Actor)?) async -> [AMQPDelivery]? {
            await buffer.take(maximum: maximum)
        }
    }

    package func makeAsyncIterator() -> AsyncIterator { AsyncIterator(buffer: buffer, maximum: maximum) }
}
