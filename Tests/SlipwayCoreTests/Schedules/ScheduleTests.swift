import Testing

@testable import SlipwayCore

extension Timestamp {
    /// A moment of a test's table; a mistake in it ends the test at once.
    init(_ text: String) {
        guard let moment = Timestamp(rfc3339: text) else { fatalError("no moment: \(text)") }
        self = moment
    }
}

extension Schedule {
    /// In UTC unless told otherwise.
    static func sample(
        _ cron: String,
        zone: SampleZone = .utc,
        jitterSeconds: Int = 0,
        missedTicks: MissedTicks = .latest,
        isPaused: Bool = false,
        since: Timestamp = .firstScheduled
    ) -> Schedule {
        do {
            return Schedule(
                id: ScheduleID(high: 7, low: 8),
                trigger: .cron(try CronExpression(cron), zone.rules),
                jitterSeconds: jitterSeconds,
                missedTicks: missedTicks,
                isPaused: isPaused,
                effectiveSince: since
            )
        } catch {
            fatalError("\(error)")
        }
    }
}

@Suite("Ticks of a schedule")
struct ScheduleTests {
    private let noon = Timestamp("2026-05-01T12:00:00Z")

    @Test("an interval begins at its anchor and keeps its distance")
    func interval() {
        var schedule = Schedule.sample("* * * * *")
        schedule.trigger = .interval(seconds: 90, anchor: noon)
        #expect(schedule.next(after: noon + .seconds(-1000))?.at == noon)
        #expect(schedule.next(after: noon)?.at == noon + .seconds(90))
        #expect(schedule.next(after: noon + .milliseconds(89_999))?.at == noon + .seconds(90))
        #expect(schedule.previous(before: noon + .seconds(90))?.at == noon)
        #expect(schedule.previous(before: noon + .microseconds(1))?.at == noon)
        #expect(schedule.previous(before: noon) == nil)
        let ticks = schedule.ticks(in: noon..<noon + .seconds(270), limit: 10).map(\.at)
        #expect(ticks == [0, 90, 180].map { noon + .seconds($0) })
    }

    @Test("what is to be once is once, and what is always on has no ticks of its own")
    func onceAndAlways() {
        var schedule = Schedule.sample("* * * * *")
        schedule.trigger = .once(at: noon)
        #expect(schedule.next(after: noon + .microseconds(-1))?.at == noon)
        #expect(schedule.next(after: noon) == nil)
        #expect(schedule.previous(before: noon) == nil)
        #expect(schedule.previous(before: noon + .microseconds(1))?.at == noon)
        schedule.trigger = .alwaysOn(pauseSeconds: 5)
        #expect(schedule.next(after: noon) == nil && schedule.previous(before: noon) == nil)
    }

    @Test("a tick at the start counts, one at the end does not")
    func startAndEnd() {
        var schedule = Schedule.sample("0 * * * *")
        (schedule.start, schedule.end) = (noon, noon + .seconds(7200))
        let day = noon + .seconds(-43_200)..<noon + .seconds(43_200)
        #expect(schedule.ticks(in: day, limit: 100).map(\.at) == [noon, noon + .seconds(3600)])
        #expect(schedule.previous(before: day.upperBound)?.at == noon + .seconds(3600))
        #expect(schedule.previous(before: noon) == nil)
        #expect(schedule.next(after: noon + .seconds(3600)) == nil)
    }

    @Test("parts of a second are neither rounded up nor down")
    func partsOfSeconds() {
        let schedule = Schedule.sample("0 * * * *")
        #expect(schedule.next(after: noon + .microseconds(-1))?.at == noon)
        #expect(schedule.next(after: noon)?.at == noon + .seconds(3600))
        #expect(schedule.previous(before: noon + .microseconds(1))?.at == noon)
        #expect(schedule.previous(before: noon)?.at == noon + .seconds(-3600))
    }

