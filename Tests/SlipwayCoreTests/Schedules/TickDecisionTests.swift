import Testing

@testable import SlipwayCore

@Suite("What becomes of ticks")
struct TickDecisionTests {
    private let noon = Timestamp("2026-05-01T12:00:00Z")

    private func minutes(_ count: Int) -> Timestamp { noon + .seconds(60 * count) }

    /// Such as `+0 fired`, in minutes from noon.
    private func texts(_ entries: [LedgerEntry]) -> [String] {
        entries.map { entry in
            let minute = (entry.tick - noon).components.seconds / 60
            let reason = if case .skipped(let reason) = entry.outcome { " \(reason.rawValue)" } else { "" }
            let count = entry.ticks == 1 ? "" : " ×\(entry.ticks)\(entry.isCountExact ? "" : "+")"
            return "\(minute < 0 ? "" : "+")\(minute) \(entry.outcome.kind)\(reason)\(count)"
        }
    }

    @Test("a tick fires when it is due, not before, and once")
    func onTime() {
        let schedule = Schedule.sample("*/10 * * * *", since: noon)
        func decide(_ lastSettled: Timestamp?, _ now: Timestamp) -> TickDecision.Plan {
            TickDecision.decide(schedule, lastSettled: lastSettled, now: now)
        }
        #expect(decide(nil, noon + .seconds(-1)) == TickDecision.Plan(entries: [], nextDue: noon))
        let first = decide(nil, noon)
        #expect(texts(first.entries) == ["+0 fired"] && first.nextDue == minutes(10))
        #expect(decide(noon, noon).entries == [])
        #expect(decide(noon, minutes(9)) == TickDecision.Plan(entries: [], nextDue: minutes(10)))
        #expect(texts(decide(noon, minutes(10) + .seconds(60)).entries) == ["+10 fired"])
        // The clock went back: nothing is done twice.
        #expect(decide(minutes(10), minutes(5)) == TickDecision.Plan(entries: [], nextDue: minutes(20)))
    }

    @Test(
        "missed ticks follow the policy, each with its outcome",
        arguments: [
            (Schedule.MissedTicks.skip, 35, ["+10 skipped missed", "+20 skipped missed", "+30 skipped missed"]),
            (.latest, 35, ["+10 skipped missed", "+20 skipped missed", "+30 caught_up"]),
            (.all(limit: 10), 35, ["+10 caught_up", "+20 caught_up", "+30 caught_up"]),
            (.all(limit: 2), 35, ["+10 skipped catch_up_limit", "+20 caught_up", "+30 caught_up"]),
            // The last one is in time.
            (.skip, 30, ["+10 skipped missed", "+20 skipped missed", "+30 fired"]),
            (.latest, 30, ["+10 skipped missed", "+20 skipped missed", "+30 fired"]),
            (.all(limit: 1), 30, ["+10 skipped catch_up_limit", "+20 caught_up", "+30 fired"]),
        ]
    )
    func missed(policy: Schedule.MissedTicks, minute: Int, expected: [String]) {
        let schedule = Schedule.sample("*/10 * * * *", missedTicks: policy, since: noon + .seconds(-86_400))
        let plan = TickDecision.decide(schedule, lastSettled: noon, now: minutes(minute))
        #expect(texts(plan.entries) == expected)
        #expect(plan.nextDue == minutes(40))
    }

