internal import DequeModule

/// What was published on a channel and is not confirmed yet, by sequence number.
///
/// The broker confirms single numbers in any order, or with `multiple` all up to one. Below the low-water mark nothing is
/// outstanding.
struct ConfirmTracker<Entry> {
    private var entries: Deque<Entry?> = []
    /// The low-water mark: the lowest number that may be outstanding.
    private(set) var lowest: UInt64 = 1
    /// How many are outstanding.
    private(set) var count = 0

    var isEmpty: Bool { count == 0 }
    /// From the low-water mark to the last number sent, gaps included.
    var span: Int { entries.count }
    /// What the next entry will get.
    var nextSequence: UInt64 { lowest + UInt64(entries.count) }

    /// In the order of sending.
    var outstanding: some Sequence<Entry> { entries.lazy.compactMap { $0 } }

    mutating func sent(_ entry: Entry) {
        entries.append(entry)
        count += 1
    }

    /// Changes an outstanding entry, if the number stands for one.
    mutating func update(_ sequence: UInt64, _ change: (inout Entry) -> Void) {
        guard let index = index(of: sequence), var entry = entries[index] else { return }
        change(&entry)
        entries[index] = entry
    }

    /// Takes out what a confirm speaks of and passes it on in the order of sending. Numbers not outstanding are passed over.
    mutating func settle(_ sequence: UInt64, multiple: Bool, _ settled: (Entry) -> Void) {
        // With `multiple`, 0 stands for all.
        let last = multiple && sequence == 0 ? nextSequence - 1 : min(sequence, nextSequence - 1)
        guard last >= lowest else { return }
        guard multiple else {
            if let index = index(of: sequence), let entry = entries[index] {
                entries[index] = nil
                count -= 1
                advance()
                settled(entry)
            }
            return
        }
        while lowest <= last, let entry = entries.popFirst() {
            lowest += 1
            guard let entry else { continue }
            count -= 1
            settled(entry)
        }
        advance()
    }

    /// Takes out everything, in the order of sending, and begins again at 1: numbers belong to a channel.
    mutating func reset() -> [Entry] {
        defer { self = ConfirmTracker() }
        return Array(outstanding)
    }

    private func index(of sequence: UInt64) -> Int? {
        guard sequence >= lowest, sequence < nextSequence else { return nil }
        return Int(sequence - lowest)
    }

    private mutating func advance() {
        while let first = entries.first, first == nil {
            entries.removeFirst()
            lowest += 1
        }
    }
}
