internal import AMQPClient
internal import Logging
internal import Observability
package import SlipwayCore

/// Sends hints. Each call returns once the broker has confirmed.
package struct RunPublisher: Sendable {
    let publisher: AMQPPublisher
    let names: MessageNames
    let metrics: MetricsRegistry
    let logger: Logger

    private static let leasesPerHint = 250

    /// Tells the dispatchers of a cluster that about this many runs are ready.
    package func dispatch(cluster: String, runs: Int) async throws {
        try await send(DispatchHint(runs: runs), type: "dispatch", to: names.dispatch(cluster))
    }

    /// Tells the workers of a cluster which runs want a supervisor.
    package func supervise(cluster: String, _ leases: [SuperviseHint.Lease]) async throws {
        // Parts, so that several workers share a large number.
        for start in stride(from: 0, to: leases.count, by: Self.leasesPerHint) {
            let part = Array(leases[start..<min(start + Self.leasesPerHint, leases.count)])
            try await send(SuperviseHint(leases: part), type: "supervise", to: names.supervise(cluster))
        }
    }

    /// Sends what was observed to the schedulers.
    package func report(_ reports: [PlacementReport]) async throws {
        guard !reports.isEmpty else { return }
        try await send(ReportMessage(reports: reports), type: "reports", to: names.reports)
    }

    /// Tells one process something that it would find out by itself later; a failure is only noted.
    package func hint(_ message: ControlMessage, to holder: HolderID) async {
        await control(message, key: names.holderKey(holder))
    }

    /// Tells every scheduler something that it would find out by itself later.
    package func hintSchedulers(_ message: ControlMessage) async {
        await control(message, key: MessageNames.schedulersKey)
    }

    /// Tells the workers of each cluster which runs want a supervisor; a failure is only noted, since a sweep repeats it.
    package func hint(superviseAll runs: [Unsupervised]) async {
        for (cluster, runs) in Dictionary(grouping: runs, by: \.cluster) {
            do {
                try await supervise(
                    cluster: cluster,
                    runs.map { SuperviseHint.Lease(run: $0.id, epoch: $0.leaseEpoch) }
                )
            } catch {
                logger.info("A hint was not sent", metadata: ["error": "\(error)", "cluster": "\(cluster)"])
            }
        }
    }

    /// Tells the dispatchers of a cluster that runs are ready; a failure is only noted, since a sweep repeats it.
    ///
    /// One cluster nobody serves, whose queue was never declared, must not keep the others from being told.
    package func hint(dispatch cluster: String, runs: Int) async {
        do {
            try await dispatch(cluster: cluster, runs: runs)
        } catch {
            logger.info("A hint was not sent", metadata: ["error": "\(error)", "cluster": "\(cluster)"])
        }
    }

    private func control(_ message: ControlMessage, key: String) async {
        do {
            let encoded = try MessageCoding.message(message, type: "control")
            try await publisher.publish(encoded, to: names.control, routingKey: key)
            count("control")
        } catch {
            logger.info("A hint was not sent", metadata: ["error": "\(error)", "key": "\(key)"])
        }
    }

    private func send(_ message: some Encodable, type: String, to queue: String) async throws {
        let encoded = try MessageCoding.message(message, type: type)
        try await publisher.publish(encoded, to: names.work, routingKey: queue, mandatory: true)
        count(type)
    }

    private func count(_ type: String) {
        metrics.counter(
            "slipway_messages_published_total",
            help: "Messages the broker has confirmed.",
            labels: ["type": type]
        ).increment()
    }
}
