internal import NIOCore

/// What happened to an object of some kind, as a watch reports it.
package enum ChangeType: String, Sendable {
    case added = "ADDED"
    case modified = "MODIFIED"
    case deleted = "DELETED"
}

/// One change of one object. A deletion carries the last state under the version of the deletion.
package struct Change: Sendable {
    package let type: ChangeType
    package let object: StoredObject
    package let previous: StoredObject?

    package var version: UInt64 { object.version }

    /// How the change looks through a filter: an object that begins to match is added, one that ceases to is deleted.
    package func type(through filter: ObjectFilter) -> ChangeType? {
        let matches = filter.matches(object)
        switch type {
        case .added: return matches ? .added : nil
        case .deleted: return matches || previous.map(filter.matches) ?? false ? .deleted : nil
        case .modified:
            switch (previous.map(filter.matches) ?? false, matches) {
            case (true, true): return .modified
            case (false, true): return .added
            case (true, false): return .deleted
            case (false, false): return nil
            }
        }
    }
}

/// The latest changes of one kind, bounded in number and bytes; what fell out can no longer be watched from.
package struct WatchHistory {
    package struct Limits: Sendable {
        package var changes: Int
        package var bytes: Int

        package init(changes: Int = 20_000, bytes: Int = 96 << 20) {
            self.changes = changes
            self.bytes = bytes
        }
    }

    private let limits: Limits
    private var ring: [Change?]
    /// The sequence number of the oldest change kept and of the next to come; a change stands at its number modulo size.
    private var first = 0
    private var next = 0
    private var byteCount = 0
    /// A watch may start at this version or a later one.
    package private(set) var oldestVersion: UInt64

    package init(limits: Limits, version: UInt64) {
        self.limits = limits
        ring = Array(repeating: nil, count: max(1, limits.changes))
        oldestVersion = version
    }

    package var count: Int { next - first }

    package mutating func append(_ change: Change) {
        let size = change.object.buffer.readableBytes
        while count > 0, count >= ring.count || byteCount + size > limits.bytes { removeFirst() }
        ring[next % ring.count] = change
        next += 1
        byteCount += size
    }

    private mutating func removeFirst() {
        let index = first % ring.count
        if let change = ring[index] {
            byteCount -= change.object.buffer.readableBytes
            oldestVersion = change.version
        }
        ring[index] = nil
        first += 1
    }

    /// Forgets everything: only a watch from `version` on is served afterwards.
    package mutating func expire(at version: UInt64) {
        while count > 0 { removeFirst() }
        oldestVersion = version
    }

    /// A place to read on from, right after `version`; `nil` if changes after it are forgotten.
    package func cursor(after version: UInt64) -> Int? {
        guard version >= oldestVersion else { return nil }
        var low = first
        var high = next
        while low < high {
            let middle = (low + high) / 2
            if let change = ring[middle % ring.count], change.version <= version {
                low = middle + 1
            } else {
                high = middle
            }
        }
        return low
    }

    package var end: Int { next }

    /// Up to `limit` changes from a cursor on, and the cursor behind them; `nil` if the reader fell too far behind.
    package func changes(from cursor: Int, limit: Int) -> (changes: [Change], cursor: Int)? {
        guard cursor >= first else { return nil }
        let end = min(next, cursor + limit)
        var changes: [Change] = []
        changes.reserveCapacity(end - cursor)
        for index in cursor..<end {
            if let change = ring[index % ring.count] { changes.append(change) }
        }
        return (changes, end)
    }
}
