internal import Glibc
internal import SlipwayCore

/// Measures what deciding about admission costs by itself: no database, no network, one thread.
package struct AdmissionBenchmark: Sendable {
    let plan: AdmissionBenchmarkPlan
    let report: @Sendable (String) -> Void

    /// - Parameter report: gets a line for each step, to show to a person.
    package init(plan: AdmissionBenchmarkPlan, report: @escaping @Sendable (String) -> Void) {
        self.plan = plan
        self.report = report
    }

    package func run() -> AdmissionReport {
        let rows = plan.pending.map { count in
            report("\(count) runs wait in \(plan.teams) teams")
            return measure(pending: count)
        }
        return AdmissionReport(
            teams: plan.teams,
            cycles: plan.cycles,
            changes: plan.changes,
            requiredCycleSeconds: plan.cycleSeconds,
            rows: rows
        )
    }

    private func measure(pending count: Int) -> AdmissionReport.Row {
        let world = AdmissionWorld(teams: plan.teams)
        let residentBefore = residentBytes()
        let queue = world.queue()
        let loading = seconds { for number in 0..<count { queue.apply(.pending(world.run(number))) } }
        let resident = max(0, residentBytes() - residentBefore)
        var live = LiveQueue()
        var now = AdmissionWorld.now
        let first = seconds { admitAll(queue, now: now, into: &live) }
        var next = count
        var busy: [Double] = []
        var idle: [Double] = []
        var admitted = 0
        for _ in 0..<plan.cycles {
            now = now + .seconds(1)
            let time = seconds {
                for id in live.removeFirst(plan.changes) { queue.apply(.gone(id)) }
                for number in next..<next + plan.changes { queue.apply(.pending(world.run(number))) }
                admitted += admit(queue, now: now, into: &live).count
            }
            next += plan.changes
            busy.append(time)
            idle.append(seconds { _ = queue.plan(now: now, maximum: Self.batch) })
        }
        let explained = explain(queue, world: world, upTo: count, now: now)
        return AdmissionReport.Row(
            pending: count,
            loadingSeconds: loading,
            firstSeconds: first,
            cycleSeconds: Quantiles(busy),
            idleCycleSeconds: Quantiles(idle),
            explanationSeconds: explained.isEmpty ? nil : Quantiles(explained),
            admittedPerCycle: Double(admitted) / Double(plan.cycles),
            passSeconds: pass(over: count, of: world),
            residentBytes: resident
        )
    }

    private static let batch = 500

    private func admitAll(_ queue: AdmissionQueue, now: Timestamp, into live: inout LiveQueue) {
        while !admit(queue, now: now, into: &live).isEmpty {}
    }

    private func admit(_ queue: AdmissionQueue, now: Timestamp, into live: inout LiveQueue) -> [RunID] {
        let world = AdmissionWorld(teams: plan.teams)
        let admitted = queue.plan(now: now, maximum: Self.batch).admitted
        for id in admitted {
            queue.apply(.live(LiveRun(world.run(Int(id.low)), admittedAt: now, phase: .running)))
            live.append(id)
        }
        return admitted
    }

    /// Runs spread over all that wait.
    private func explain(_ queue: AdmissionQueue, world: AdmissionWorld, upTo count: Int, now: Timestamp) -> [Double] {
        stride(from: 0, to: count, by: max(1, count / 1000)).compactMap { number in
            let id = RunID(high: 1, low: UInt64(number))
            guard queue.isPending(id) else { return nil }
            return seconds { _ = queue.explain(id, now: now) }
        }
    }

    /// The reference: looking at each run that waits once, for the first in order, is the least that a planner without
    /// memory does in a cycle.
    private func pass(over count: Int, of world: AdmissionWorld) -> Double {
        let waiting = (0..<count).map { number in
            let run = world.run(number)
            return (priority: run.priority, since: run.waitingSince.microsecondsSince1970, id: run.id)
        }
        let passes = (0..<5).map { _ in
            seconds {
                let first = waiting.min { ($1.priority, $0.since, $0.id) < ($0.priority, $1.since, $1.id) }
                precondition(first != nil)
            }
        }
        return passes.min() ?? 0
    }

    private func seconds(_ body: () -> Void) -> Double {
        let start = ContinuousClock.now
        body()
        return (ContinuousClock.now - start).inSeconds
    }

    private func residentBytes() -> Int { Int(ProcessMemory(pid: getpid())?.residentBytes ?? 0) }
}

/// The oldest first.
private struct LiveQueue {
    private var ids: [RunID] = []
    private var start = 0

    mutating func append(_ id: RunID) { ids.append(id) }

    mutating func removeFirst(_ count: Int) -> ArraySlice<RunID> {
        let end = min(start + count, ids.count)
        defer { start = end }
        return ids[start..<end]
    }
}
