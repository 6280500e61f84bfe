import SlipwayCore
import Testing

/// `Schedules.md` against the code.
@Suite struct SchedulesPageTests {
    private let page: DocumentationPage

    init() throws { page = try DocumentationPage.article("Schedules") }

    @Test("the table of reasons has every reason to skip a tick, in the order of the code")
    func reasons() {
        let expected = TickSkipReason.allCases.map { ["`\($0.rawValue)`", $0.sentence] }
        let block = expected.map { "| \($0.joined(separator: " | ")) |" }.joined(separator: "\n")
        #expect(page.table("Code") == expected, "paste as the table's rows:\n\(block)")
    }

    @Test("the bounds that the page tells are those of the code")
    func bounds() {
        let limits = ScheduleLimits.standard
        let text = page.text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        let facts = [
            "\(limits.intervalSeconds.lowerBound) seconds to \(limits.intervalSeconds.upperBound / 86_400) days",
            "decided within \(limits.onTimeSeconds) seconds", "up to \(limits.ticksPerDecision) ticks one by one",
            "a limit of at most \(limits.caughtUpTicks.upperBound)",
            "the years \(CivilDate.scheduledYears.lowerBound) to \(CivilDate.scheduledYears.upperBound)",
        ]
        for fact in facts { #expect(text.contains(fact), "Schedules.md does not say: \(fact)") }
        #expect(limits.jitterSeconds.upperBound == 3600)
    }

    @Test("every expression of the page is read, and what is short for another one means the same")
    func expressions() throws {
        for row in page.table("Written") where row[0].hasPrefix("`@") {
            for name in row[0].split(separator: ", ").map({ String($0).unquoted }) {
                let (short, long) = (try CronExpression(name), try CronExpression(row[1].unquoted))
                var wall = WallTime(CivilDate(year: 2026, month: 1, day: 1))
                for _ in 0..<100 {
                    let next = try #require(long.first(atOrAfter: wall))
                    #expect(short.first(atOrAfter: wall) == next, "\(name)")
                    wall = WallTime(seconds: next.seconds + 1)
                }
            }
        }
        for row in page.table("Zone and day") { _ = try CronExpression(row[1].unquoted) }
    }
}
