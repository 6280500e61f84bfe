import PostgresClient
import RunStore
import SlipwayCore
import Testing

@Suite("An inspection reads what is there, in one snapshot")
struct InspectionTests {
    @Test("active runs with their holders, runs that wait without a word, and what is to be removed")
    func inspect() async throws {
        try await StoreFixture.with { fixture in
            let runs = try await fixture.claimed(3)
            _ = try await fixture.store.apply([fixture.report(runs[2], end: StoreFixture.success())])
            let waiting = try await fixture.created()
            let inspection = try await fixture.store.inspect()
            #expect(inspection.installation == (try await fixture.store.installationID()))
            #expect(inspection.activeRuns.map(\.id) == runs.prefix(2).map(\.id))
            #expect(inspection.activeRuns.allSatisfy { $0.holder == fixture.holder.id && $0.state == .starting })
            #expect(inspection.activeRuns.allSatisfy { $0.namespace == "default" && $0.releaseDeadline == nil })
            #expect(inspection.silentRuns.map(\.id) == waiting)
            #expect(inspection.holders.map(\.holder) == [fixture.holder])
            #expect(inspection.clusters == ["default"] && inspection.namespaces == ["default"])
            #expect(inspection.term?.holder == fixture.holder.id)
            #expect(inspection.sweptAt != nil && !inspection.isCut)
            #expect(inspection.cleanups.map(\.run) == [runs[2].id])
            #expect(inspection.cleanups.allSatisfy { $0.since <= inspection.now })
        }
    }

    @Test("a pod's placement is the present one, was given up, is over, or is not known")
    func standings() async throws {
        try await StoreFixture.with { fixture in
            let runs = try await fixture.claimed(3)
            let lost = PlacementEnd(outcome: .lost, at: .now, hasUserCodeRun: false, reason: .podLost)
            _ = try await fixture.store.apply([
                fixture.report(runs[1], end: lost, running: false),
                fixture.report(runs[2], end: StoreFixture.success()),
            ])
            let strange = StoreFixture.identifier()
            let pods = runs.map { (run: $0.id, placement: 1) } + [(runs[0].id, 0), (strange, 1)]
            let standings = try await fixture.store.standings(pods)
            let kinds = Dictionary(uniqueKeysWithValues: standings.map { ("\($0.run)-\($0.placement)", $0) })
            #expect(kinds["\(runs[0].id)-1"]?.kind == .present)
            #expect(kinds["\(runs[0].id)-0"]?.kind == .givenUp)
            #expect(kinds["\(runs[1].id)-1"]?.kind == .givenUp)
            #expect(kinds["\(runs[2].id)-1"]?.kind == .finished)
            #expect(kinds["\(runs[2].id)-1"]?.cleanupSince != nil)
            #expect(kinds["\(strange)-1"] == PodStanding(run: strange, placement: 1, kind: .unknown))
        }
    }
}
