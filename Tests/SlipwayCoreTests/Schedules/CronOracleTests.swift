import Foundation
import TestSupport
import Testing

@testable import SlipwayCore

/// Compares with what `deploy/lib/cron_oracle.py` says: other people's reading of cron expressions and of zones.
@Suite(
    "What others say of the same schedules",
    .enabled(if: CronOracle.pythonEnvironment != nil, "SLIPWAY_TEST_PYTHON_ENV is not set")
)
struct CronOracleTests {
    @Test(
        "random expressions in the world's zones have the ticks that cronsim finds, and its years have complete ledgers"
    )
    func comparison() throws {
        let oracle = try CronOracle.ask(seed: CronOracle.seed, cases: 3000, years: 8)
        var zones: [String: ZoneRules] = [:]
        for (name, file) in oracle.zones {
            zones[name] = try ZoneRules(name: name, zoneFile: Array(try #require(Data(base64Encoded: file))))
        }
        try compareOffsets(oracle, zones)
        try compareTicks(oracle, zones)
        try compareYears(oracle, zones)
    }

    private func compareOffsets(_ oracle: CronOracle, _ zones: [String: ZoneRules]) throws {
        var compared = 0
        for (name, pairs) in oracle.offsets {
            let zone = try #require(zones[name])
            for pair in pairs {
                compared += 1
                guard zone.offsetSeconds(at: Timestamp(secondsSince1970: pair[0])) != pair[1] else { continue }
                Issue.record("\(name) at \(pair[0]) is \(pair[1]) from UTC; seed \(CronOracle.seed)")
            }
        }
        #expect(compared > 10_000)
    }

    private func compareTicks(_ oracle: CronOracle, _ zones: [String: ZoneRules]) throws {
        var (compared, leftOut) = (0, 0)
        for example in oracle.cases {
            let zone = try #require(zones[example.zone])
            let schedule = Schedule.sample(try CronExpression(example.expression), zone)
            if isBeyondTheOracle(schedule, zone, example) {
                leftOut += 1
                continue
            }
            compared += 1
            let moment = Timestamp(secondsSince1970: example.moment)
            let end = Timestamp(secondsSince1970: CronOracle.endSecond)
            let next = schedule.ticks(in: moment.justAfter..<end, limit: CronOracle.ticks)
            var (previous, before) = ([Int](), moment)
            while previous.count < CronOracle.ticks, let tick = schedule.previous(before: before) {
                previous.append(tick.at.secondsSince1970)
                before = tick.at
            }
            let isSame = next.map(\.at.secondsSince1970) == example.next && previous == example.previous
            #expect(
                isSame,
                "\(example), here next \(next.map(\.at.secondsSince1970)), previous \(previous); seed \(CronOracle.seed)"
            )
        }
        #expect(compared > 2900 && leftOut < 50, "\(compared) compared, \(leftOut) left out")
    }

    /// Where an expression follows the time that really passes, but only on some days, cronsim goes from day to day by
    /// midnights. It then misses what a clock that is put back over midnight shows of the old day again.
    private func isBeyondTheOracle(_ schedule: Schedule, _ zone: ZoneRules, _ example: CronOracle.Case) -> Bool {
        guard case .cron(let expression, _) = schedule.trigger, expression.isHourly else { return false }
        let seconds = example.previous + [example.moment] + example.next
        guard let first = seconds.min(), let last = seconds.max() else { return false }
        return zip(zone.periods, zone.periods.dropFirst()).contains { before, after in
            let shownBefore = WallTime(seconds: after.start + before.offsetSeconds)
            let shownAfter = WallTime(seconds: after.start + after.offsetSeconds)
            return (first - 86_400...last + 86_400).contains(after.start) && shownAfter.date < shownBefore.date
        }
    }

    /// A scheduler looks now and then for a year, is away at times, and must leave the oracle's ticks in the ledger.
    private func compareYears(_ oracle: CronOracle, _ zones: [String: ZoneRules]) throws {
        var generator = SeededGenerator(seed: UInt64(CronOracle.seed))
        #expect(oracle.years.count == 32)
        for year in oracle.years {
            var schedule = Schedule.sample(try CronExpression(year.expression), try #require(zones[year.zone]))
            schedule.missedTicks = [.skip, .latest, .all(limit: 7)].randomElement(using: &generator) ?? .skip
            schedule.effectiveSince = Timestamp(secondsSince1970: year.start)
            let end = Timestamp(secondsSince1970: year.end).justBefore
            var (now, entries) = (schedule.effectiveSince, [LedgerEntry]())
            while now < end {
                let hours = Int.random(in: 0..<20, using: &generator) == 0 ? 100 : 4
                now = min(end, now + .seconds(Int.random(in: 1...hours * 3600, using: &generator)))
                let settled = entries.last?.through
                entries += TickDecision.decide(schedule, lastSettled: settled, now: now).entries
            }
            // Nothing of this is settled together: no time away has more ticks than a decision takes one by one.
            let isComplete = entries.filter { $0.ticks == 1 }.map(\.tick.secondsSince1970) == year.ticks
            let isTogether = entries.contains { $0.ticks > 1 }
            #expect(isComplete || isTogether, "\(year.expression) \(year.zone) \(year.start); seed \(CronOracle.seed)")
            #expect(entries.map(\.ticks).reduce(0, +) == year.ticks.count, "\(year.expression) \(year.zone)")
        }
    }
}

extension Schedule {
    fileprivate static func sample(_ expression: CronExpression, _ zone: ZoneRules) -> Schedule {
        let id = ScheduleID(high: 1, low: 1)
        return Schedule(id: id, trigger: .cron(expression, zone), effectiveSince: .firstScheduled)
    }
}
