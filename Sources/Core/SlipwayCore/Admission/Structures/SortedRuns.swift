/// Waiting runs by age, in chunks: adding at the end, taking from the front and finding are quick, and a million of
/// them take little more than their 24 bytes each.
struct SortedRuns {
    /// Runs of a full chunk.
    static let chunkSize = 256

    /// None is empty, and each is sorted and before the next.
    private var chunks: [[RunOrder]] = []
    private(set) var count = 0

    var isEmpty: Bool { count == 0 }
    var first: RunOrder? { chunks.first?.first }

    /// Adds a run that is not there yet.
    mutating func insert(_ run: RunOrder) {
        count += 1
        guard !chunks.isEmpty else {
            chunks.append([run])
            return
        }
        let index = max(0, chunkCount(startingBefore: run) - 1)
        let offset = Self.rank(of: run, in: chunks[index])
        if chunks[index].count < Self.chunkSize {
            chunks[index].insert(run, at: offset)
        } else if offset == Self.chunkSize, index == chunks.count - 1 {
            chunks.append([run])
        } else {
            let half = Self.chunkSize / 2
            let upper = Array(chunks[index][half...])
            chunks[index].removeSubrange(half...)
            chunks.insert(upper, at: index + 1)
            if offset <= half {
                chunks[index].insert(run, at: offset)
            } else {
                chunks[index + 1].insert(run, at: offset - half)
            }
        }
    }

    /// - Returns: whether it was there.
    @discardableResult
    mutating func remove(_ run: RunOrder) -> Bool {
        let index = chunkCount(startingBefore: run, orAt: true) - 1
        guard index >= 0 else { return false }
        let offset = Self.rank(of: run, in: chunks[index])
        guard offset < chunks[index].count, chunks[index][offset] == run else { return false }
        chunks[index].remove(at: offset)
        count -= 1
        if chunks[index].isEmpty {
            chunks.remove(at: index)
        } else if index + 1 < chunks.count, chunks[index].count + chunks[index + 1].count <= Self.chunkSize / 2 {
            chunks[index] += chunks[index + 1]
            chunks.remove(at: index + 1)
        }
        return true
    }

    /// How many come before it, whether it is there or not.
    func rank(of run: RunOrder) -> Int {
        let index = chunkCount(startingBefore: run) - 1
        guard index >= 0 else { return 0 }
        var rank = Self.rank(of: run, in: chunks[index])
        for chunk in chunks[..<index] { rank += chunk.count }
        return rank
    }

    /// How many began to wait at or before a moment.
    func count(waitingAt now: Int64) -> Int {
        now == .max ? count : rank(of: .floor(now + 1))
    }

    /// The runs at these ranks.
    func slice(_ ranks: Range<Int>) -> [RunOrder] {
        var runs: [RunOrder] = []
        var start = 0
        for chunk in chunks where start < ranks.upperBound {
            let wanted = ranks.clamped(to: start..<(start + chunk.count))
            if !wanted.isEmpty { runs += chunk[(wanted.lowerBound - start)..<(wanted.upperBound - start)] }
            start += chunk.count
        }
        return runs
    }

    /// How many chunks begin before a run, which is in the last of them if anywhere.
    private func chunkCount(startingBefore run: RunOrder, orAt: Bool = false) -> Int {
        var low = 0
        var high = chunks.count
        while low < high {
            let middle = (low + high) / 2
            if chunks[middle][0] < run || (orAt && chunks[middle][0] == run) {
                low = middle + 1
            } else {
                high = middle
            }
        }
        return low
    }

    private static func rank(of run: RunOrder, in chunk: [RunOrder]) -> Int {
        if let last = chunk.last, last < run { return chunk.count }
        var low = 0
        var high = chunk.count
        while low < high {
            let middle = (low + high) / 2
            if chunk[middle] < run { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
