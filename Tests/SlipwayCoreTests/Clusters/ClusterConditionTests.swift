import SlipwayCore
import Testing

@Suite struct ClusterConditionTests {
    private static let start = Timestamp(microsecondsSince1970: 1_800_000_000_000_000)
    private let rules = ClusterHealthRules()

    private func at(_ seconds: Int) -> Timestamp { Self.start + .seconds(seconds) }

    private func report(_ isHealthy: Bool, since: Int, checked: Int, healthy: Int? = nil) -> ClusterReport {
        ClusterReport(
            isHealthy: isHealthy,
            since: at(since),
            checkedAt: at(checked),
            healthyAt: isHealthy ? at(checked) : healthy.map(at),
            message: isHealthy ? nil : "connection refused"
        )
    }

    private func decided(
        _ state: AdmissionCluster.State,
        wanted: WantedCluster = .active,
        _ reports: [ClusterReport],
        at now: Int,
        watchedSince: Int = 0
    ) -> AdmissionCluster.State {
        ClusterCondition(name: "west", wanted: wanted, state: state, reports: reports)
            .decided(at: at(now), watchedSince: at(watchedSince), rules: rules).state
    }

    @Test("a new cluster is active with the first healthy report, and says until then what is wrong")
    func provisioning() {
        #expect(decided(.provisioning, [], at: 100) == .provisioning)
        #expect(decided(.provisioning, [report(true, since: 99, checked: 99)], at: 100) == .active)
        let refused = ClusterCondition(
            name: "west",
            state: .provisioning,
            reports: [report(false, since: 99, checked: 99)]
        ).decided(at: at(100), watchedSince: at(0), rules: rules)
        #expect(refused.message == "connection refused")
    }

    @Test("an active cluster fails once nobody found it healthy for the whole delay, and not before")
    func failing() {
        let sick = report(false, since: 71, checked: 99, healthy: 70)
        #expect(decided(.active, [sick], at: 99) == .active)
        #expect(decided(.active, [sick], at: 100) == .failed)
        #expect(
            decided(.active, [sick, report(true, since: 0, checked: 99)], at: 100) == .active,
            "one finds it healthy"
        )
        #expect(decided(.active, [], at: 100) == .failed, "nobody serves it")
    }

    @Test("what nobody could see while nobody looked does not count")
    func away() {
        let old = report(true, since: 0, checked: 5)
        #expect(decided(.active, [old], at: 500, watchedSince: 490) == .active)
        #expect(decided(.active, [old], at: 500, watchedSince: 470) == .failed)
    }

    @Test("a failed cluster is active again after it was healthy without a break for the delay")
    func recovering() {
        #expect(decided(.failed, [report(true, since: 96, checked: 99)], at: 100) == .failed)
        #expect(decided(.failed, [report(true, since: 95, checked: 99)], at: 100) == .active)
        #expect(decided(.failed, [report(true, since: 0, checked: 80)], at: 100) == .failed, "the report is too old")
    }

    @Test(
        "what operators want comes first, whatever the health",
        arguments: AdmissionCluster.State.allCases,
        [true, false]
    )
    func wanted(state: AdmissionCluster.State, isHealthy: Bool) {
        let reports = [report(isHealthy, since: 0, checked: 99)]
        #expect(decided(state, wanted: .draining, reports, at: 100) == .draining)
        #expect(decided(state, wanted: .destroying, reports, at: 100) == .destroying)
    }

    @Test("a cluster that is wanted again is active if it is healthy, else failed")
    func undrained() {
        #expect(decided(.draining, [report(true, since: 99, checked: 99)], at: 100) == .active)
        #expect(decided(.draining, [], at: 100) == .failed)
    }
}
