import Testing

@testable import Benchmark

@Suite struct AdmissionBenchmarkTests {
    @Test func aSmallWorldIsMeasuredWhole() throws {
        var plan = AdmissionBenchmarkPlan()
        plan.pending = [2000, 4000]
        plan.teams = 20
        plan.cycles = 20
        plan.changes = 10
        let report = AdmissionBenchmark(plan: plan) { _ in }.run()
        #expect(report.rows.map(\.pending) == [2000, 4000])
        for row in report.rows {
            // What ends makes room for as many, and the teams never run out of runs.
            #expect(row.admittedPerCycle > 8 && row.admittedPerCycle < 12, "\(row.admittedPerCycle)")
            #expect(row.cycleSeconds.median > 0 && row.cycleSeconds.median <= row.cycleSeconds.maximum)
            #expect(try #require(row.explanationSeconds).maximum > 0 && row.passSeconds > 0)
        }
        #expect(report.isPassed)
        #expect(report.text.split(separator: "\n").allSatisfy { $0.count <= FigureTable.maximumWidth })
        #expect(try report.json().contains("\"idle_cycle_seconds\""))
    }

    @Test func aMissedBarIsTold() {
        var plan = AdmissionBenchmarkPlan()
        plan.pending = [100]
        plan.teams = 2
        plan.cycles = 10
        plan.changes = 1
        plan.cycleSeconds = 1e-9
        let report = AdmissionBenchmark(plan: plan) { _ in }.run()
        #expect(!report.isPassed)
        #expect(report.text.contains("MISSED"))
    }
}
