import Testing

@testable import AMQPClient

@Suite struct UnsettledDeliveriesTests {
    typealias Command = UnsettledDeliveries.Command

    private func received(_ tags: ClosedRange<UInt64>) -> UnsettledDeliveries {
        var unsettled = UnsettledDeliveries()
        for tag in tags { unsettled.received(tag) }
        return unsettled
    }

    @Test func `A run from the lowest takes one word`() {
        var unsettled = received(1...10)
        let (commands, stale) = unsettled.settle([1, 2, 3, 4])
        #expect(commands == [Command(tag: 4, multiple: true)])
        #expect(stale == 0)
        #expect(unsettled.count == 6)
    }

    @Test func `What stands above a gap is settled one by one`() {
        var unsettled = received(1...6)
        #expect(
            unsettled.settle([6, 1, 4, 2]).commands == [
                Command(tag: 2, multiple: true), Command(tag: 4, multiple: false), Command(tag: 6, multiple: false),
            ]
        )
        // Four and six are settled, so that three and five complete the run.
        #expect(unsettled.settle([5, 3]).commands == [Command(tag: 5, multiple: true)])
        #expect(unsettled.isEmpty)
    }

    @Test func `A single one is not multiple`() {
        var unsettled = received(7...8)
        #expect(unsettled.settle([7]).commands == [Command(tag: 7, multiple: false)])
    }

    @Test func `What was settled or never received is stale`() {
        var unsettled = received(5...6)
        _ = unsettled.settle([5])
        let (commands, stale) = unsettled.settle([0, 4, 5, 7, .max])
        #expect(commands.isEmpty)
        #expect(stale == 5)
        #expect(unsettled.count == 1)
    }

    @Test func `A tag twice in one call counts once`() {
        var unsettled = received(1...2)
        let (commands, stale) = unsettled.settle([1, 1])
        #expect(commands == [Command(tag: 1, multiple: false)])
        #expect(stale == 1)
    }

    @Test func `Whatever the order, the broker settles exactly what was asked`() {
        let seed = UInt64.random(in: 1 ... .max)
        var random = SeededNumbers(state: seed)
        var unsettled = UnsettledDeliveries()
        var atBroker: Set<UInt64> = []
        var held: Set<UInt64> = []
        var next: UInt64 = 1
        for _ in 0..<2000 {
            for _ in 0..<Int.random(in: 0..<4, using: &random) {
                unsettled.received(next)
                atBroker.insert(next)
                held.insert(next)
                next += 1
            }
            let chosen = held.sorted().filter { _ in Int.random(in: 0..<3, using: &random) == 0 }
            held.subtract(chosen)
            for command in unsettled.settle(chosen.shuffled(using: &random)).commands {
                #expect(atBroker.contains(command.tag), "seed \(seed)")
                atBroker = atBroker.filter { command.multiple ? $0 > command.tag : $0 != command.tag }
            }
            #expect(atBroker == held, "seed \(seed)")
        }
    }
}
