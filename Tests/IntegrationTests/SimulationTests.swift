import PostgresClient
import SlipwayCore
import TestSupport
import Testing

/// Many runs on a cluster that only pretends.
@Suite(.simulatedStack, .explained, .timeLimit(.minutes(4))) struct SimulationTests {
    @Test("three hundred runs end quickly, none is lost, and a list shows each once, page by page, while they go on")
    func manyRuns() async throws {
        let site = try Site.current()
        try await site.apply(
            """
            name: crowd
            engine: none
            resources:
              runner: {cpu: 10m, memory: 16Mi}
            annotations: {localkube.slipway/run-milliseconds: "300"}
            tasks:
              - name: only
                command: "true"
            """
        )
        let begin = ContinuousClock.now
        let runs = try await site.create("crowd", count: 300)
        #expect(Set(runs).count == 300)
        let meanwhile = try await listed(on: site)
        try await site.waitForEnd(of: runs, within: .seconds(60))
        #expect(ContinuousClock.now - begin < .seconds(60))
        #expect(meanwhile == runs.sorted(by: >))
        #expect(try await listed(on: site) == runs.sorted(by: >))
        #expect(try await site.states(of: runs).keys.allSatisfy { $0.hasPrefix("succeeded") })
        let ended = try await site.number(
            "SELECT count(DISTINCT run_id) FROM run_events WHERE run_id::text = ANY(\(runs)) AND state = 'succeeded'"
        )
        #expect(ended == 300)
        try await eventually(within: .seconds(30), "all pods are gone") { try await site.pods().isEmpty }
        let byCommand = try await site.slipway("run", "list", "--job", "crowd", "--limit", "1000", "-o", "name")
        #expect(byCommand.names == runs.sorted(by: >))
    }

    /// The ids of all runs, newest first, in pages that do not divide their number.
    private func listed(on site: Site) async throws -> [String] {
        var ids: [String] = []
        var position = ""
        repeat {
            let page = try await site.get(
                site.apis[0],
                "/api/v1/runs?job=crowd&limit=37" + (position.isEmpty ? "" : "&after=\(position)")
            )
            ids += (page["runs"]?.elements ?? []).map { $0.text("id") }
            position = page.text("next")
        } while !position.isEmpty
        return ids
    }
}