    @Test(
        "moments at the ends of time are asked without a trap",
        arguments: [Int64.min, .min + 1, -1, 0, 7_289_654_400_000_000, .max - 1, .max],
        [
            Schedule.Trigger.interval(seconds: 10, anchor: Timestamp(microsecondsSince1970: .min)),
            .interval(seconds: .max, anchor: .firstScheduled), .interval(seconds: 0, anchor: .firstScheduled),
            .interval(seconds: 60, anchor: Timestamp(microsecondsSince1970: .max)),
            .once(at: Timestamp(microsecondsSince1970: .max)), .once(at: Timestamp(microsecondsSince1970: .min)),
            Schedule.sample("0 0 * * 1", zone: .berlin).trigger, Schedule.sample("0 * * * 1", zone: .apia).trigger,
        ]
    )
    func ends(microseconds: Int64, trigger: Schedule.Trigger) {
        let moment = Timestamp(microsecondsSince1970: microseconds)
        for edge in [nil, moment] {
            var schedule = Schedule.sample("* * * * *", jitterSeconds: 3600)
            (schedule.trigger, schedule.start, schedule.end) = (trigger, edge, edge)
            if let next = schedule.next(after: moment) { #expect(next.at > moment) }
            if let previous = schedule.previous(before: moment) { #expect(previous.at < moment) }
        }
    }

    // MARK: Jitter

    @Test("jitter is the same for each who asks, within its bound, and evenly spread")
    func jitter() {
        let schedule = Schedule.sample("* * * * *", jitterSeconds: 100)
        let ticks = schedule.ticks(in: noon..<noon + .seconds(600_000), limit: 10_000)
        #expect(ticks == schedule.ticks(in: noon..<noon + .seconds(600_000), limit: 10_000))
        var tenths = Array(repeating: 0, count: 10)
        for tick in ticks {
            let delay = tick.due - tick.at
            #expect(delay >= .zero && delay <= .seconds(100))
            tenths[min(9, Int(delay.components.seconds) / 10)] += 1
        }
        #expect(tenths.allSatisfy { (850...1150).contains($0) }, "\(tenths)")
        var other = schedule
        other.id = ScheduleID(high: 7, low: 9)
        let same = zip(ticks, other.ticks(in: noon..<noon + .seconds(600_000), limit: 10_000)).count { $0 == $1 }
        #expect(same < 10)
    }

    // MARK: Checks

    @Test(
        "what is out of bounds is told with its field",
        arguments: [
            (
                Schedule.Trigger.interval(seconds: 9, anchor: .firstScheduled),
                "interval_seconds: \"9\" must be 10 to 31622400"
            ),
            (
                .interval(seconds: 60, anchor: .endOfScheduled),
                "anchor: \"2201-01-01T00:00:00.000Z\" must be a time of the years 1970 to 2200"
            ),
            (
                .once(at: Timestamp(microsecondsSince1970: -1)),
                "at: \"1969-12-31T23:59:59.999Z\" must be a time of the years 1970 to 2200"
            ),
            (.alwaysOn(pauseSeconds: -1), "pause_seconds: \"-1\" must be 0 to 86400"),
        ]
    )
    func triggers(trigger: Schedule.Trigger, message: String) {
        var schedule = Schedule.sample("* * * * *")
        schedule.trigger = trigger
        let error = #expect(throws: ScheduleError.self) { try schedule.validate() }
        #expect(error?.description == message)
    }

    @Test("jitter, limits and the order of start and end are checked")
    func otherChecks() throws {
        let schedule = Schedule.sample("* * * * *")
        try schedule.validate()
        let changes: [(inout Schedule) -> Void] = [
            { $0.jitterSeconds = 3601 }, { $0.missedTicks = .all(limit: 0) }, { $0.missedTicks = .all(limit: 501) },
            { ($0.start, $0.end) = (.endOfScheduled, .firstScheduled) },
        ]
        for change in changes {
            var changed = schedule
            change(&changed)
            #expect(throws: ScheduleError.self) { try changed.validate() }
        }
    }

    @Test("only what moves ticks asks for settling the old ones")
    func otherTicks() {
        let schedule = Schedule.sample("0 * * * *", zone: .berlin)
        var other = schedule
        (other.missedTicks, other.isPaused, other.effectiveSince) = (.skip, true, noon)
        #expect(!schedule.hasOtherTicks(than: other))
        other.jitterSeconds = 1
        #expect(schedule.hasOtherTicks(than: other))
        #expect(schedule.hasOtherTicks(than: .sample("1 * * * *", zone: .berlin)))
        #expect(schedule.hasOtherTicks(than: .sample("0 * * * *")))
    }
}
