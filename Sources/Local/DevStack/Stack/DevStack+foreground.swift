@preconcurrency internal import Dispatch
internal import Glibc

extension DevStack {
    /// Starts the stack, tells of processes that end, and stops everything on Ctrl-C or SIGTERM, also when it comes
    /// while starting.
    ///
    /// - Parameter isUp: called once all is ready.
    package func runInForeground(
        _ options: StackOptions = StackOptions(),
        report: @escaping @Sendable (String) -> Void,
        isUp: @escaping @Sendable (Addresses) -> Void
    ) async throws {
        let interruptions = Interruption.stream()
        let failure = await withTaskGroup(of: (any Error)?.self) { group in
            group.addTask {
                do {
                    isUp(try await self.up(options))
                    await self.watch(report)
                    return nil
                } catch {
                    return error
                }
            }
            group.addTask {
                for await _ in interruptions { break }
                return nil
            }
            let first = await group.next()
            group.cancelAll()
            return first ?? nil
        }
        report("stopping")
        try await down()
        if let failure { throw failure }
    }

    /// Tells once of each process that ended by itself; returns when cancelled.
    private func watch(_ report: @Sendable (String) -> Void) async {
        var told: Set<String> = []
        while !Task.isCancelled {
            // why: a file that cannot be read now is looked at again in a moment.
            let records = (try? StackRecords(folder).all) ?? []
            for record in records where !record.identity.isRunning && told.insert(record.name).inserted {
                report("\(record.name) ended by itself; see \(record.logFile)")
            }
            // why: a cancelled sleep returns early and the loop sees the cancellation.
            try? await Task.sleep(for: .seconds(1))
        }
    }
}

/// Signals that ask a program to end, as a sequence.
enum Interruption {
    static func stream() -> AsyncStream<Int32> {
        AsyncStream { continuation in
            let sources = [SIGINT, SIGTERM].map { number in
                signal(number, SIG_IGN)
                let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
                source.setEventHandler { continuation.yield(number) }
                source.resume()
                return source
            }
            continuation.onTermination = { _ in
                sources.forEach { $0.cancel() }
                for number in [SIGINT, SIGTERM] { signal(number, SIG_DFL) }
            }
        }
    }
}