    @Test("three hours without a scheduler over a change of the clocks cost what the policy says")
    func missedOverAChange() {
        let schedule = Schedule.sample("30 1,2,3 * * *", zone: .berlin, missedTicks: .all(limit: 5))
        let plan = TickDecision.decide(
            schedule,
            lastSettled: Timestamp("2026-03-28T02:30:00Z"),
            now: Timestamp("2026-03-29T03:00:00Z")
        )
        #expect(
            plan.entries.map(\.tick.description) == [
                "2026-03-29T00:30:00.000Z", "2026-03-29T01:00:00.000Z", "2026-03-29T01:30:00.000Z",
            ]
        )
        #expect(plan.entries.allSatisfy { $0.outcome == .caughtUp })
    }

    @Test("ticks before the schedule took effect are not considered")
    func effectiveSince() {
        let schedule = Schedule.sample("*/10 * * * *", missedTicks: .all(limit: 100), since: minutes(15))
        let plan = TickDecision.decide(schedule, lastSettled: noon, now: minutes(35))
        #expect(texts(plan.entries) == ["+20 caught_up", "+30 caught_up"])
        #expect(TickDecision.decide(schedule, lastSettled: nil, now: minutes(19)).entries == [])
    }

    @Test("a paused schedule's ticks are skipped, one by one")
    func paused() {
        let schedule = Schedule.sample("*/10 * * * *", isPaused: true, since: noon)
        let plan = TickDecision.decide(schedule, lastSettled: noon, now: minutes(20))
        #expect(texts(plan.entries) == ["+10 skipped schedule_paused", "+20 skipped schedule_paused"])
    }

    @Test(
        "before a change the old ticks are settled, and only an edit lets one in time fire",
        arguments: [
            (TickDecision.Change.edit, ["+10 skipped schedule_changed", "+20 fired"]),
            (.pause, ["+10 skipped schedule_paused", "+20 skipped schedule_paused"]),
            (.resume, ["+10 skipped schedule_paused", "+20 skipped schedule_paused"]),
            (.delete, ["+10 skipped schedule_deleted", "+20 skipped schedule_deleted"]),
        ]
    )
    func settling(change: TickDecision.Change, expected: [String]) {
        let schedule = Schedule.sample("*/10 * * * *", jitterSeconds: 300, missedTicks: .all(limit: 9), since: noon)
        let now = minutes(20) + .seconds(1)
        let entries = TickDecision.settle(schedule, lastSettled: noon, now: now, before: change)
        #expect(texts(entries) == expected)
        // What comes after it begins where it ended.
        var changed = Schedule.sample("*/5 * * * *", missedTicks: .all(limit: 9), since: now)
        #expect(TickDecision.decide(changed, lastSettled: entries.last?.through, now: now).entries == [])
        changed.effectiveSince = minutes(20)
        #expect(TickDecision.decide(changed, lastSettled: entries.last?.through, now: now).entries == [])
    }

    @Test("a tick waits for its jitter, and those after it wait with it")
    func jitter() {
        let schedule = Schedule.sample("* * * * *", jitterSeconds: 600, missedTicks: .skip, since: noon)
        let ticks = schedule.ticks(in: noon..<minutes(60), limit: 60)
        var settled: [Timestamp] = []
        for second in stride(from: 0, through: 4800, by: 7) {
            let now = noon + .seconds(second)
            let plan = TickDecision.decide(schedule, lastSettled: settled.last, now: now)
            for entry in plan.entries {
                settled.append(entry.tick)
                let tick = schedule.tick(at: entry.tick)
                // To be held back is not to be missed.
                #expect(tick.due <= now && now <= tick.at + .seconds(607) && entry.outcome == .fired)
            }
            if let next = plan.nextDue { #expect(next > now) }
        }
        #expect(Array(settled.prefix(60)) == ticks.map(\.at))
    }

    @Test("after a year without a decision the oldest ticks are settled together, and the work is bounded")
    func bound() {
        let schedule = Schedule.sample("* * * * *", missedTicks: .all(limit: 3), since: noon)
        var limits = ScheduleLimits()
        (limits.ticksPerDecision, limits.countedTicks) = (10, 1000)
        let plan = TickDecision.decide(schedule, lastSettled: nil, now: minutes(200) + .seconds(30), limits: limits)
        #expect(plan.entries.count == 11)
        #expect(
            texts(Array(plan.entries.prefix(2))) == ["+0 skipped catch_up_limit ×191", "+191 skipped catch_up_limit"]
        )
        #expect(plan.entries[0].through == minutes(190))
        #expect(texts(plan.entries.suffix(4)) == ["+197 caught_up", "+198 caught_up", "+199 caught_up", "+200 fired"])
        let year = TickDecision.decide(schedule, lastSettled: nil, now: minutes(525_600), limits: limits)
        #expect(texts(Array(year.entries.prefix(1))) == ["+0 skipped catch_up_limit ×1000+"])
        #expect(year.entries[0].through == minutes(525_590) && year.entries[1].tick == minutes(525_591))
        let paused = Schedule.sample("* * * * *", isPaused: true, since: noon)
        let first = TickDecision.decide(paused, lastSettled: nil, now: minutes(200), limits: limits).entries[0]
        #expect(texts([first]) == ["+0 skipped schedule_paused ×191"])
    }

    @Test("what is always on has a tick when its last run is over and the pause has passed")
    func alwaysOn() {
        var schedule = Schedule.sample("* * * * *", since: noon)
        schedule.trigger = .alwaysOn(pauseSeconds: 60)
        func decide(_ lastRun: TickDecision.LastRun, settled: Timestamp?, now: Timestamp) -> TickDecision.Plan {
            TickDecision.decide(schedule, lastSettled: settled, now: now, lastRun: lastRun)
        }
        #expect(texts(decide(.none, settled: nil, now: minutes(3)).entries) == ["+0 fired"])
        #expect(decide(.live, settled: noon, now: minutes(50)) == TickDecision.Plan())
        let early = decide(.ended(at: minutes(50)), settled: noon, now: minutes(50))
        #expect(early == TickDecision.Plan(entries: [], nextDue: minutes(51)))
        // All who ask at whatever time get the same tick, so the ledger keeps one.
        #expect(texts(decide(.ended(at: minutes(50)), settled: noon, now: minutes(51)).entries) == ["+51 fired"])
        #expect(texts(decide(.ended(at: minutes(50)), settled: noon, now: minutes(700)).entries) == ["+51 fired"])
        // A tick that made no run is followed by another one.
        let again = decide(.ended(at: minutes(50)), settled: minutes(51), now: minutes(51))
        #expect(again == TickDecision.Plan(entries: [], nextDue: minutes(52)))
        schedule.end = minutes(51)
        #expect(decide(.ended(at: minutes(50)), settled: noon, now: minutes(60)) == TickDecision.Plan())
        (schedule.end, schedule.isPaused) = (nil, true)
        #expect(decide(.none, settled: nil, now: minutes(60)) == TickDecision.Plan())
    }

    // MARK: The ledger

    @Test("whenever it is decided, the ledger has each tick once, in order", arguments: 0..<40)
    func complete(round: Int) {
        let seed = UInt64.random(in: .min ... .max)
        var generator = SeededGenerator(seed: seed)
        let zone = SampleZone.allCases.randomElement(using: &generator) ?? .utc
        let policies: [Schedule.MissedTicks] = [.skip, .latest, .all(limit: 4)]
        var schedule = Schedule.sample(RandomCron.text(using: &generator), zone: zone)
        if round.isMultiple(of: 5) {
            let seconds = Int.random(in: 300...90_000, using: &generator)
            schedule.trigger = .interval(seconds: seconds, anchor: .firstScheduled)
        }
        schedule.jitterSeconds = Int.random(in: 0...2, using: &generator) * 500
        schedule.missedTicks = policies.randomElement(using: &generator) ?? .skip
        let start = Timestamp(secondsSince1970: Int.random(in: 0...7_000_000_000, using: &generator))
        schedule.effectiveSince = start
        var limits = ScheduleLimits()
        limits.ticksPerDecision = 200
        let comment: Comment = "seed \(seed): \(schedule.trigger)"

        var (now, entries) = (start, [LedgerEntry]())
        for _ in 0..<60 {
            // Mostly often, sometimes after days.
            let isLong = Int.random(in: 0..<10, using: &generator) == 0
            now = now + .seconds(Int.random(in: 1...(isLong ? 400_000 : 7200), using: &generator))
            let plan = TickDecision.decide(
                schedule,
                lastSettled: entries.last?.through,
                now: now,
                limits: limits
            )
            entries += plan.entries
            let madeUpFor = plan.entries.count { $0.outcome == .caughtUp }
            #expect(madeUpFor <= 4, comment)
            if let next = plan.nextDue { #expect(next > now, comment) }
        }
        let ticks = schedule.ticks(in: start..<now + .microseconds(1), limit: .max).map(\.at)
        var position = 0
        for entry in entries {
            guard position < ticks.count, ticks[position] == entry.tick else {
                Issue.record("\(entry) is not the tick that follows; \(comment)")
                return
            }
            position += entry.ticks
            #expect(ticks[position - 1] == entry.through && entry.isCountExact, comment)
        }
        // What is left waits for its jitter.
        let isRestWaiting = ticks[position...].allSatisfy { now < $0 + .seconds(schedule.jitterSeconds) }
        #expect(isRestWaiting, comment)
    }

    @Test(
        "whatever is edited, paused and resumed, no run is made for the past, and each version's ticks are in the ledger"
    )
    func changes() throws {
        let seed = UInt64.random(in: .min ... .max)
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<20 {
            var schedule = Schedule.sample("*/20 * * * *", missedTicks: .all(limit: 100), since: noon)
            var (now, entries, versions) = (noon, [LedgerEntry](), [(schedule: Schedule, until: Timestamp)]())
            for _ in 0..<60 {
                now = now + .seconds(Int.random(in: 0...400, using: &generator) * 30)
                let settled = entries.last?.through
                var changed = schedule
                switch Int.random(in: 0..<6, using: &generator) {
                case 0:
                    let text = ["*/7 * * * *", "0 * * * *", "30 2 * * *"].randomElement(using: &generator) ?? ""
                    changed.trigger = .cron(try CronExpression(text), SampleZone.berlin.rules)
                    entries += TickDecision.settle(schedule, lastSettled: settled, now: now, before: .edit)
                case 1:
                    changed.isPaused.toggle()
                    let change: TickDecision.Change = schedule.isPaused ? .resume : .pause
                    entries += TickDecision.settle(schedule, lastSettled: settled, now: now, before: change)
                default:
                    entries += TickDecision.decide(schedule, lastSettled: settled, now: now).entries
                    continue
                }
                versions.append((schedule, now))
                changed.effectiveSince = now
                schedule = changed
                // Nothing is left for the changed schedule to do now.
                let plan = TickDecision.decide(schedule, lastSettled: entries.last?.through, now: now)
                #expect(plan.entries.allSatisfy { $0.tick == now }, "seed \(seed)")
            }
            var (position, last) = (0, noon.justBefore)
            for (version, until) in versions {
                for tick in version.ticks(in: version.effectiveSince..<until.justAfter, limit: .max)
                where tick.at > last {
                    let entry = try #require(position < entries.count ? entries[position] : nil, "seed \(seed)")
                    #expect(entry.tick == tick.at && entry.ticks == 1, "seed \(seed)")
                    #expect(!(version.isPaused && entry.outcome.createsRun), "seed \(seed)")
                    (position, last) = (position + 1, tick.at)
                }
            }
        }
    }
}
