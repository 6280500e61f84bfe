import Testing

@testable import SlipwayCore

@Suite("The clocks of a zone")
struct ZoneRulesTests {
    @Test(
        "what the clocks show, from the file's table and from its rule",
        arguments: [
            (SampleZone.berlin, "2026-03-29T00:59:59Z", "2026-03-29T01:59:59+01:00"),
            (.berlin, "2026-03-29T01:00:00Z", "2026-03-29T03:00:00+02:00"),
            (.berlin, "2026-10-25T00:59:59Z", "2026-10-25T02:59:59+02:00"),
            (.berlin, "2026-10-25T01:00:00Z", "2026-10-25T02:00:00+01:00"),
            (.berlin, "1970-01-01T00:00:00Z", "1970-01-01T01:00:00+01:00"),
            (.berlin, "1979-07-01T00:00:00Z", "1979-07-01T01:00:00+01:00"),
            (.berlin, "1980-07-01T00:00:00Z", "1980-07-01T02:00:00+02:00"),
            (.berlin, "2100-07-01T00:00:00Z", "2100-07-01T02:00:00+02:00"),
            (.berlin, "2199-10-27T00:59:59Z", "2199-10-27T02:59:59+02:00"),
            (.berlin, "2199-10-27T01:00:00Z", "2199-10-27T02:00:00+01:00"),
            (.newYork, "2026-03-08T06:59:59Z", "2026-03-08T01:59:59-05:00"),
            (.newYork, "2026-03-08T07:00:00Z", "2026-03-08T03:00:00-04:00"),
            (.newYork, "1974-01-06T07:00:00Z", "1974-01-06T03:00:00-04:00"),
            (.lordHowe, "2026-10-03T15:29:59Z", "2026-10-04T01:59:59+10:30"),
            (.lordHowe, "2026-10-03T15:30:00Z", "2026-10-04T02:30:00+11:00"),
            (.kathmandu, "1985-12-31T18:29:59Z", "1985-12-31T23:59:59+05:30"),
            (.kathmandu, "1985-12-31T18:30:00Z", "1986-01-01T00:15:00+05:45"),
            (.saoPaulo, "2018-11-04T02:59:59Z", "2018-11-03T23:59:59-03:00"),
            (.saoPaulo, "2018-11-04T03:00:00Z", "2018-11-04T01:00:00-02:00"),
            (.saoPaulo, "2026-11-04T03:00:00Z", "2026-11-04T00:00:00-03:00"),
            (.apia, "2011-12-30T09:59:59Z", "2011-12-29T23:59:59-10:00"),
            (.apia, "2011-12-30T10:00:00Z", "2011-12-31T00:00:00+14:00"),
            (.utc, "2026-03-29T01:00:00Z", "2026-03-29T01:00:00+00:00"),
        ]
    )
    func wallTimes(zone: SampleZone, moment: String, text: String) throws {
        let moment = try #require(Timestamp(rfc3339: moment))
        #expect(zone.rules.text(moment) == text)
        #expect(Timestamp(rfc3339: text) == moment)
    }

    @Test("a wall time means one moment, none or two")
    func meanings() throws {
        let berlin = SampleZone.berlin.rules
        let spring = CivilDate(year: 2026, month: 3, day: 29)
        let autumn = CivilDate(year: 2026, month: 10, day: 25)
        let gapEnd = try #require(Timestamp(rfc3339: "2026-03-29T01:00:00Z"))
        let first = try #require(Timestamp(rfc3339: "2026-10-25T00:30:00Z"))
        #expect(berlin.meaning(of: WallTime(spring, hour: 2)) == .skipped(gapEnd: gapEnd))
        #expect(berlin.meaning(of: WallTime(spring, hour: 2, minute: 59, second: 59)) == .skipped(gapEnd: gapEnd))
        #expect(berlin.meaning(of: WallTime(spring, hour: 3)) == .once(gapEnd))
        let twice = berlin.meaning(of: WallTime(autumn, hour: 2, minute: 30))
        #expect(twice == .repeated(first: first, last: first + .seconds(3600)))
        #expect(berlin.meaning(of: WallTime(autumn, hour: 3)) == .once(first + .seconds(5400)))
        let lost = SampleZone.apia.rules.meaning(of: WallTime(CivilDate(year: 2011, month: 12, day: 30), hour: 12))
        #expect(lost == .skipped(gapEnd: try #require(Timestamp(rfc3339: "2011-12-30T10:00:00Z"))))
    }

    @Test(
        "the first second that shows a time never goes back, and shows it or a later one",
        arguments: SampleZone.allCases
    )
    func mapping(zone: SampleZone) {
        let rules = zone.rules
        for period in rules.periods.dropFirst() {
            var last = Int.min
            for wall in stride(from: period.start - 100_000, to: period.start + 150_000, by: 450) {
                let second = rules.firstSecond(atOrAfter: WallTime(seconds: wall))
                let shown = rules.wallTime(at: Timestamp(secondsSince1970: second)).seconds
                let before = rules.latestWallTime(upTo: second - 1).seconds
                let isRight = second >= last && shown >= wall && before < wall
                #expect(isRight, "\(zone) \(WallTime(seconds: wall))")
                last = second
            }
        }
    }

