import Testing

@testable import AMQPClient

@Suite struct ConfirmTrackerTests {
    private func tracker(sent count: Int) -> ConfirmTracker<Int> {
        var tracker = ConfirmTracker<Int>()
        for number in 1...count { tracker.sent(number) }
        return tracker
    }

    private func settle(_ tracker: inout ConfirmTracker<Int>, _ sequence: UInt64, multiple: Bool) -> [Int] {
        var settled: [Int] = []
        tracker.settle(sequence, multiple: multiple) { settled.append($0) }
        return settled
    }

    @Test func `Single confirms may come in any order`() {
        var tracker = tracker(sent: 3)
        #expect(settle(&tracker, 2, multiple: false) == [2])
        #expect((tracker.lowest, tracker.count, tracker.span) == (1, 2, 3))
        #expect(settle(&tracker, 1, multiple: false) == [1])
        #expect((tracker.lowest, tracker.count, tracker.span) == (3, 1, 1))
        #expect(settle(&tracker, 3, multiple: false) == [3])
        #expect(tracker.isEmpty && tracker.nextSequence == 4)
    }

    @Test func `A multiple confirm settles all up to its number once`() {
        var tracker = tracker(sent: 6)
        #expect(settle(&tracker, 3, multiple: false) == [3])
        #expect(settle(&tracker, 4, multiple: true) == [1, 2, 4])
        #expect(settle(&tracker, 4, multiple: true) == [])
        #expect(settle(&tracker, 0, multiple: true) == [5, 6])
        #expect(tracker.isEmpty && tracker.lowest == 7)
    }

    @Test(arguments: [(UInt64(0), false), (7, false), (.max, false)])
    func `Numbers never sent are passed over`(sequence: UInt64, multiple: Bool) {
        var tracker = tracker(sent: 6)
        #expect(settle(&tracker, sequence, multiple: multiple).isEmpty)
        #expect(tracker.count == 6)
    }

    @Test func `An entry can be changed while it is outstanding`() {
        var tracker = tracker(sent: 2)
        tracker.update(2) { $0 = 20 }
        tracker.update(9) { $0 = 90 }
        #expect(settle(&tracker, 2, multiple: true) == [1, 20])
    }

    @Test func `A new channel begins at one again`() {
        var tracker = tracker(sent: 5)
        _ = settle(&tracker, 2, multiple: false)
        let left = tracker.reset()
        #expect(left == [1, 3, 4, 5])
        #expect(tracker.isEmpty && tracker.nextSequence == 1)
    }

    @Test func `Random confirms settle each number exactly once`() {
        let seed = UInt64.random(in: 1 ... .max)
        var random = SeededNumbers(state: seed)
        var tracker = ConfirmTracker<Int>()
        var settled: [Int] = []
        var sent = 0
        for _ in 0..<5000 {
            if Bool.random(using: &random) {
                sent += 1
                tracker.sent(sent)
            } else if sent > 0 {
                let sequence = UInt64.random(in: 1...UInt64(sent), using: &random)
                settled += settle(&tracker, sequence, multiple: Int.random(in: 0..<10, using: &random) == 0)
            }
            #expect(tracker.count + settled.count == sent, "seed \(seed)")
        }
        settled += settle(&tracker, 0, multiple: true)
        #expect(settled.sorted() == Array(1...sent), "seed \(seed)")
    }
}

/// A small generator whose runs can be repeated.
struct SeededNumbers: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state
    }
}
