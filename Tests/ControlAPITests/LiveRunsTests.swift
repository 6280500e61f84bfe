import Logging
import Observability
import SlipwayCore
import TestSupport
import Testing

@testable import ControlAPI

@Suite struct LiveRunsTests {
    private struct Away: Error {}

    @Test("a follower hears that the stream lives while nothing is known of its run")
    func unknown() async throws {
        var limits = ControlAPILimits()
        limits.keepAlive = .milliseconds(20)
        limits.followInterval = .milliseconds(5)
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        let live = LiveRuns(limits: limits, metrics: MetricsRegistry(), logger: logger) { _ in throw Away() }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await live.run() }
            var told = 0
            for await pulse in try live.follow(Identifier(high: 0x7000, low: 1 << 63)) {
                #expect(pulse == nil)
                told += 1
                if told == 3 { break }
            }
            #expect(told == 3)
            group.cancelAll()
        }
    }
}
