/// Waits for conditions of other processes, which send no signal when they come true.
package enum Polling {
    /// Looks every 10 ms until `condition` holds.
    ///
    /// - Returns: whether it held before `limit` passed and the task was cancelled.
    package static func until(within limit: Duration, _ condition: () async throws -> Bool) async rethrows -> Bool {
        let deadline = ContinuousClock.now + limit
        while true {
            if try await condition() { return true }
            guard ContinuousClock.now < deadline, !Task.isCancelled else { return false }
            // why: a cancelled sleep returns early and the loop sees the cancellation.
            try? await Task.sleep(for: .milliseconds(10))
        }
    }
}