    @Test(
        "rules for the years after the table are read in all their forms",
        arguments: [
            ("CET-1CEST,M3.5.0,M10.5.0/3", 2026, ["2026-03-29T01:00:00.000Z", "2026-10-25T01:00:00.000Z"], 3600, 7200),
            (
                "EST5EDT,M3.2.0,M11.1.0", 2026, ["2026-03-08T07:00:00.000Z", "2026-11-01T06:00:00.000Z"], -18_000,
                -14_400
            ),
            (
                "<-02>2<-01>,M3.5.0/-1,M10.5.0/0", 2026, ["2026-03-29T01:00:00.000Z", "2026-10-25T01:00:00.000Z"],
                -7200, -3600
            ),
            (
                "IST-2IDT,M3.4.4/26,M10.5.0", 2026, ["2026-03-27T00:00:00.000Z", "2026-10-24T23:00:00.000Z"], 7200,
                10_800
            ),
            ("AAA0BBB-0:30:15,J60/0,J300/0", 2024, ["2024-03-01T00:00:00.000Z", "2024-10-26T23:29:45.000Z"], 0, 1815),
            ("AAA0BBB,59/0,299/0", 2024, ["2024-02-29T00:00:00.000Z", "2024-10-25T23:00:00.000Z"], 0, 3600),
            ("IST-1GMT0,M10.5.0,M3.5.0/1", 2026, ["2026-03-29T01:00:00.000Z", "2026-10-25T01:00:00.000Z"], 3600, 0),
        ]
    )
    func changeRules(text: String, year: Int, starts: [String], standard: Int, summer: Int) throws {
        let rule = try #require(ZoneChangeRule(Array(text.utf8)[...]))
        let changes = rule.changes(after: 0).filter { CivilDate(daysSince1970: $0.start / 86_400).year == year }
        #expect(changes.map { Timestamp(secondsSince1970: $0.start).description } == starts)
        #expect(rule.standardOffsetSeconds == standard)
        #expect(Set(changes.map(\.offsetSeconds)) == [standard, summer])
    }

    @Test("a rule whose summer never ends has no change")
    func endlessSummer() throws {
        let rule = try #require(ZoneChangeRule(Array("XXX3EDT4,0/0,J365/23".utf8)[...]))
        let zone = ZoneRules(name: "x", first: rule.standardOffsetSeconds, changes: rule.changes(after: .min))
        #expect(zone.periods.map(\.offsetSeconds) == [-14_400])
    }

    @Test(
        "other texts are no rules",
        arguments: [
            "", "C", "CET", "CET-", "CET-25", "CET-1CEST,M3.5.0", "CET-1CEST,M3.5.0,M10.5.0/",
            "CET-1CEST,M13.5.0,M10.5.0",
            "CET-1CEST,M3.6.0,M10.5.0", "CET-1CEST,M3.5.7,M10.5.0", "CET-1CEST,J0,J3", "CET-1CEST,366,3", "<CET-1",
            "<C>-1",
            "CET-1CEST,M3.5.0,M10.5.0x", "CET-1CEST,M3.5.0/168,M10.5.0", "CET-1:60", "CET-1CEST",
            "CET-99999999999999999999",
        ]
    )
    func noRules(text: String) { #expect(ZoneChangeRule(Array(text.utf8)[...]) == nil) }

    // MARK: Files that nobody should have written

    @Test("a zone file that is cut anywhere is refused", arguments: [SampleZone.berlin, .kathmandu])
    func cut(zone: SampleZone) {
        let file = zone.file
        for length in file.indices {
            #expect(throws: ScheduleError.self) { try ZoneRules(name: "x", zoneFile: Array(file[..<length])) }
        }
    }

    @Test("bytes that changed anywhere give an error or a zone that can be asked, never a trap")
    func disturbed() {
        let seed = UInt64.random(in: .min ... .max)
        var generator = SeededGenerator(seed: seed)
        var refused = 0
        for round in 0..<3000 {
            var file = SampleZone.allCases[round % 6].file
            for _ in 0..<Int.random(in: 1...6, using: &generator) {
                let position = Int.random(in: file.indices, using: &generator)
                file[position] = UInt8.random(in: .min ... .max, using: &generator)
            }
            do {
                let zone = try ZoneRules(name: "x", zoneFile: file)
                let second = Int.random(in: Timestamp.scheduledSeconds, using: &generator)
                let wall = zone.wallTime(at: Timestamp(secondsSince1970: second))
                #expect(zone.firstSecond(atOrAfter: wall) <= second, "seed \(seed), round \(round)")
                _ = zone.meaning(of: wall)
            } catch {
                refused += 1
            }
        }
        #expect(refused > 0)
    }

    @Test("leap seconds, old files and endless ones are refused with what is wrong")
    func refusals() {
        func message(_ change: (inout [UInt8]) -> Void) -> String {
            var file = SampleZone.kathmandu.file
            change(&file)
            do {
                _ = try ZoneRules(name: "Some/Zone", zoneFile: file)
                return ""
            } catch {
                return error.description
            }
        }
        #expect(message { $0[4] = 0 } == #"zone: "Some/Zone" must be a zone file (TZif) of version 2 or later"#)
        #expect(message { $0 = Array("hello".utf8) }.contains("TZif"))
        #expect(message { $0 += Array(repeating: 0, count: 200_000) }.contains("at most"))
        // The second header follows the first block of one type and one byte of its name.
        #expect(message { $0[51 + 31] = 1 }.contains("leap"))
    }
}
