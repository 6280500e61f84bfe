import Testing

@testable import SlipwayCore

@Suite("Days of the calendar")
struct CivilDateTests {
    @Test("each day of nine centuries follows the one before it and has its number")
    func everyDay() {
        var day = CivilDate(year: 1600, month: 1, day: 1)
        var number = -135_140
        var wrong = 0
        while day.year < 2500 {
            if day.daysSince1970 != number || CivilDate(daysSince1970: number) != day || !day.isValid { wrong += 1 }
            number += 1
            if day.day < CivilDate.length(ofMonth: day.month, year: day.year) {
                day.day += 1
            } else {
                day = CivilDate(year: day.month == 12 ? day.year + 1 : day.year, month: day.month % 12 + 1, day: 1)
            }
        }
        #expect(wrong == 0)
        #expect(number == 193_579)
    }

    @Test(
        "leap years are those of the Gregorian calendar",
        arguments: [
            (1900, false), (2000, true), (2024, true), (2026, false), (2096, true), (2100, false), (2104, true),
        ]
    )
    func leapYears(year: Int, isLeap: Bool) {
        #expect(CivilDate.isLeap(year) == isLeap)
        #expect(CivilDate(year: year, month: 2, day: 29).isValid == isLeap)
    }

    @Test(
        "weekdays are counted from Sunday",
        arguments: [
            (CivilDate(year: 1969, month: 12, day: 31), 3), (CivilDate(year: 1970, month: 1, day: 1), 4),
            (CivilDate(year: 2026, month: 3, day: 29), 0), (CivilDate(year: 2100, month: 2, day: 28), 0),
            (CivilDate(year: 2100, month: 3, day: 1), 1),
        ]
    )
    func weekdays(date: CivilDate, weekday: Int) {
        #expect(CivilDate.weekday(daysSince1970: date.daysSince1970) == weekday)
    }

    @Test("a wall time is told as it is read")
    func wallTimes() {
        let wall = WallTime(CivilDate(year: 2026, month: 3, day: 29), hour: 2, minute: 30, second: 5)
        #expect(wall.description == "2026-03-29T02:30:05")
        #expect(wall.date == CivilDate(year: 2026, month: 3, day: 29) && wall.secondOfDay == 9005)
        #expect(WallTime(seconds: -1).description == "1969-12-31T23:59:59")
    }
}
