import Testing

@testable import AMQPClient

@Suite struct RecoveryStateTests {
    private let refused = AMQPError(.connectFailed, "refused")
    private let wrongPassword = AMQPError(.accessRefused, "wrong", replyCode: 403)

    private func recovery() -> Recovery {
        Recovery(backoff: AMQPBackoff(first: .milliseconds(100), limit: .seconds(1)))
    }

    @Test func `Failed attempts are repeated with growing pauses`() {
        var recovery = recovery()
        #expect(recovery.start() == .connect(attempt: 1))
        #expect(recovery.failed(refused, random: 0) == .pause(.milliseconds(50)))
        #expect(recovery.pauseEnded() == .connect(attempt: 2))
        #expect(recovery.failed(refused, random: 0) == .pause(.milliseconds(100)))
        #expect(recovery.pauseEnded() == .connect(attempt: 3))
        #expect(recovery.connected() == .serve)
    }

    @Test func `A stable connection starts the count anew, a brief one does not`() {
        var recovery = recovery()
        _ = recovery.start()
        for _ in 0..<3 {
            _ = recovery.failed(refused, random: 0)
            _ = recovery.pauseEnded()
        }
        _ = recovery.connected()
        #expect(recovery.lost(after: .seconds(1), random: 0) == .pause(.milliseconds(400)))
        #expect(recovery.pauseEnded() == .connect(attempt: 5))
        _ = recovery.connected()
        #expect(recovery.lost(after: .seconds(60), random: 0) == .pause(.milliseconds(50)))
        #expect(recovery.pauseEnded() == .connect(attempt: 2))
    }

    @Test func `A misconfiguration ends it at the start and not later`() {
        var first = recovery()
        _ = first.start()
        #expect(first.failed(wrongPassword, random: 0) == .end(wrongPassword))
        #expect(first.state == .ended)

        var later = recovery()
        _ = later.start()
        _ = later.connected()
        _ = later.lost(after: .seconds(60), random: 0)
        _ = later.pauseEnded()
        #expect(later.failed(wrongPassword, random: 0) == .pause(.milliseconds(100)))
    }

    @Test func `Once ended it stays so`() {
        var recovery = recovery()
        _ = recovery.start()
        #expect(recovery.stop() == .end(nil))
        #expect(recovery.connected() == .end(nil))
        #expect(recovery.failed(refused, random: 0) == .end(nil))
        #expect(recovery.lost(after: .zero, random: 0) == .end(nil))
        #expect(recovery.pauseEnded() == .end(nil))
        #expect(recovery.state == .ended)
    }

    @Test(arguments: [
        (1, 0.0, Duration.milliseconds(50)), (1, 0.5, .milliseconds(75)), (2, 0, .milliseconds(100)),
        (4, 0, .milliseconds(400)), (5, 0, .milliseconds(500)), (1000, 0, .milliseconds(500)),
        (.max, 0.5, .milliseconds(750)),
    ])
    func `Pauses lie between half the cap and the cap`(attempt: Int, random: Double, pause: Duration) {
        let backoff = AMQPBackoff(first: .milliseconds(100), limit: .seconds(1))
        #expect(backoff.pause(afterAttempt: attempt, random: random) == pause)
    }
}
