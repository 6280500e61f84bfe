internal import Synchronization

/// Makes the ids of new runs. Each is larger than all before it in this process, so lists by id are lists by time.
package final class RunIdentifiers: Sendable {
    private let now: @Sendable () -> Timestamp
    private let random: @Sendable () -> UInt64
    private let last = Mutex<Identifier?>(nil)

    /// - Parameters:
    ///   - now: the time, for the upper 48 bits.
    ///   - random: 64 random bits a call.
    package init(now: @escaping @Sendable () -> Timestamp, random: @escaping @Sendable () -> UInt64) {
        self.now = now
        self.random = random
    }

    package func next() -> RunID {
        let milliseconds = UInt64(max(0, now().microsecondsSince1970 / 1000))
        let fresh = Identifier(
            millisecondsSince1970: milliseconds,
            randomHigh: random(),
            randomLow: random() >> 2
        )
        return last.withLock { last in
            var next = fresh
            // In the same millisecond, or when the clock went back, the next id is the one after the last.
            if let last, fresh <= last { next = last.successor }
            last = next
            return next
        }
    }
}

extension Identifier {
    /// The next larger id. The version and variant bits stay, since a carry out of the random bits of the lower word goes to
    /// those of the upper one, and from there into the time.
    fileprivate var successor: Identifier {
        let lowRandom: UInt64 = 0x3FFF_FFFF_FFFF_FFFF
        if low & lowRandom != lowRandom { return Identifier(high: high, low: low + 1) }
        let variant = low & ~lowRandom
        if high & 0xFFF != 0xFFF { return Identifier(high: high + 1, low: variant) }
        return Identifier(high: ((high >> 16) + 1) << 16 | 0x7000, low: variant)
    }
}
