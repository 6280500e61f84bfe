import Testing

@testable import SlipwayCore

@Suite("Cron expressions")
struct CronExpressionTests {
    private func days(_ text: String, year: Int, month: Int) throws -> [Int] {
        let expression = try CronExpression(text)
        return (1...CivilDate.length(ofMonth: month, year: year)).filter {
            expression.matches(WallTime(CivilDate(year: year, month: month, day: $0)))
        }
    }

    @Test(
        "the minutes and hours that match",
        arguments: [
            ("*/15 * * * *", [0, 15, 30, 45], Array(0...23)), ("5 0 * * *", [5], [0]),
            ("0-4,50 8-10 * * *", [0, 1, 2, 3, 4, 50], [8, 9, 10]),
            ("7/20 */6 * * *", [7, 27, 47], [0, 6, 12, 18]), ("10-30/7 22,23 * * *", [10, 17, 24], [22, 23]),
            ("? ? ? ? ?", Array(0...59), Array(0...23)), ("@hourly", [0], Array(0...23)), ("@daily", [0], [0]),
            ("59 23 * * *", [59], [23]), ("\t1   2 * * * ", [1], [2]),
        ]
    )
    func timesOfDay(text: String, minutes: [Int], hours: [Int]) throws {
        let expression = try CronExpression(text)
        #expect((0..<64).filter { expression.minutes & 1 << $0 != 0 } == minutes)
        #expect((0..<32).filter { expression.hours & 1 << $0 != 0 } == hours)
        #expect(expression.isHourly == (hours.count == 24))
    }

    /// January 2026 begins on a Thursday, February 2026 on a Sunday, and May 2026 on a Friday and ends on a Sunday.
    @Test(
        "the days of a month that match",
        arguments: [
            ("0 0 1,15 * *", 1, [1, 15]), ("0 0 * * MON", 1, [5, 12, 19, 26]), ("0 0 * * 7", 1, [4, 11, 18, 25]),
            ("0 0 * * 0", 1, [4, 11, 18, 25]), ("0 0 13 * FRI", 1, [2, 9, 13, 16, 23, 30]),
            ("0 0 */10 * FRI", 5, [1]), ("0 0 1-7 * */2", 1, [1, 3, 4, 6]),
            ("0 0 ? * sat-sun", 1, [3, 4, 10, 11, 17, 18, 24, 25, 31]),
            ("0 0 * * FRI-7", 2, [1, 6, 7, 8, 13, 14, 15, 20, 21, 22, 27, 28]),
            ("0 0 * * */3", 2, [1, 4, 7, 8, 11, 14, 15, 18, 21, 22, 25, 28]),
            ("0 0 L * *", 1, [31]), ("0 0 L * *", 2, [28]), ("0 0 L-3,L * *", 2, [25, 28]), ("0 0 L-30 * *", 1, [1]),
            ("0 0 L-30 * *", 2, []), ("0 0 LW * *", 1, [30]), ("0 0 LW * *", 5, [29]), ("0 0 15W * *", 2, [16]),
            ("0 0 1W * *", 2, [2]), ("0 0 1W * *", 1, [1]), ("0 0 31W * *", 5, [29]), ("0 0 31W * *", 2, []),
            ("0 0 2W * *", 5, [1]),
            ("0 0 3W * *", 1, [2]), ("0 0 * * 5L", 1, [30]), ("0 0 * * FRIL", 5, [29]),
            ("0 0 * * SUNL,7#1", 2, [1, 22]),
            ("0 0 * * FRI#2", 1, [9]), ("0 0 * * FRI#5", 1, [30]), ("0 0 * * FRI#5", 2, []),
            ("0 0 * * TUE,MON#1,MON#3", 2, [2, 3, 10, 16, 17, 24]),
            ("0 0 L * 5L", 1, [30, 31]), ("0 0 * 2 *", 1, []), ("0 0 29 FEB *", 2, []), ("@weekly", 2, [1, 8, 15, 22]),
            ("@monthly", 5, [1]), ("@YEARLY", 1, [1]), ("@annually", 5, []), ("0 0 1/10 * *", 1, [1, 11, 21, 31]),
            ("0 0 31 jan-mar,May *", 5, [31]), ("0 0 * * 3/2", 1, [2, 7, 9, 14, 16, 21, 23, 28, 30]),
        ]
    )
    func matchingDays(text: String, month: Int, days: [Int]) throws {
        #expect(try self.days(text, year: 2026, month: month) == days)
    }

