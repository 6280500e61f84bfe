/// The pods of one cluster that must go: what the API server was asked, and when it must be asked again.
///
/// A value: time comes in as a parameter. A pod leaves it once it is verified gone.
struct PodDeletions: Sendable {
    typealias PodKey = ClusterSupervisor.PodKey

    private struct Request: Sendable {
        /// Its patience counts from here.
        var askedAt: ContinuousClock.Instant
        var repeatedAt: ContinuousClock.Instant?
        var isForced: Bool
        /// The API server could not be asked.
        var hasFailed = false
    }

    private var requests: [PodKey: Request] = [:]

    /// Notes a wish to remove a pod.
    ///
    /// - Parameter repeatedAfter: a wish that was granted so long ago is told again; `nil`: never.
    /// - Returns: whether the API server is to be asked now.
    mutating func request(
        _ key: PodKey,
        isForced: Bool,
        now: ContinuousClock.Instant,
        repeatedAfter: Duration? = nil
    ) -> Bool {
        if let known = requests[key], known.isForced || !isForced {
            let last = known.repeatedAt ?? known.askedAt
            guard let repeatedAfter, last.duration(to: now) > repeatedAfter else { return false }
            requests[key]?.repeatedAt = now
            return true
        }
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
