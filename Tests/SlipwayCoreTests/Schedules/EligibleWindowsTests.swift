import Testing

@testable import SlipwayCore

@Suite("Windows of the week")
struct EligibleWindowsTests {
    @Test(
        "a window is open from its minute to its minute",
        arguments: [
            // 1 May 2026 is a Friday.
            ("Mon-Fri 22:00-06:00", "2026-05-01T22:00:00Z", true),
            ("Mon-Fri 22:00-06:00", "2026-05-01T21:59:59Z", false),
            ("Mon-Fri 22:00-06:00", "2026-05-02T05:59:59Z", true),
            ("Mon-Fri 22:00-06:00", "2026-05-02T06:00:00Z", false),
            ("Mon-Fri 22:00-06:00", "2026-05-02T23:00:00Z", false),
            ("Mon-Fri 22:00-06:00", "2026-05-04T05:00:00Z", false),
            ("Mon-Fri 22:00-06:00", "2026-05-05T05:00:00Z", true), ("sat 22:00-06:00", "2026-05-03T05:00:00Z", true),
            ("Sat,Sun 00:00-24:00", "2026-05-03T23:59:59Z", true),
            ("Sat,Sun 00:00-24:00", "2026-05-04T00:00:00Z", false),
            ("Fri-Mon 9:00-17:00", "2026-05-04T10:00:00Z", true), ("Fri-Mon 9:00-17:00", "2026-05-05T10:00:00Z", false),
            ("12:00-13:30", "2026-05-07T13:29:00Z", true), ("12:00-13:30", "2026-05-07T13:30:00Z", false),
            ("Thu 08:00-08:00", "2026-05-08T07:59:00Z", true), ("Thu 08:00-08:00", "2026-05-08T08:00:00Z", false),
        ]
    )
    func open(text: String, moment: String, isOpen: Bool) throws {
        let windows = try EligibleWindows([text], zone: .utc)
        #expect(windows.isOpen(at: Timestamp(moment)) == isOpen)
    }

    @Test(
        "the next opening and closing, on the clocks of the zone",
        arguments: [
            (
                ["Mon-Fri 22:00-06:00"], SampleZone.utc, "2026-05-02T12:00:00Z", "2026-05-04T22:00:00.000Z",
                "2026-05-02T12:00:00.000Z"
            ),
            (
                ["Mon-Fri 22:00-06:00"], .utc, "2026-05-01T23:10:05Z", "2026-05-01T23:10:05.000Z",
                "2026-05-02T06:00:00.000Z"
            ),
            (
                ["Sat,Sun 00:00-24:00"], .utc, "2026-05-02T12:00:00Z", "2026-05-02T12:00:00.000Z",
                "2026-05-04T00:00:00.000Z"
            ),
            (
                ["Fri 20:00-24:00", "Sat 00:00-04:00"], .utc, "2026-05-01T21:00:00Z", "2026-05-01T21:00:00.000Z",
                "2026-05-02T04:00:00.000Z"
            ),
            (
                ["Sun 12:00-13:00"], .berlin, "2026-05-01T00:00:00Z", "2026-05-03T10:00:00.000Z",
                "2026-05-01T00:00:00.000Z"
            ),
            // The window's first half hour is skipped, and its last hour is repeated.
            (["02:30-04:00"], .berlin, "2026-03-29T00:59:00Z", "2026-03-29T01:00:00.000Z", "2026-03-29T00:59:00.000Z"),
            (["02:00-03:00"], .berlin, "2026-10-24T23:59:00Z", "2026-10-25T00:00:00.000Z", "2026-10-24T23:59:00.000Z"),
            (["02:00-03:00"], .berlin, "2026-10-25T00:00:00Z", "2026-10-25T00:00:00.000Z", "2026-10-25T02:00:00.000Z"),
            (["02:30-03:00"], .berlin, "2026-10-25T00:40:00Z", "2026-10-25T00:40:00.000Z", "2026-10-25T01:00:00.000Z"),
            // All of the window is skipped.
            (["02:10-02:50"], .berlin, "2026-03-28T02:00:00Z", "2026-03-30T00:10:00.000Z", "2026-03-28T02:00:00.000Z"),
        ]
    )
    func changes(texts: [String], zone: SampleZone, moment: String, opening: String, closing: String) throws {
        let windows = try EligibleWindows(texts, zone: zone.rules)
        #expect(windows.nextOpening(after: Timestamp(moment))?.description == opening)
        #expect(windows.nextClosing(after: Timestamp(moment))?.description == closing)
    }

