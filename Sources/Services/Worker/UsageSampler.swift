internal import KubernetesClient
internal import Logging
internal import Observability
internal import Placement
internal import RunMessaging
internal import RunStore
internal import SlipwayCore

/// Asks regularly what the containers of supervised runs use, and stores it: one request and one statement for all of them.
///
/// Nothing depends on it. A cluster without metrics is told once in the log and asked again seldom.
struct UsageSampler: Sendable {
    let cluster: String
    let installation: String
    let client: any ClusterPods
    let lease: HeldLease
    let store: any RunLedger
    let supervisor: ClusterSupervisor
    let settings: WorkerSettings
    let metrics: WorkerMetrics
    let logger: Logger
    let time: TimeSource

    private enum Outcome {
        case sampled
        /// Nothing ran, or it was not the time to ask.
        case skipped
        case failed
        case withoutMetrics
    }

    /// Until the task is cancelled.
    func sample() async throws {
        var isToldAbsent = false
        while true {
            switch try await sampleOnce(tellsAbsence: !isToldAbsent) {
            case .withoutMetrics:
                isToldAbsent = true
                try await time.sleep(max(settings.metricsPause, settings.metricsInterval))
            case .sampled:
                isToldAbsent = false
                try await time.sleep(settings.metricsInterval)
            case .failed, .skipped: try await time.sleep(settings.metricsInterval)
            }
        }
    }

    private func sampleOnce(tellsAbsence: Bool) async throws -> Outcome {
        let placed = await supervisor.placed
        guard lease.isTrusted, !placed.isEmpty else { return .skipped }
        do {
            let pods = try await client.podUsage(installation: installation, within: settings.metricsPatience)
            let samples = Self.samples(of: pods, placed: placed, now: time.now())
            guard lease.isTrusted, !samples.isEmpty else { return .sampled }
            metrics.usageSamples.increment(by: try await store.storeUsage(samples))
            return .sampled
        } catch {
            try Task.checkCancellation()
            metrics.failedUsageRequests.increment()
            if let error = error as? KubernetesError, error.isWithoutMetrics {
                if tellsAbsence {
                    logger.notice(
                        "The cluster tells no metrics, so what containers use is not sampled",
                        metadata: ["cluster": "\(cluster)", "error": "\(error)"]
                    )
                }
                return .withoutMetrics
            }
            logger.info(
                "What containers use could not be sampled",
                metadata: ["cluster": "\(cluster)", "error": "\(error)"]
            )
            return .failed
        }
    }

    /// The samples of placements that are supervised here, without what no clock or meter can have told.
    ///
    /// - Parameter now: stands in for the time of an answer that has none.
    static func samples(
        of pods: [PodMetrics],
        placed: [RunID: ClusterSupervisor.Placed],
        now: Timestamp
    ) -> [UsageSample] {
        pods.flatMap { pod -> [UsageSample] in
            guard let owner = PodNaming.owner(of: pod.metadata), let known = placed[owner.run],
                known.placement == owner.placement
            else { return [] }
            let at = pod.timestamp.map { Timestamp(microsecondsSince1970: $0.microsecondsSince1970) } ?? now
            return pod.containers.compactMap { container in
                guard [PodNaming.runnerContainer, PodNaming.sailContainer].contains(container.name),
                    let millicores = container.millicores, let memoryBytes = container.memoryBytes,
                    millicores >= 0, memoryBytes >= 0
                else { return nil }
                return UsageSample(
                    run: owner.run,
                    leaseEpoch: known.lease.epoch,
                    placement: owner.placement,
                    container: container.name,
                    at: at,
                    windowSeconds: min(max(pod.windowSeconds ?? 0, 0), 300),
                    millicores: millicores,
                    memoryBytes: memoryBytes
                )
            }
        }
    }
}
