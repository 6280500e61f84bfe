import Testing

@testable import Worker

@Suite("Pods that must go are asked for until they are gone")
struct PodDeletionsTests {
    private let start = ContinuousClock.now
    private let key = Sample.podKey

    private func due(_ deletions: inout PodDeletions, after seconds: Int) -> [Bool] {
        deletions.due(now: start + .seconds(seconds), pause: .seconds(5)) { _ in .seconds(60) }.map(\.isForced)
    }

    @Test("a wish that was granted is not repeated, but force is more than a wish")
    func once() {
        var deletions = PodDeletions()
        #expect(deletions.request(key, isForced: false, now: start) == true)
        #expect(deletions.request(key, isForced: false, now: start) == false)
        #expect(deletions.request(key, isForced: true, now: start) == true)
        #expect(deletions.request(key, isForced: false, now: start) == false)
    }

    @Test("a wish that may be repeated is told again after its time, and force comes no later for it")
    func repeated() {
        var deletions = PodDeletions()
        func ask(_ seconds: Int) -> Bool {
            deletions.request(key, isForced: false, now: start + .seconds(seconds), repeatedAfter: .seconds(5))
        }
        let answers = [0, 5, 6, 11, 12].map(ask)
        #expect(answers == [true, false, true, false, true])
        #expect(due(&deletions, after: 61) == [true])
    }

    @Test("a pod that outlives its patience is removed by force, once")
    func force() {
        var deletions = PodDeletions()
        _ = deletions.request(key, isForced: false, now: start)
        #expect(due(&deletions, after: 60) == [])
        #expect(due(&deletions, after: 61) == [true])
        #expect(due(&deletions, after: 500) == [])
    }

    @Test("what could not be asked is asked again after a pause and not before")
    func retry() {
        var deletions = PodDeletions()
        _ = deletions.request(key, isForced: false, now: start)
        deletions.failed(key)
        #expect(deletions.request(key, isForced: false, now: start + .seconds(1)) == false)
        #expect(due(&deletions, after: 5) == [])
        #expect(due(&deletions, after: 6) == [false])
        #expect(due(&deletions, after: 7) == [])
    }

    @Test("a pod that is gone may be asked for again")
    func forgotten() {
        var deletions = PodDeletions()
        _ = deletions.request(key, isForced: true, now: start)
        deletions.forget(key)
        #expect(due(&deletions, after: 500) == [])
        #expect(deletions.request(key, isForced: false, now: start) == true)
    }
}
