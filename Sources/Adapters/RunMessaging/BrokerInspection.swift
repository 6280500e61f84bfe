package import AMQPClient
package import Logging

/// What an examination of an installation reads of its broker.
package struct BrokerInspection: Sendable, Hashable {
    package struct Queue: Sendable, Hashable {
        package var name: String
        /// Whether a process must consume from it.
        package var isWork: Bool
        /// `nil` if there is no such queue.
        package var status: AMQPQueueStatus?
        /// What the broker says to a declaration with the arguments that are right; `nil` if it agrees.
        package var difference: String?

        package init(name: String, isWork: Bool, status: AMQPQueueStatus?, difference: String? = nil) {
            self.name = name
            self.isWork = isWork
            self.status = status
            self.difference = difference
        }
    }

    package var queues: [Queue]
    /// `nil` if there is no queue of dead letters.
    package var deadLetters: Int?

    package init(queues: [Queue], deadLetters: Int?) {
        self.queues = queues
        self.deadLetters = deadLetters
    }

    /// Looks at every queue of an installation, on a connection of its own. Nothing is created or changed.
    ///
    /// - Parameter clusters: whose queues are looked at.
    /// - Throws: `AMQPError`.
    package static func read(
        _ configuration: AMQPConfiguration,
        names: MessageNames,
        clusters: [String],
        logger: Logger
    ) async throws -> BrokerInspection {
        let publisher = AMQPPublisher(configuration: configuration, logger: logger)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await publisher.run() }
            defer { group.cancelAll() }
            var queues: [Queue] = []
            for queue in RunTopology.shared(names, clusters: clusters).queues {
                queues.append(try await look(at: queue, publisher, isWork: queue.name != names.deadLetters))
            }
            let dead = queues.first { $0.name == names.deadLetters }
            return BrokerInspection(queues: queues, deadLetters: dead?.status?.messages)
        }
    }

    private static func look(at queue: AMQPQueue, _ publisher: AMQPPublisher, isWork: Bool) async throws -> Queue {
        guard let status = try await publisher.queueStatus(queue.name) else {
            return Queue(name: queue.name, isWork: isWork, status: nil)
        }
        do {
            // Declaring what is there alike changes nothing; what is there otherwise is refused.
            try await publisher.declare(AMQPTopology(queues: [queue]))
            return Queue(name: queue.name, isWork: isWork, status: status)
        } catch  where error.replyCode == 406 {
            return Queue(name: queue.name, isWork: isWork, status: status, difference: error.message)
        }
    }
}
