package import EventLoop
package import Logging

/// Notifications of some channels, over a connection of its own.
///
/// The connection is made again whenever it is lost, and the channels are listened to again before `reconnected` is yielded.
/// What was notified meanwhile is gone: on `listening`, `reconnected` and `overflowed` read anew what the channels stand for.
/// One task iterates. Iteration ends when that task is cancelled or after `close()`.
package final class PostgresListener: AsyncSequence, Sendable {
    package typealias Element = PostgresListenerEvent
    package typealias Failure = Never

    private let engine: ListenerEngine

    /// Connects when it is first iterated.
    ///
    /// - Parameter bufferLimit: how many events wait for a slow reader; when there are more, all are dropped for one `overflowed`.
    package init(
        configuration: PostgresConfiguration,
        eventLoop: EventLoop,
        channels: [String],
        bufferLimit: Int = 1024,
        logger: Logger
    ) {
        engine = ListenerEngine(
            configuration: configuration,
            eventLoop: eventLoop,
            channels: channels,
            bufferLimit: bufferLimit,
            logger: logger
        )
    }

    package struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate let engine: ListenerEngine

        package mutating func next() async -> PostgresListenerEvent? {
            await engine.next()
        }

        package mutating func next(isolation actor: isolated (any Actor)?) async -> PostgresListenerEvent? {
            await engine.next()
        }
    }

    package func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(engine: engine)
    }

    /// Ends the iteration and closes the connection.
    package func close() async {
        await engine.close()
    }
}

package enum PostgresListenerEvent: Sendable, Equatable {
    /// The channels are listened to from now on.
    case listening
    /// The connection had been lost and the channels are listened to again; notifications may be missing.
    case reconnected
    /// The reader was too slow; notifications are missing.
    case overflowed
    case notification(PostgresNotification)
}

package struct PostgresNotification: Sendable, Equatable {
    package let channel: String
    package let payload: String
    /// The server process that sent it.
    package let backendPID: Int32

    package init(channel: String, payload: String, backendPID: Int32) {
        self.channel = channel
        self.payload = payload
        self.backendPID = backendPID
    }
}
