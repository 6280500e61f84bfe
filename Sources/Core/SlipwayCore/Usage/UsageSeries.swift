/// What a container used at one moment, or on average until it.
package struct UsagePoint: Sendable, Hashable {
    package var at: Timestamp
    /// Thousandths of a core, averaged over the time since the point before.
    package var millicores: Int
    /// The working set in bytes; of several moments in one point, the largest.
    package var memoryBytes: Int

    package init(at: Timestamp, millicores: Int, memoryBytes: Int) {
        self.at = at
        self.millicores = millicores
        self.memoryBytes = memoryBytes
    }
}

/// A container's use over time.
package enum UsageSeries {
    /// The same course in at most `limit` points, evenly spread over its time.
    ///
    /// Points that fall together become one at the time of the last of them, with their average CPU and their largest memory. So
    /// a peak of memory survives however often a series is thinned.
    ///
    /// - Parameters:
    ///   - points: in the order of their times.
    ///   - limit: 0 gives none.
    package static func thinned(_ points: [UsagePoint], to limit: Int) -> [UsagePoint] {
        guard points.count > max(limit, 0) else { return points }
        guard limit > 0, let first = points.first, let last = points.last else { return [] }
        let span = last.at.microsecondsSince1970 - first.at.microsecondsSince1970
        let width = max(1, span / Int64(limit) + 1)
        var thinned: [UsagePoint] = []
        var current: (slot: Int64, points: Int, millicores: Int, point: UsagePoint)?
        func finish() {
            guard let joined = current else { return }
            var point = joined.point
            point.millicores = (joined.millicores + joined.points / 2) / joined.points
            thinned.append(point)
        }
        for point in points {
            let slot = max(0, point.at.microsecondsSince1970 - first.at.microsecondsSince1970) / width
            if let known = current, known.slot == slot {
                let memory = max(known.point.memoryBytes, point.memoryBytes)
                let joined = UsagePoint(at: point.at, millicores: 0, memoryBytes: memory)
                current = (slot, known.points + 1, known.millicores + point.millicores, joined)
            } else {
                finish()
                current = (slot, 1, point.millicores, point)
            }
        }
        finish()
        return thinned
    }
}