    @Test(
        "windows that fill the week never close",
        arguments: [["00:00-24:00"], ["Mon-Sun 08:00-08:00"], ["00:00-12:00", "12:00-24:00"]]
    )
    func always(texts: [String]) throws {
        let windows = try EligibleWindows(texts, zone: SampleZone.newYork.rules)
        #expect(windows.nextClosing(after: Timestamp("2026-05-01T00:00:00Z")) == nil)
        #expect(windows.isOpen(at: Timestamp("2026-03-08T07:00:00Z")))
    }

    @Test("openings and closings are those of looking at each minute", arguments: SampleZone.allCases)
    func againstEachMinute(zone: SampleZone) throws {
        let seed = UInt64.random(in: .min ... .max)
        var generator = SeededGenerator(seed: seed)
        let changes = zone.rules.periods.dropFirst().map(\.start)
        for _ in 0..<10 {
            let texts = (0..<Int.random(in: 1...4, using: &generator)).map { _ in
                let days = ["Mon", "Tue-Thu", "Fri,Sun", "Sat-Mon", "Sun"].randomElement(using: &generator) ?? "Sun"
                let times = (0..<2).map { _ in Int.random(in: 0..<1440, using: &generator) }
                return "\(days) "
                    + times.map { "\(($0 / 60).padded(to: 2)):\(($0 % 60).padded(to: 2))" }.joined(separator: "-")
            }
            let windows = try EligibleWindows(texts, zone: zone.rules)
            let first = (changes.randomElement(using: &generator) ?? 1_800_000_000) / 60 * 60 - 199_980
            let minutes = (0..<6000).map { Timestamp(secondsSince1970: first + $0 * 60) }
            let open = minutes.map(windows.isOpen)
            for minute in stride(from: 0, to: 6000, by: 97) {
                for isOpening in [true, false] {
                    guard let expected = open[minute...].firstIndex(of: isOpening) else { continue }
                    let found =
                        isOpening
                        ? windows.nextOpening(after: minutes[minute]) : windows.nextClosing(after: minutes[minute])
                    #expect(found == minutes[expected], "seed \(seed): \(texts) \(zone) \(minutes[minute])")
                }
            }
        }
    }

    @Test(
        "what is no window is refused",
        arguments: [
            "", "Mon", "Mon 22:00", "Mon 22:00-", "Mon-Fry 22:00-06:00", "Mon 25:00-26:00", "Mon 24:00-06:00",
            "Mon 22:60-23:00",
            "Mon 22-23", "Mon 22:00-06:00 UTC", "5L 22:00-23:00", "FRIL 22:00-23:00", "* 22:00-23:00", "Mon 22:0-23:00",
            "Mon-Tue-Wed 01:00-02:00",
            "Mon,, 01:00-02:00", "Mon 01:00-24:01", "Mon 001:00-02:00", "Mon 01:00–02:00",
            String(repeating: "Mon,", count: 20) + "Tue 01:00-02:00",
        ]
    )
    func refused(text: String) throws {
        let error = #expect(throws: ScheduleError.self) { try EligibleWindows([text], zone: .utc) }
        #expect(error?.field == "window")
    }

    @Test("there is a number of windows")
    func number() {
        #expect(throws: ScheduleError.self) { try EligibleWindows([], zone: .utc) }
        let many = Array(repeating: "01:00-02:00", count: 51)
        #expect(throws: ScheduleError.self) { try EligibleWindows(many, zone: .utc) }
    }
}
