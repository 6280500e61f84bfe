/// The coming ticks of many schedules in one list, by their moments.
package struct UpcomingTicks: Sendable, Hashable {
    package struct Item: Sendable, Hashable, Comparable {
        package var schedule: ScheduleID
        package var tick: Tick

        package init(schedule: ScheduleID, tick: Tick) {
            self.schedule = schedule
            self.tick = tick
        }

        package static func < (left: Item, right: Item) -> Bool {
            (left.tick.at, left.schedule) < (right.tick.at, right.schedule)
        }
    }

    package let items: [Item]

    /// - Parameters:
    ///   - schedules: each with the last tick in its ledger. Those that are paused are passed over.
    ///   - after: only what comes after this moment and, at this moment, after this schedule.
    ///   - until: only what is before this moment.
    package init(
        of schedules: [(schedule: Schedule, lastSettled: Timestamp?)],
        after position: (at: Timestamp, schedule: ScheduleID)? = nil,
        until: Timestamp? = nil,
        limit: Int
    ) {
        var heap = MinimumHeap<Item>()
        var byID: [ScheduleID: Schedule] = [:]
        func first(_ schedule: Schedule, _ lastSettled: Timestamp?) -> Tick? {
            guard let position else { return schedule.nextTick(lastSettled: lastSettled) }
            let from = position.schedule < schedule.id ? position.at.justBefore : position.at
            return schedule.next(after: max(from, lastSettled ?? from, schedule.effectiveSince.justBefore))
        }
        for (schedule, lastSettled) in schedules where !schedule.isPaused {
            guard let tick = first(schedule, lastSettled) else { continue }
            byID[schedule.id] = schedule
            heap.insert(Item(schedule: schedule.id, tick: tick))
        }
        var items: [Item] = []
        while items.count < limit, let item = heap.removeLeast(), item.tick.at < until ?? .endOfScheduled {
            items.append(item)
            guard let next = byID[item.schedule]?.next(after: item.tick.at) else { continue }
            heap.insert(Item(schedule: item.schedule, tick: next))
        }
        self.items = items
    }
}
