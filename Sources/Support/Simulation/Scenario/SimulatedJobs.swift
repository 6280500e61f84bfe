internal import RunStore
internal import SlipwayCore

/// The jobs of the simulation: each meets the control plane in another way.
struct SimulatedJob: Sendable {
    var spec: JobSpec
    var behaviour: PodBehaviour
    /// How often it is chosen, against the others.
    var weight: Int

    var key: JobVersionKey {
        let number = UInt64(spec.name.utf8.reduce(0) { $0 * 31 + Int($1) } & 0xFFFF)
        return JobVersionKey(job: JobID(high: 0x0199_0000_0000_7000, low: 0x8000_0000_0000_0000 | number), version: 1)
    }

    private init(
        _ name: String,
        weight: Int = 1,
        retries: RetryPolicy? = nil,
        timeouts: (inout JobSpec.Timeouts) -> Void = { _ in },
        limits limit: (inout JobSpec) -> Void = { _ in },
        _ change: (inout PodBehaviour) -> Void
    ) {
        var behaviour = PodBehaviour()
        change(&behaviour)
        var limits = JobSpec.Timeouts(
            scheduleSeconds: 8,
            startSeconds: 6,
            sailReadySeconds: 8,
            runSeconds: 20,
            cancelSeconds: 5
        )
        timeouts(&limits)
        var policy = retries
        policy?.backoff = RetryBackoff(initialSeconds: 1, maximumSeconds: 4)
        spec = JobSpec(
            name: name,
            engine: behaviour.hasSail ? .sail(JobSpec.SailSettings()) : .none,
            timeouts: limits,
            retries: policy,
            tasks: [TaskSpec(name: "only", action: .command(["true"]))]
        )
        limit(&spec)
        self.behaviour = behaviour
        self.weight = weight
    }

    static let all: [SimulatedJob] = [
        SimulatedJob("quick", weight: 4, retries: RetryPolicy(infrastructure: 1)) { _ in },
        SimulatedJob("sole", weight: 2, limits: { $0.concurrency = .init(policy: .queue) }) { _ in },
        SimulatedJob("skipping", weight: 2, limits: { $0.concurrency = .init(policy: .skip) }) {
            $0.run = 1000...6000
        },
        SimulatedJob(
            "replacing",
            weight: 2,
            retries: RetryPolicy(infrastructure: 1),
            limits: { $0.concurrency = .init(policy: .replace, maximumRuns: 2) }
        ) {
            $0.run = 1000...6000
        },
        SimulatedJob(
            "keyed",
            weight: 2,
            limits: { spec in
                spec.limitKeys = [.init(key: "warehouse", maximumRuns: 2)]
                spec.priority = 5
                spec.rateLimit = .init(runs: 2, perSeconds: 3)
            }
        ) { _ in },
        SimulatedJob("sail", weight: 2, retries: RetryPolicy(infrastructure: 2)) { $0.hasSail = true },
        SimulatedJob("slow", weight: 3) { $0.run = 2000...12_000 },
        SimulatedJob("failing", retries: RetryPolicy(user: 1)) { $0.ending = .failure },
        SimulatedJob("hungry", retries: RetryPolicy(infrastructure: 2, memoryGrowth: .init(maximumBytes: 1 << 30))) {
            $0.ending = .outOfMemory
        },
        SimulatedJob("crashing", retries: RetryPolicy(infrastructure: 1, retryOn: [.runnerCrashed])) {
            $0.ending = .crash
        },
        SimulatedJob("endless", retries: RetryPolicy(timeout: 1), timeouts: { $0.runSeconds = 5 }) {
            $0.ending = .never
        },
        SimulatedJob(
            "stubborn",
            timeouts: { limits in
                limits.runSeconds = 4
                limits.onTimeout = .failed
            }
        ) {
            $0.ending = .never
            $0.isStubborn = true
        },
        SimulatedJob("nowhere", timeouts: { $0.scheduleSeconds = 4 }) { $0.schedule = nil },
        SimulatedJob("imageless", timeouts: { $0.startSeconds = 4 }) { $0.start = nil },
    ]

    static func pick(_ dice: inout SeededRandom) -> SimulatedJob {
        var left = dice.below(all.reduce(0) { $0 + $1.weight })
        for job in all {
            left -= job.weight
            if left < 0 { return job }
        }
        return all[0]
    }
}