    @Test(
        "a mistake is told with the field, the value and what is allowed",
        arguments: [
            ("60 * * * *", #"minute: "60" must be 0 to 59, as a list, a range a-b or with a step /n"#),
            ("* 24 * * *", #"hour: "24" must be 0 to 23, as a list, a range a-b or with a step /n"#),
            (
                "* * 32 * *",
                #"day-of-month: "32" must be 1 to 31, as a list, a range a-b or with a step /n, or L, L-n, LW or nW"#
            ),
            (
                "* * * JANUARY *",
                #"month: "JANUARY" must be 1 to 12 or JAN to DEC, as a list, a range a-b or with a step /n"#
            ),
            (
                "* * * * 8",
                #"day-of-week: "8" must be 0 to 7 or SUN to SAT, as a list, a range a-b or with a step /n, or such as 5L or FRI#2"#
            ),
            ("*/60 * * * *", #"minute: "*/60" must be a step of 1 to 59"#),
            ("* * * * FRI-MON", #"day-of-week: "FRI-MON" must be a range that ascends: write the two parts as a list"#),
            ("* * * * FRI#6", #"day-of-week: "FRI#6" must be a weekday, # and 1 to 5, such as FRI#2"#),
            ("* * L-31 * *", #"day-of-month: "L-31" must be L-1 to L-30"#),
            ("* * 0W * *", #"day-of-month: "0W" must be 1W to 31W or LW"#),
            ("* * * * L", #"day-of-week: "L" must be a weekday and L, such as 5L or FRIL"#),
            ("* * * *", #"cron: "* * * *" must be five fields: minute, hour, day-of-month, month, day-of-week"#),
            ("@reboot", #"cron: "@reboot" must be @yearly, @monthly, @weekly, @daily or @hourly"#),
        ]
    )
    func mistakes(text: String, message: String) {
        let error = #expect(throws: ScheduleError.self) { try CronExpression(text) }
        #expect(error?.description == message)
    }

    @Test(
        "what is no expression is refused",
        arguments: [
            "", " ", "* * * * * *", "-1 * * * *", "1- * * * *", "-5 * * * *", "1-2-3 * * * *", "1,,2 * * * *",
            ", * * * *", "*/0 * * * *",
            "*/ * * * *", "/5 * * * *", "1/2/3 * * * *", "5-1 * * * *", "*-5 * * * *", "** * * * *", "1.5 * * * *",
            "+1 * * * *",
            "٣ * * * *", "* * 0 * *", "* * * 0 *", "* * * 13 *", "* * L/2 * *", "* * W * *", "* * 1WW * *",
            "* * L-0 * *",
            "* * * * #2", "* * * * FRI#", "* * * * FRI#2#3", "* * * * MON-FRIL", "* * * ſEP *", "* * * * ſUN",
            "0001 * * * *",
            "@", "@daily @daily", "99999999999999999999 * * * *",
        ]
    )
    func noExpressions(text: String) {
        #expect(throws: ScheduleError.self) { try CronExpression(text) }
    }

    @Test("texts and lists have a bound")
    func bounds() {
        let long = (0..<100).map { String($0 % 60) }.joined(separator: ",")
        #expect(throws: ScheduleError.self) { try CronExpression("\(long) * * * *") }
        let error = #expect(throws: ScheduleError.self) {
            try CronExpression(String(repeating: "1,", count: 400) + "1 * * * *")
        }
        #expect((error?.description.count ?? 0) < 200)
    }

    @Test("any text is read or refused, and what is read can be searched")
    func fuzz() throws {
        let seed = UInt64.random(in: .min ... .max)
        var generator = SeededGenerator(seed: seed)
        let parts = [
            "*", "?", "/", "-", ",", "#", "L", "W", "0", "1", "5", "7", "12", "31", "59", "60", "FRI", "FEB", " ", " ",
            " ", "@", "é",
        ]
        let now = WallTime(CivilDate(year: 2026, month: 2, day: 3))
        for round in 0..<20_000 {
            var text = ""
            for field in 0..<5 {
                for _ in 0..<Int.random(in: 1...3, using: &generator) {
                    text += parts.randomElement(using: &generator) ?? ""
                }
                if field < 4 { text += " " }
            }
            guard let expression = try? CronExpression(text), round.isMultiple(of: 4) else { continue }
            if let next = expression.first(atOrAfter: now) {
                #expect(expression.matches(next) && next >= now, "seed \(seed): \(text)")
                #expect(expression.last(atOrBefore: next) == next, "seed \(seed): \(text)")
            }
        }
    }

    // MARK: Searching

    @Test(
        "the next match, over leap days and the year 2100",
        arguments: [
            ("0 0 29 2 *", "2096-02-29T00:01:00", "2104-02-29T00:00:00"),
            ("0 0 29 2 */7", "2088-03-01T00:00:00", "2128-02-29T00:00:00"),
            ("0 12 29 FEB *", "2024-02-29T12:00:00", "2024-02-29T12:00:00"),
            ("30 6 1 1 *", "2026-01-01T06:30:01", "2027-01-01T06:30:00"),
            ("59 23 31 12 *", "2099-12-31T23:59:59", "2100-12-31T23:59:00"),
            ("* * * * *", "2026-12-31T23:59:01", "2027-01-01T00:00:00"),
            ("0 0 L 2 *", "2100-01-01T00:00:00", "2100-02-28T00:00:00"),
            ("0 0 1 3 *", "2100-02-28T12:00:00", "2100-03-01T00:00:00"),
        ]
    )
    func nextMatch(text: String, from: String, next: String) throws {
        let found = try CronExpression(text).first(atOrAfter: try wall(from))
        #expect(found == (try wall(next)))
    }

    @Test(
        "days that never come have no match, and it is soon known",
        arguments: ["0 0 31 2 *", "0 0 30 FEB *", "* * 31 4,6,9,11 *", "0 0 L-30 2 *"]
    )
    func neverMatches(text: String) throws {
        let expression = try CronExpression(text)
        let (first, last) = (try wall("1970-01-01T00:00:00"), try wall("2200-12-31T23:59:00"))
        let duration = ContinuousClock().measure {
            #expect(expression.first(atOrAfter: first) == nil)
            #expect(expression.last(atOrBefore: last) == nil)
        }
        #expect(duration < .seconds(2))
    }

    @Test("the calendar ends with 2200, and before 1970 nothing matches")
    func edges() throws {
        let expression = try CronExpression("0 0 1 1 *")
        #expect(expression.first(atOrAfter: WallTime(seconds: .min / 4)) == WallTime(seconds: 0))
        #expect(expression.first(atOrAfter: try wall("2200-01-01T00:01:00")) == nil)
        #expect(expression.last(atOrBefore: WallTime(seconds: .max / 4)) == (try wall("2200-01-01T00:00:00")))
        #expect(expression.last(atOrBefore: WallTime(seconds: -1)) == nil)
    }

    @Test("searching finds exactly what trying each minute finds")
    func againstEachMinute() throws {
        let seed = UInt64.random(in: .min ... .max)
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<40 {
            let text = RandomCron.text(using: &generator)
            let expression = try CronExpression(text)
            let first = WallTime(seconds: Int.random(in: 0..<7_000_000_000 / 60, using: &generator) * 60)
            let minutes = (0..<3000).map { WallTime(seconds: first.seconds + $0 * 60) }
            let matching = minutes.filter(expression.matches)
            var forward: [WallTime] = []
            var next = expression.first(atOrAfter: first)
            while let found = next, found.seconds < first.seconds + 180_000 {
                forward.append(found)
                next = expression.first(atOrAfter: WallTime(seconds: found.seconds + 1))
            }
            #expect(forward == matching, "seed \(seed): \(text) from \(first)")
            var backward: [WallTime] = []
            var previous = expression.last(atOrBefore: WallTime(seconds: first.seconds + 179_999))
            while let found = previous, found >= first {
                backward.append(found)
                previous = expression.last(atOrBefore: WallTime(seconds: found.seconds - 1))
            }
            #expect(backward.reversed() == matching, "seed \(seed): \(text) from \(first)")
        }
    }

    private func wall(_ text: String) throws -> WallTime {
        WallTime(seconds: try #require(Timestamp(rfc3339: text + "Z")).secondsSince1970)
    }
}
