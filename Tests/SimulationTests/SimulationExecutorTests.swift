import Simulation
import Testing

@Suite struct SimulationExecutorTests {
    @Test func timePassesOnlyWhileEverybodySleeps() throws {
        let executor = SimulationExecutor(seed: 1)
        let order = try executor.run {
            try await withThrowingTaskGroup(of: Int.self) { group in
                for seconds in [3, 1, 2] {
                    group.addTask {
                        try await executor.sleep(.seconds(seconds))
                        return seconds
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
        }
        #expect(order == [1, 2, 3])
        #expect(executor.now == .seconds(3))
    }

    @Test func theSeedDecidesWhichOfTheReadyGoesNext() throws {
        func order(_ seed: UInt64) throws -> [Int] {
            try SimulationExecutor(seed: seed).run {
                await withTaskGroup(of: Int.self) { group in
                    for number in 0..<8 {
                        group.addTask {
                            await Task.yield()
                            return number
                        }
                    }
                    return await group.reduce(into: []) { $0.append($1) }
                }
            }
        }
        #expect(try order(7) == order(7))
        #expect(try Set((1...10).map { try order($0) }).count > 1)
    }

    @Test func aCancelledSleepEndsAtOnce() throws {
        let executor = SimulationExecutor(seed: 1)
        let isCancelled = try executor.run {
            try await withThrowingTaskGroup(of: Bool.self) { group in
                group.addTask {
                    do {
                        try await executor.sleep(.seconds(60))
                        return false
                    } catch { return true }
                }
                try await executor.sleep(.seconds(1))
                group.cancelAll()
                return try await group.next() ?? false
            }
        }
        #expect(isCancelled && executor.now == .seconds(1))
    }

    @Test func nothingLeftToDoIsADeadlock() {
        let executor = SimulationExecutor(seed: 1)
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self)
        #expect(throws: SimulationStall.self) {
            try executor.run { for await _ in stream {} }
        }
        continuation.finish()
    }

    @Test func goingInACircleIsALivelock() {
        let executor = SimulationExecutor(seed: 1, maximumSteps: 1000)
        #expect(throws: SimulationStall.self) {
            try executor.run { while !Task.isCancelled { await Task.yield() } }
        }
    }
}
