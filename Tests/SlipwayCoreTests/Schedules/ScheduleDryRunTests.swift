import Testing

@testable import SlipwayCore

@Suite("What ticks would do")
struct ScheduleDryRunTests {
    private let noon = Timestamp("2026-05-01T12:00:00Z")

    private func dryRun(
        _ cron: String,
        _ count: Int,
        _ conditions: ScheduleDryRun.Conditions,
        refusal: (Tick) -> TickSkipReason? = { _ in nil }
    ) -> [String] {
        let schedule = Schedule.sample(cron)
        let run = ScheduleDryRun(of: schedule, after: noon, count: count, conditions: conditions, refusal: refusal)
        return run.lines.map { line in
            let time = line.tick.at.description.dropFirst(11).prefix(5)
            return switch line.verdict {
            case .starts: "\(time) starts"
            case .replaces(let runs): "\(time) replaces \(runs)"
            case .waits(let until, let reason):
                "\(time) waits until \(until.description.dropFirst(11).prefix(5)) \(reason.rawValue)"
            case .skipped(let reason): "\(time) skipped \(reason.rawValue)"
            }
        }
    }

    private func conditions(_ overlap: ScheduleDryRun.Overlap, minutes: Int) -> ScheduleDryRun.Conditions {
        ScheduleDryRun.Conditions(overlap: overlap, runSeconds: minutes * 60)
    }

    @Test("hourly runs of ninety minutes meet each other as the policy says")
    func overlaps() {
        #expect(
            dryRun("0 * * * *", 3, conditions(.skip, minutes: 90)) == [
                "13:00 starts", "14:00 skipped concurrency_limit", "15:00 starts",
            ]
        )
        #expect(
            dryRun("0 * * * *", 3, conditions(.replace, minutes: 90)) == [
                "13:00 starts", "14:00 replaces 1", "15:00 replaces 1",
            ]
        )
        let queued = [
            "13:00 starts", "14:00 waits until 14:30 concurrency_limit", "15:00 waits until 16:00 concurrency_limit",
        ]
        #expect(dryRun("0 * * * *", 3, conditions(.queue, minutes: 90)) == queued)
        #expect(dryRun("0 * * * *", 3, conditions(.allow(maximum: 1), minutes: 90)) == queued)
        #expect(
            dryRun("0 * * * *", 3, conditions(.allow(maximum: 2), minutes: 90)) == [
                "13:00 starts", "14:00 starts", "15:00 starts",
            ]
        )
        #expect(
            dryRun("0 * * * *", 3, conditions(.skip, minutes: 0)) == ["13:00 starts", "14:00 starts", "15:00 starts"]
        )
    }

    @Test("runs that are live now count")
    func live() {
        var conditions = conditions(.allow(maximum: 1), minutes: 10)
        conditions.liveUntil = [noon + .seconds(5400)]
        #expect(dryRun("0 * * * *", 2, conditions) == ["13:00 waits until 13:30 concurrency_limit", "14:00 starts"])
    }

    @Test("a closed window is waited for or skips the tick")
    func windows() throws {
        var conditions = conditions(.allow(maximum: 1), minutes: 0)
        conditions.windows = try EligibleWindows(["14:30-15:30"], zone: .utc)
        let waiting = [
            "13:00 waits until 14:30 window_closed", "14:00 waits until 14:30 window_closed", "15:00 starts",
        ]
        #expect(dryRun("0 * * * *", 3, conditions) == waiting)
        conditions.outsideWindows = .skip
        #expect(
            dryRun("0 * * * *", 3, conditions) == [
                "13:00 skipped window_closed", "14:00 skipped window_closed", "15:00 starts",
            ]
        )
        // A run that waits for another one until the window is closed waits for the next day's.
        (conditions.outsideWindows, conditions.runSeconds) = (.wait, 3000)
        #expect(
            dryRun("0,20 15 * * *", 2, conditions) == ["15:00 starts", "15:20 waits until 14:30 window_closed"]
        )
    }

    @Test("other reasons are told, and a paused schedule's ticks are skipped")
    func refusals() {
        let lines = dryRun("0 * * * *", 2, ScheduleDryRun.Conditions()) {
            $0.at > noon + .seconds(3600) ? .noHealthyCluster : nil
        }
        #expect(lines == ["13:00 starts", "14:00 skipped no_healthy_cluster"])
        let paused = ScheduleDryRun(of: .sample("0 * * * *", isPaused: true), after: noon, count: 2)
        #expect(paused.lines.map(\.verdict) == [.skipped(.schedulePaused), .skipped(.schedulePaused)])
        #expect(ScheduleDryRun(of: .sample("* * * * *"), after: noon, count: .max).lines.count == 1000)
        #expect(ScheduleDryRun(of: .sample("* * * * *"), after: noon, count: -1).lines == [])
        #expect(ScheduleDryRun(of: .sample("0 0 31 2 *"), after: noon, count: 3).lines == [])
    }

    @Test("a backfill has the ticks of its range that had no run, and none to come")
    func backfill() {
        let schedule = Schedule.sample("0 * * * *", isPaused: true, since: noon)
        func backfill(_ selection: Backfill.Selection = .withoutRun, _ order: Backfill.Order = .oldestFirst) -> Backfill
        {
            let range = noon + .seconds(-7200)..<noon + .seconds(7200)
            return Backfill(
                Backfill.ticks(of: schedule, in: range, now: noon),
                selection: selection,
                order: order
            ) {
                [noon + .seconds(-7200): .fired, noon + .seconds(-3600): .skipped(.missed)][$0]
            }
        }
        #expect(backfill().items.map(\.tick) == [-7200, -3600, 0].map { noon + .seconds($0) })
        #expect(backfill().items.map(\.createsRun) == [false, true, true])
        #expect(backfill().items.map(\.known) == [.fired, .skipped(.missed), nil])
        #expect(backfill().runs == 2 && backfill(.all).runs == 3 && !backfill().isCut)
        #expect(backfill(.all, .newestFirst).items.map(\.tick) == backfill().items.map(\.tick).reversed())
    }

    @Test("a backfill has a bound, and a range the wrong way round or to come is empty")
    func backfillBounds() {
        let schedule = Schedule.sample("* * * * *")
        let years = noon + .seconds(-86_400 * 3650)..<noon
        #expect(Backfill.ticks(of: schedule, in: years, now: noon).count == 1001)
        let long = Backfill(Backfill.ticks(of: schedule, in: noon + .seconds(-86_400)..<noon, now: noon)) { _ in nil }
        #expect(long.isCut && long.runs == 1000 && long.items[0].tick == noon + .seconds(-86_400))
        #expect(Backfill.ticks(of: schedule, in: noon + .seconds(60)..<noon + .seconds(600), now: noon) == [])
        #expect(Backfill([]) { _ in nil }.items == [])
    }
}
