internal import Logging
internal import RunStore
internal import ServiceLifecycle
internal import SlipwayCore
internal import Synchronization

/// Notes when tokens were used last: once a minute, all in one statement.
final class TokenUses: Service {
    private static let interval = Duration.seconds(60)
    /// Beyond that further ones wait for the next minute.
    private static let capacity = 50_000

    private let uses = Mutex<[Identifier: Timestamp]>([:])
    private let store: RunStore
    private let logger: Logger

    init(store: RunStore, logger: Logger) {
        self.store = store
        self.logger = logger
    }

    func note(_ token: Identifier, at time: Timestamp) {
        uses.withLock { uses in
            if uses.count < Self.capacity || uses[token] != nil { uses[token] = time }
        }
    }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                // why: an interrupted pause is followed by the check above.
                try? await Task.sleep(for: Self.interval)
                await self.write()
            }
        }
    }

    /// Writes what was noted; what cannot be written is noted again by its next use.
    func write() async {
        let noted = uses.withLock { uses in
            defer { uses.removeAll() }
            return uses
        }
        do {
            // why: what was noted last is written although the process is about to end.
            try await Task { [store] in try await store.noteUse(noted) }.value
        } catch {
            logger.warning("The last use of tokens could not be noted", metadata: ["error": "\(error)"])
        }
    }
}
