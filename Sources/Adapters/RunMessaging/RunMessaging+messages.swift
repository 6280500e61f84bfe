internal import AMQPClient
package import SlipwayCore

extension RunMessaging: RunMessages {
    package func supervise(cluster: String, _ leases: [SuperviseHint.Lease]) async throws {
        try await publisher.supervise(cluster: cluster, leases)
    }

    package func report(_ reports: [PlacementReport]) async throws { try await publisher.report(reports) }

    package func hint(_ message: ControlMessage, to holder: HolderID) async {
        await publisher.hint(message, to: holder)
    }

    package func hintSchedulers(_ message: ControlMessage) async { await publisher.hintSchedulers(message) }

    package func hint(superviseAll runs: [Unsupervised]) async { await publisher.hint(superviseAll: runs) }

    package func hint(dispatch cluster: String, runs: Int) async {
        await publisher.hint(dispatch: cluster, runs: runs)
    }

    package func deadLetterCount() async throws -> Int? {
        // Who asks has other things to do than to wait for a broker that is away.
        guard isReady else { return nil }
        return try await publisher.publisher.queueStatus(names.deadLetters)?.messages
    }
}
