/// The answers of all readiness checks of a process.
struct ReadinessReport: Sendable {
    struct Entry: Sendable {
        let name: String
        let readiness: Readiness
        let milliseconds: Int64
    }

    let entries: [Entry]

    var isReady: Bool { entries.allSatisfy { $0.readiness == .ready } }

    /// Asks all checks at once; one that has not answered within `limit` counts as not ready.
    static func collect(_ checks: [ReadinessCheck], limit: Duration) async -> ReadinessReport {
        let entries = await withTaskGroup(of: Entry.self) { group in
            for check in checks {
                group.addTask { await answer(of: check, limit: limit) }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        return ReadinessReport(entries: entries.sorted { $0.name < $1.name })
    }

    private static func answer(of check: ReadinessCheck, limit: Duration) async -> Entry {
        let start = ContinuousClock.now
        let (answers, continuation) = AsyncStream.makeStream(of: Readiness.self)
        // why: a check that ignores cancellation must not hold the report back, so it is not a child task.
        let asking = Task { continuation.yield(await check.ask()) }
        // why: likewise; both are cancelled below.
        let deadline = Task {
            try await Task.sleep(for: limit)
            continuation.yield(.notReady(reason: "no answer within \(limit)"))
        }
        let first = await answers.first { _ in true }
        asking.cancel()
        deadline.cancel()
        let spent = (ContinuousClock.now - start).components
        return Entry(
            name: check.name,
            readiness: first ?? .notReady(reason: "cancelled"),
            milliseconds: spent.seconds * 1000 + spent.attoseconds / 1_000_000_000_000_000
        )
    }

    var json: String {
        let checks = entries.map { entry in
            var fields = "\"ready\":\(entry.readiness == .ready),\"milliseconds\":\(entry.milliseconds)"
            if case .notReady(let reason) = entry.readiness { fields += ",\"reason\":\(JSONText.quoted(reason))" }
            return "\(JSONText.quoted(entry.name)):{\(fields)}"
        }
        return "{\"ready\":\(isReady),\"checks\":{\(checks.joined(separator: ","))}}\n"
    }
}
