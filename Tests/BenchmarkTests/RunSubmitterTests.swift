import SlipwayCore
import Synchronization
import Testing

@testable import Benchmark

@Suite struct RunSubmitterTests {
    /// Accepts everything but what it is told to refuse or fail.
    private final class ScriptedAPI: Sendable {
        private struct State {
            var accepted: UInt64 = 0
            var refusals: Int
            var failures: Int
        }

        private let state: Mutex<State>

        init(refusals: Int = 0, failures: Int = 0) {
            state = Mutex(State(refusals: refusals, failures: failures))
        }

        func submit() -> BenchmarkAPI.Submission {
            state.withLock { state in
                if state.refusals > 0 {
                    state.refusals -= 1
                    return .refused(status: 503)
                }
                if state.failures > 0 {
                    state.failures -= 1
                    return .failed("status 500")
                }
                state.accepted += 1
                return .accepted(RunID(high: 1, low: state.accepted))
            }
        }
    }

    private func plan(runs: Int, clients: Int, rate: Double? = nil) -> RunsPlan {
        var plan = RunsPlan()
        plan.runs = runs
        plan.clients = clients
        plan.ratePerSecond = rate
        return plan
    }

    @Test("each run is submitted once, whatever the number of clients", arguments: [1, 7, 1000])
    func once(clients: Int) async throws {
        let api = ScriptedAPI()
        let outcome = try await RunSubmitter(plan: plan(runs: 500, clients: clients)) { api.submit() }.run()
        #expect(Set(outcome.acknowledged).count == 500)
        #expect(outcome.acknowledged.count == 500)
        #expect(outcome.latencySeconds.count == 500)
        #expect(outcome.failures.isEmpty)
    }

    @Test("a refused run is tried again, a failed one is not")
    func refusals() async throws {
        let api = ScriptedAPI(refusals: 3, failures: 2)
        let outcome = try await RunSubmitter(plan: plan(runs: 20, clients: 4)) { api.submit() }.run()
        #expect(outcome.acknowledged.count == 18)
        #expect(outcome.refusals == 3)
        #expect(outcome.failures == ["status 500": 2])
    }

    @Test("an open loop keeps its pace, and a late submission counts from when it was due")
    func openLoop() async throws {
        let api = ScriptedAPI()
        let plan = plan(runs: 50, clients: 1, rate: 500)
        let outcome = try await RunSubmitter(plan: plan) {
            // why: nobody cancels it.
            try? await Task.sleep(for: .milliseconds(4))
            return api.submit()
        }.run()
        #expect(outcome.seconds >= 49.0 / 500)
        // One client needs 4 ms for what is due every 2 ms, so the last of 50 is about 100 ms late.
        let worst = try #require(outcome.latencySeconds.max())
        #expect(worst >= 0.08)
    }
}
