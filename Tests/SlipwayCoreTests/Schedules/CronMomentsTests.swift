import Testing

@testable import SlipwayCore

@Suite("Ticks where the clocks change")
struct CronMomentsTests {
    private static func schedule(_ text: String, _ zone: SampleZone) throws -> Schedule {
        Schedule(
            id: ScheduleID(high: 1, low: 2),
            trigger: .cron(try CronExpression(text), zone.rules),
            effectiveSince: .firstScheduled
        )
    }

    /// The ticks of the case as the zone's clocks tell them, without the date and the seconds.
    struct Case: Sendable, CustomTestStringConvertible {
        var zone: SampleZone
        var cron: String
        /// The first day, and how many hours from its midnight are looked at.
        var day: String
        var hours = 24
        var ticks: [String]
        var testDescription: String { "\(zone.rawValue) \(cron) \(day)" }
    }

    private static let cases: [Case] = [
        // 02:00 to 03:00 is skipped.
        Case(
            zone: .berlin,
            cron: "30 2 * * *",
            day: "2026-03-29",
            hours: 47,
            ticks: ["29 03:00+02:00", "30 02:30+02:00"]
        ),
        Case(zone: .berlin, cron: "0 2 * * *", day: "2026-03-29", ticks: ["29 03:00+02:00"]),
        Case(zone: .berlin, cron: "*/20 2 * * *", day: "2026-03-29", ticks: ["29 03:00+02:00"]),
        Case(zone: .berlin, cron: "30 2,3 * * *", day: "2026-03-29", ticks: ["29 03:00+02:00", "29 03:30+02:00"]),
        Case(
            zone: .berlin,
            cron: "0 1-4 * * *",
            day: "2026-03-29",
            ticks: ["29 01:00+01:00", "29 03:00+02:00", "29 04:00+02:00"]
        ),
        Case(
            zone: .berlin,
            cron: "0 */2 * * *",
            day: "2026-03-29",
            hours: 5,
            ticks: ["29 00:00+01:00", "29 03:00+02:00", "29 04:00+02:00"]
        ),
        Case(zone: .berlin, cron: "59 2 29 3 *", day: "2026-03-28", hours: 48, ticks: ["29 03:00+02:00"]),
        Case(
            zone: .berlin,
            cron: "0 * * * *",
            day: "2026-03-29",
            hours: 4,
            ticks: ["29 00:00+01:00", "29 01:00+01:00", "29 03:00+02:00", "29 04:00+02:00"]
        ),
        Case(
            zone: .berlin,
            cron: "*/30 * * * *",
            day: "2026-03-29",
            hours: 3,
            ticks: [
                "29 00:00+01:00", "29 00:30+01:00", "29 01:00+01:00", "29 01:30+01:00", "29 03:00+02:00",
                "29 03:30+02:00",
            ]
        ),
        // 02:00 to 03:00 is repeated.
        Case(
            zone: .berlin,
            cron: "30 2 * * *",
            day: "2026-10-25",
            hours: 48,
            ticks: ["25 02:30+02:00", "26 02:30+01:00"]
        ),
        Case(
            zone: .berlin,
            cron: "*/30 2-3 * * *",
            day: "2026-10-25",
            ticks: ["25 02:00+02:00", "25 02:30+02:00", "25 03:00+01:00", "25 03:30+01:00"]
        ),
        Case(
            zone: .berlin,
            cron: "0 0-22 * * *",
            day: "2026-10-25",
            hours: 5,
            ticks: ["25 00:00+02:00", "25 01:00+02:00", "25 02:00+02:00", "25 03:00+01:00"]
        ),
        Case(
            zone: .berlin,
            cron: "15 * * * *",
            day: "2026-10-25",
            hours: 5,
            ticks: ["25 00:15+02:00", "25 01:15+02:00", "25 02:15+02:00", "25 02:15+01:00", "25 03:15+01:00"]
        ),
        Case(zone: .newYork, cron: "30 2 * * SUN", day: "2026-03-08", ticks: ["08 03:00-04:00"]),
        Case(zone: .newYork, cron: "30 1 * * *", day: "2026-11-01", ticks: ["01 01:30-04:00"]),
        Case(
            zone: .newYork,
            cron: "0-59/30 0-23 * * *",
            day: "2026-11-01",
            hours: 3,
            ticks: [
                "01 00:00-04:00", "01 00:30-04:00", "01 01:00-04:00", "01 01:30-04:00", "01 01:00-05:00",
                "01 01:30-05:00",
            ]
        ),
        // 02:00 to 02:30 is skipped, 01:30 to 02:00 is repeated: half an hour only.
        Case(zone: .lordHowe, cron: "15 2 * * *", day: "2026-10-04", ticks: ["04 02:30+11:00"]),
        Case(zone: .lordHowe, cron: "45 2 * * *", day: "2026-10-04", ticks: ["04 02:45+11:00"]),
        Case(zone: .lordHowe, cron: "45 1 * * *", day: "2026-04-05", ticks: ["05 01:45+11:00"]),
        Case(
            zone: .lordHowe,
            cron: "0 * * * *",
            day: "2026-10-04",
            hours: 3,
            ticks: ["04 00:00+10:30", "04 01:00+10:30", "04 03:00+11:00"]
        ),
        Case(
            zone: .lordHowe,
            cron: "45 * * * *",
            day: "2026-04-05",
            hours: 3,
            ticks: ["05 00:45+11:00", "05 01:45+11:00", "05 01:45+10:30"]
        ),
        // Midnight is skipped: the day begins at 01:00. At its other end the last hour of the day is repeated.
        Case(
            zone: .saoPaulo,
            cron: "0 0 * * *",
            day: "2018-11-03",
            hours: 47,
            ticks: ["03 00:00-03:00", "04 01:00-02:00"]
        ),
        Case(
            zone: .saoPaulo,
            cron: "@daily",
            day: "2018-02-17",
            hours: 49,
            ticks: ["17 00:00-02:00", "18 00:00-03:00"]
        ),
        Case(zone: .saoPaulo, cron: "30 23 * * *", day: "2018-02-17", hours: 25, ticks: ["17 23:30-02:00"]),
        Case(zone: .saoPaulo, cron: "0 0 4 11 *", day: "2018-11-03", hours: 48, ticks: ["04 01:00-02:00"]),
        Case(
            zone: .saoPaulo,
            cron: "0 0 * * *",
            day: "2026-11-03",
            hours: 48,
            ticks: ["03 00:00-03:00", "04 00:00-03:00"]
        ),
        // A whole day is skipped.
        Case(
            zone: .apia,
            cron: "0 9,15 * * *",
            day: "2011-12-29",
            hours: 48,
            ticks: ["29 09:00-10:00", "29 15:00-10:00", "31 00:00+14:00", "31 09:00+14:00", "31 15:00+14:00"]
        ),
        // The clocks changed once, by a quarter of an hour at midnight.
        Case(
            zone: .kathmandu,
            cron: "5 0 * * *",
            day: "1985-12-31",
            hours: 47,
            ticks: ["31 00:05+05:30", "01 00:15+05:45"]
        ),
        Case(
            zone: .kathmandu,
            cron: "0 6 * * *",
            day: "2026-03-29",
            hours: 48,
            ticks: ["29 06:00+05:45", "30 06:00+05:45"]
        ),
        Case(zone: .utc, cron: "30 2 * * *", day: "2026-03-29", ticks: ["29 02:30+00:00"]),
        Case(zone: .utc, cron: "0 0 28,29 2 *", day: "2100-02-28", hours: 48, ticks: ["28 00:00+00:00"]),
        Case(zone: .berlin, cron: "30 2 * 3,10 SUNL", day: "2100-03-28", ticks: ["28 03:00+02:00"]),
    ]

