import Testing

@testable import KubernetesClient

@Suite("The request budget")
struct RequestBudgetTests {
    let start = ContinuousClock.now

    @Test("A burst goes at once, the rest at the rate")
    func burst() {
        var bucket = TokenBucket(perSecond: 10, burst: 3, now: start)
        let waits = (0..<5).map { _ in bucket.take(now: start) }
        #expect(waits == [.zero, .zero, .zero, .milliseconds(100), .milliseconds(200)])
    }

    @Test("Quiet time fills the bucket no further than the burst")
    func refill() {
        var bucket = TokenBucket(perSecond: 10, burst: 2, now: start)
        _ = (0..<2).map { _ in bucket.take(now: start) }
        let later = start + .seconds(3600)
        #expect((0..<3).map { _ in bucket.take(now: later) } == [.zero, .zero, .milliseconds(100)])
    }

    @Test("A request that did not go costs nothing")
    func giveBack() {
        var bucket = TokenBucket(perSecond: 1, burst: 1, now: start)
        #expect(bucket.take(now: start) == .zero)
        #expect(bucket.take(now: start) == .seconds(1))
        bucket.giveBack()
        #expect(bucket.take(now: start) == .seconds(1))
    }

    @Test("A turn after the deadline is refused at once")
    func deadline() async throws {
        let budget = RequestBudget(perSecond: 0.1, burst: 1)
        try await budget.waitForTurn(before: .now + .seconds(1))
        let error = await failure { () throws(KubernetesError) in
            try await budget.waitForTurn(before: .now + .seconds(1))
        }
        #expect(error?.kind == .deadlineExceeded)
    }
}
