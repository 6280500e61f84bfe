import Testing

@testable import SlipwayCore

@Suite("Whether a run that has ended is followed by another")
struct RetryDecisionTests {
    private func decide(
        _ policy: RetryPolicy?,
        _ reason: ReasonCode,
        state: RunState = .failed,
        used: RetriesUsed = RetriesUsed(),
        overrides: RunOverrides = RunOverrides(),
        random: Double = 0.5
    ) -> RetryPlan? {
        let spec = JobSpec(name: "job", retries: policy, tasks: [TaskSpec(name: "t", action: .command(["true"]))])
        let end = PlacementEnd(
            outcome: .failed,
            at: Timestamp(microsecondsSince1970: 0),
            hasUserCodeRun: true,
            reason: reason
        )
        return RetryDecision.decide(
            spec: spec,
            overrides: overrides,
            used: used,
            state: state,
            end: end,
            random: random
        )
    }

    private func used(infrastructure: Int = 0, timeout: Int = 0, user: Int = 0, free: Int = 0) -> RetriesUsed {
        var used = RetriesUsed()
        (used.infrastructure, used.timeout, used.user, used.free) = (infrastructure, timeout, user, free)
        return used
    }

    @Test("without a policy nothing is retried, whatever befell the run", arguments: ReasonCode.allCases)
    func noPolicy(reason: ReasonCode) {
        #expect(decide(nil, reason) == nil)
        #expect(decide(RetryPolicy(), reason) == nil)
    }

    @Test("each class has a budget of its own")
    func budgets() {
        let policy = RetryPolicy(infrastructure: 1, timeout: 1, user: 1)
        #expect(decide(policy, .podLost)?.used == used(infrastructure: 1))
        #expect(decide(policy, .podLost, used: used(infrastructure: 1)) == nil)
        #expect(decide(policy, .taskFailed, used: used(infrastructure: 1))?.used.user == 1)
        #expect(decide(policy, .taskFailed, used: used(user: 1)) == nil)
        #expect(decide(policy, .runTimeout, state: .timeout)?.used.timeout == 1)
        #expect(decide(policy, .runTimeout, state: .timeout, used: used(timeout: 1)) == nil)
        #expect(decide(RetryPolicy(infrastructure: 5), .taskFailed) == nil, "a user error is not retried unless asked")
    }

    @Test("evictions and preemptions cost no attempt, but a chain ends", arguments: [ReasonCode.evicted, .preempted])
    func disruption(reason: ReasonCode) {
        let policy = RetryPolicy(infrastructure: 1)
        let spent = used(infrastructure: 1)
        #expect(decide(policy, reason, used: spent)?.used == used(infrastructure: 1, free: 1))
        #expect(decide(policy, reason, used: used(free: RetryDecision.maximumFree)) == nil)
        #expect(decide(RetryPolicy(user: 3), reason) == nil)
    }

    @Test("only failed runs and timeouts are retried, and only for the reasons that the job names")
    func whichRuns() {
        let policy = RetryPolicy(infrastructure: 3, timeout: 3, user: 3, retryOn: [.nodeLost])
        #expect(decide(policy, .nodeLost) != nil)
        #expect(decide(policy, .podLost) == nil)
        #expect(decide(policy, .nodeLost, state: .cancelled) == nil)
        #expect(decide(policy, .nodeLost, state: .succeeded) == nil)
    }

    @Test("a container that ran out of memory gets more of it, up to the cap")
    func memory() throws {
        let growth = RetryPolicy.MemoryGrowth(factor: 2, maximumBytes: 3 << 30)
        let policy = RetryPolicy(infrastructure: 5, memoryGrowth: growth)
        let first = try #require(decide(policy, .sailOutOfMemory))
        #expect(first.overrides.sailMemoryBytes == 2 << 30 && first.overrides.runnerMemoryBytes == nil)
        let second = try #require(decide(policy, .sailOutOfMemory, used: first.used, overrides: first.overrides))
        #expect(second.overrides.sailMemoryBytes == 3 << 30)
        #expect(decide(policy, .sailOutOfMemory, used: second.used, overrides: second.overrides) == nil)
        // The runner's is the job's own doing, and counts as infrastructure only with growth.
        #expect(decide(policy, .runnerOutOfMemory)?.overrides.runnerMemoryBytes == 1 << 30)
        #expect(decide(RetryPolicy(infrastructure: 5), .runnerOutOfMemory) == nil)
        #expect(decide(RetryPolicy(user: 5), .runnerOutOfMemory)?.overrides == RunOverrides())
    }

    @Test("waits grow to their cap and are spread to both sides")
    func backoff() {
        let backoff = RetryBackoff(initialSeconds: 10, factor: 3, maximumSeconds: 100, jitter: 0.5)
        func seconds(_ retries: Int, _ random: Double) -> Duration {
            backoff.delay(afterRetries: retries, random: random)
        }
        #expect((0...4).map { seconds($0, 0.5) } == [10, 30, 90, 100, 100].map { .seconds($0) })
        #expect(seconds(0, 0) == .seconds(5) && seconds(0, 1) == .seconds(15))
        #expect(seconds(.max, 0.5) == .seconds(100))
        let constant = RetryBackoff(kind: .constant, initialSeconds: 7, maximumSeconds: 7, jitter: 0)
        #expect(constant.delay(afterRetries: 9, random: 0.9) == .seconds(7))
    }

    @Test("what a job file says of retries, briefly and at length")
    func jobFile() throws {
        func policy(_ line: String) throws -> RetryPolicy? {
            try JobFile.parse("name: a\n\(line)\ntasks: [{name: t, command: [\"true\"]}]").retries
        }
        #expect(try policy("kind: x") == nil)
        #expect(try policy("retries: 3") == RetryPolicy(infrastructure: 3))
        let long = """
            retries: {timeout: 1, retry_on: [pod_lost], memory: {max: 2Gi},
              backoff: {kind: constant, initial: 1h, jitter: 0}}
            """
        #expect(
            try policy(long)
                == RetryPolicy(
                    timeout: 1,
                    retryOn: [.podLost],
                    backoff: RetryBackoff(kind: .constant, initialSeconds: 3600, maximumSeconds: 3600, jitter: 0),
                    memoryGrowth: RetryPolicy.MemoryGrowth(maximumBytes: 2 << 30)
                )
        )
    }

    @Test("a run's own timeouts and memory replace the job's, the rest stays")
    func overrides() {
        let spec = JobSpec(name: "job", tasks: [TaskSpec(name: "t", action: .command(["true"]))])
        var timeouts = RunOverrides.Timeouts()
        (timeouts.runSeconds, timeouts.onTimeout) = (5, .cancelled)
        let changed = spec.applying(RunOverrides(timeouts: timeouts, sailMemoryBytes: 7))
        #expect(changed.timeouts.runSeconds == 5 && changed.timeouts.onTimeout == .cancelled)
        #expect(changed.timeouts.startSeconds == spec.timeouts.startSeconds)
        #expect(changed.resources.sail.memoryBytes == 7 && changed.resources.runner == spec.resources.runner)
        #expect(spec.applying(RunOverrides()) == spec)
    }
}
