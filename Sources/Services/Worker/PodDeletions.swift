/// The pods of one cluster that must go: what the API server was asked, and when it must be asked again.
///
/// A value: time comes in as a parameter. A pod leaves it once it is verified gone.
struct PodDeletions: Sendable {
    typealias PodKey = ClusterSupervisor.PodKey

    private struct Request: Sendable {
        var askedAt: ContinuousClock.Instant
        var isForced: Bool
        /// The API server could not be asked.
        var hasFailed = false
    }

    private var requests: [PodKey: Request] = [:]

    /// Notes a wish to remove a pod.
    ///
    /// - Returns: whether the API server is to be asked now; a wish already granted is not repeated.
    mutating func request(_ key: PodKey, isForced: Bool, now: ContinuousClock.Instant) -> Bool {
        if let known = requests[key], known.isForced || !isForced { return false }
        requests[key] = Request(askedAt: now, isForced: isForced)
        return true
    }

    /// The API server could not be asked; the request is due again after a pause.
    mutating func failed(_ key: PodKey) { requests[key]?.hasFailed = true }

    /// The pod is gone, or another of its name is there.
    mutating func forget(_ key: PodKey) { requests[key] = nil }

    /// What to ask now: failed requests after `pause`, and by force what has not gone within its patience.
    mutating func due(
        now: ContinuousClock.Instant,
        pause: Duration,
        patience: (PodKey) -> Duration
    ) -> [(pod: PodKey, isForced: Bool)] {
        var due: [(pod: PodKey, isForced: Bool)] = []
        for (key, request) in requests {
            let waited = request.askedAt.duration(to: now)
            if request.hasFailed {
                if waited > pause { due.append((key, request.isForced)) }
            } else if !request.isForced, waited > patience(key) {
                due.append((key, true))
            }
        }
        for (key, isForced) in due { requests[key] = Request(askedAt: now, isForced: isForced) }
        return due
    }
}