    @Test(
        "a skipped time is at the gap's end, a repeated one at its first showing, each hour as it passes",
        arguments: cases
    )
    func changes(of example: Case) throws {
        let schedule = try Self.schedule(example.cron, example.zone)
        let midnight = WallTime(seconds: try #require(Timestamp(rfc3339: example.day + "T00:00:00Z")).secondsSince1970)
        let start = Timestamp(secondsSince1970: example.zone.rules.firstSecond(atOrAfter: midnight))
        let end = start + .seconds(example.hours * 3600)
        let texts = schedule.ticks(in: start..<end, limit: 100).map { tick in
            let text = example.zone.rules.text(tick.at)
            return "\(text.dropFirst(8).prefix(2)) \(text.dropFirst(11).prefix(5))\(text.suffix(6))"
        }
        #expect(texts == example.ticks)
    }

    @Test("forwards and backwards the ticks are those of trying each minute", arguments: SampleZone.allCases)
    func againstEachMinute(zone: SampleZone) throws {
        let seed = UInt64.random(in: .min ... .max)
        var generator = SeededGenerator(seed: seed)
        let changes = zone.rules.periods.dropFirst().map(\.start)
        for _ in 0..<30 {
            let text = RandomCron.text(using: &generator)
            let schedule = try Self.schedule(text, zone)
            let change = changes.randomElement(using: &generator) ?? 1_800_000_000
            let start = change / 60 * 60 - 90_000
            guard start > 0 else { continue }
            let range = Timestamp(secondsSince1970: start)..<Timestamp(secondsSince1970: start + 200_000)
            let expected = Self.eachMinute(try CronExpression(text), zone.rules, range)
            let comment: Comment = "seed \(seed): \(text) around \(range.lowerBound)"
            #expect(schedule.ticks(in: range, limit: .max).map(\.at) == expected, comment)
            var backward: [Timestamp] = []
            var before = range.upperBound
            while let tick = schedule.previous(before: before), tick.at >= range.lowerBound {
                backward.append(tick.at)
                before = tick.at
            }
            #expect(backward.reversed() == expected, comment)
        }
    }

    /// The rule as it is documented, told in another way: walk over each minute and see which times the wall clock
    /// shows for the first time, and which it has passed over.
    private static func eachMinute(_ expression: CronExpression, _ zone: ZoneRules, _ range: Range<Timestamp>)
        -> [Timestamp]
    {
        var found: [Timestamp] = []
        let first = range.lowerBound.secondsSince1970
        var highest = zone.latestWallTime(upTo: first - 1).seconds
        for second in stride(from: first, to: range.upperBound.secondsSince1970, by: 60) {
            let moment = Timestamp(secondsSince1970: second)
            let shown = zone.wallTime(at: moment)
            if expression.isHourly {
                if expression.matches(shown) { found.append(moment) }
            } else if shown.seconds > highest {
                let passed = stride(from: highest - highest % 60 + 60, through: shown.seconds, by: 60)
                if passed.contains(where: { expression.matches(WallTime(seconds: $0)) }) { found.append(moment) }
            }
            highest = max(highest, shown.seconds + 59)
        }
        return found
    }
}
