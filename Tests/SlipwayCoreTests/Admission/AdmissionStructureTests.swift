import Testing

@testable import SlipwayCore

@Suite("What the queue of admission is built of")
struct AdmissionStructureTests {
    private static let seed = UInt64.random(in: .min ... .max)

    @Test("sorted runs are a sorted list, whatever is put in and taken out")
    func sortedRuns() {
        var generator = SeededGenerator(seed: Self.seed)
        for width in [10, 2000] as [Int64] {
            var runs = SortedRuns()
            var expected: [RunOrder] = []
            for step in 0..<6000 {
                // Grows, and then shrinks.
                if Int.random(in: 0..<10, using: &generator) < (step < 3500 ? 7 : 2) || expected.isEmpty {
                    let run = RunOrder(
                        since: .random(in: 0..<width, using: &generator),
                        id: AdmissionFixture.id(step)
                    )
                    runs.insert(run)
                    expected.insert(run, at: expected.firstIndex { run < $0 } ?? expected.count)
                } else {
                    let run = expected.remove(at: Int.random(in: 0..<expected.count, using: &generator))
                    let (first, second) = (runs.remove(run), runs.remove(run))
                    #expect(first && !second, "seed \(Self.seed)")
                }
                #expect(runs.count == expected.count && runs.first == expected.first, "seed \(Self.seed)")
                guard step % 100 == 0 else { continue }
                #expect(runs.slice(0..<expected.count) == expected, "seed \(Self.seed)")
                let time = Int64.random(in: -1...width, using: &generator)
                #expect(runs.count(waitingAt: time) == expected.count { $0.since <= time }, "seed \(Self.seed)")
                if let run = expected.randomElement(using: &generator) {
                    #expect(runs.rank(of: run) == expected.firstIndex(of: run), "seed \(Self.seed)")
                }
            }
        }
    }

    @Test("runs that come in order fill their chunks")
    func appending() {
        var runs = SortedRuns()
        for number in 0..<5000 { runs.insert(RunOrder(since: Int64(number), id: AdmissionFixture.id(number))) }
        #expect(runs.count(waitingAt: 2499) == 2500 && runs.count(waitingAt: .max) == 5000)
        #expect(runs.slice(4998..<5000).map(\.since) == [4998, 4999])
        for number in 0..<5000 { runs.remove(RunOrder(since: Int64(number), id: AdmissionFixture.id(number))) }
        #expect(runs.isEmpty && runs.first == nil)
    }

    private final class Member: HeapMember {
        var head: RunOrder
        var heapIndex = -1
        init(_ head: RunOrder) { self.head = head }
    }

    @Test("an indexed heap keeps the oldest on top while its members change")
    func indexedHeap() {
        var generator = SeededGenerator(seed: Self.seed)
        func order(_ number: Int) -> RunOrder {
            RunOrder(since: .random(in: 0..<50, using: &generator), id: AdmissionFixture.id(number))
        }
        let members = (0..<60).map { Member(order($0)) }
        var heap = IndexedHeap<Member>()
        for _ in 0..<5000 {
            let index = Int.random(in: 0..<members.count, using: &generator)
            let member = members[index]
            if Int.random(in: 0..<3, using: &generator) == 0 {
                heap.remove(member)
            } else {
                member.head = order(index)
                heap.place(member)
            }
            let expected = members.filter { $0.heapIndex >= 0 }.min { $0.head < $1.head }
            #expect(heap.top === expected, "seed \(Self.seed)")
        }
    }

    @Test("a heap of values gives them in order")
    func minimumHeap() {
        var generator = SeededGenerator(seed: Self.seed)
        let values = (0..<300).map { _ in Int.random(in: 0..<100, using: &generator) }
        var heap = MinimumHeap(Array(values[..<150]))
        for value in values[150...] { heap.insert(value) }
        var drained: [Int] = []
        while let least = heap.removeLeast() { drained.append(least) }
        #expect(drained == values.sorted(), "seed \(Self.seed)")
    }
}
