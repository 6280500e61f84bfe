internal import Synchronization

/// A count that only grows, from 0.
package final class Counter: Sendable {
    private let bits = Atomic<UInt64>(0)

    init() {}

    package func increment(by amount: Int = 1) {
        add(Double(amount))
    }

    /// - Parameter amount: not negative; for counts of seconds or bytes.
    package func add(_ amount: Double) {
        precondition(amount >= 0, "a counter only grows")
        bits.addAsDouble(amount)
    }

    package var value: Double { Double(bitPattern: bits.load(ordering: .relaxed)) }
}

/// A value that goes up and down, from 0.
package final class Gauge: Sendable {
    private let bits = Atomic<UInt64>(0)

    init() {}

    package func set(_ value: Double) { bits.store(value.bitPattern, ordering: .relaxed) }
    package func set(_ value: Int) { set(Double(value)) }

    package func increment(by amount: Int = 1) { bits.addAsDouble(Double(amount)) }
    package func decrement(by amount: Int = 1) { bits.addAsDouble(-Double(amount)) }

    package var value: Double { Double(bitPattern: bits.load(ordering: .relaxed)) }
}

extension Atomic<UInt64> {
    /// Adds to the number whose bit pattern is stored.
    fileprivate func addAsDouble(_ amount: Double) {
        var current = load(ordering: .relaxed)
        while true {
            let sum = (Double(bitPattern: current) + amount).bitPattern
            let (exchanged, original) = weakCompareExchange(expected: current, desired: sum, ordering: .relaxed)
            if exchanged { return }
            current = original
        }
    }
}

/// The upper bounds of a histogram's buckets.
package struct HistogramBuckets: Sendable {
    let bounds: [Double]

    package init(_ bounds: [Double]) {
        precondition(!bounds.isEmpty && zip(bounds, bounds.dropFirst()).allSatisfy(<), "buckets must ascend")
        self.bounds = bounds
    }

    /// 1 ms to 10 s: requests, statements, messages.
    package static let latencySeconds = HistogramBuckets([
        0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
    ])
    /// 100 ms to a day: waits and runs.
    package static let durationSeconds = HistogramBuckets([
        0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600, 14_400, 86_400,
    ])
    /// 1 to 1000: how many at once.
    package static let batchSize = HistogramBuckets([1, 2, 5, 10, 20, 50, 100, 200, 500, 1000])
}

/// A distribution over fixed buckets.
package final class Histogram: Sendable {
    struct State {
        /// One more than there are bounds: the last is the infinite one. Not cumulative.
        var counts: [UInt64]
        var sum = 0.0
    }

    let buckets: HistogramBuckets
    private let state: Mutex<State>

    init(_ buckets: HistogramBuckets) {
        self.buckets = buckets
        state = Mutex(State(counts: Array(repeating: 0, count: buckets.bounds.count + 1)))
    }

    package func observe(_ value: Double) {
        guard !value.isNaN else { return }
        let index = buckets.bounds.firstIndex { value <= $0 } ?? buckets.bounds.count
        state.withLock { state in
            state.counts[index] += 1
            state.sum += value
        }
    }

    /// Observes a duration in seconds.
    package func observe(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        observe(Double(seconds) + Double(attoseconds) / 1e18)
    }

    /// Measures how long `body` takes, whether it returns or throws.
    package func measure<Result, Failure: Error>(
        _ body: () async throws(Failure) -> Result
    ) async throws(Failure) -> Result {
        let start = ContinuousClock.now
        defer { observe(ContinuousClock.now - start) }
        return try await body()
    }

    /// How many values were observed.
    package var count: UInt64 { snapshot().counts.reduce(0, +) }

    func snapshot() -> State { state.withLock { $0 } }
}
