import PostgresClient
import RunStore
import SlipwayCore
import Testing

@Suite struct FollowTests {
    @Test("a chain goes back to its first run, with numbered attempts and the overrides it was given")
    func chain() async throws {
        try await StoreFixture.with { fixture in
            let root = try await fixture.run(in: .failed)
            var timeouts = RunOverrides.Timeouts()
            timeouts.runSeconds = 60
            let overrides = RunOverrides(timeouts: timeouts)
            var ids = [root]
            for kind in [NewRun.OriginKind.retry, .rerun, .resume] {
                let wanted = fixture.follower(of: ids[ids.count - 1], kind, overrides: overrides)
                let result = try #require(try await fixture.store.follow([wanted], by: nil, why: nil).first)
                let id = try #require(result.follower)
                #expect(id == wanted.id)
                ids.append(id)
                _ = try await fixture.store.cancel(id, by: nil)
            }
            let chain = try await fixture.store.chain(root)
            #expect(chain.map(\.id) == ids && chain.map(\.attempt) == [1, 2, 3, 4])
            #expect(chain.map(\.originKind) == [nil, "retry", "rerun", "resume"])
            #expect(chain.dropFirst().allSatisfy { $0.rootID == root && $0.overrides == overrides })
            #expect(chain.allSatisfy { $0.retriesUsed == RetriesUsed() })
        }
    }

    @Test("many who retry at once get the same run")
    func concurrent() async throws {
        try await StoreFixture.with { fixture in
            let origin = try await fixture.run(in: .failed)
            for kind in [NewRun.OriginKind.retry, .resume] {
                let results = try await withThrowingTaskGroup(of: [ActionResult].self) { group in
                    for _ in 0..<20 {
                        group.addTask {
                            try await fixture.store.follow([fixture.follower(of: origin, kind)], by: nil, why: nil)
                        }
                    }
                    return try await group.reduce(into: []) { $0 += $1 }
                }
                #expect(Set(results.compactMap(\.follower)).count == 1)
                #expect(results.filter { $0.change == .changed }.count == 1)
            }
            #expect(try await fixture.store.liveCounts() == [.pending: 2])
        }
    }

    @Test("once a retry is over the run can be retried again, and a rerun with other variables is another run")
    func again() async throws {
        try await StoreFixture.with { fixture in
            let origin = try await fixture.run(in: .failed)
            let first = try #require(try await fixture.perform(.retry, on: [origin]).first?.follower)
            _ = try await fixture.store.cancel(first, by: nil)
            let second = try #require(try await fixture.perform(.retry, on: [origin]).first)
            #expect(second.change == .changed && second.follower != first)

            let same = try #require(try await fixture.perform(.rerun, on: [origin]).first?.follower)
            var other = fixture.follower(of: origin, .rerun)
            other.variables = ["day": .string("tuesday")]
            #expect(try await fixture.store.followers(insteadOf: [other]).isEmpty)
            #expect(try await fixture.store.follow([other], by: nil, why: nil).map(\.follower) == [other.id])
            let repeated = fixture.follower(of: origin, .rerun)
            #expect(try await fixture.store.followers(insteadOf: [repeated]) == [origin: same])
        }
    }
}

@Suite struct DeletionTests {
    @Test("of a deleted run only the record of it stays, and its pod is removed all the same")
    func traces() async throws {
        try await StoreFixture.with { fixture in
            let id = try await fixture.run(in: .failed)
            let other = try await fixture.run(in: .failed)
            try await fixture.store.pool.query(
                """
                INSERT INTO run_log_chunks (run_id, stream, placement, first_sequence, last_sequence, first_at, line_count, content)
                VALUES (\(id), 'runner', 1, 1, 1, now(), 1, '\\x00')
                """
            )
            try await fixture.store.pool.query(
                """
                INSERT INTO run_outputs (run_id, task, name, kind, value, is_truncated)
                VALUES (\(id), 'only', 'result', 'scalar', '1', false)
                """
            )
            let tables = ["run_events", "run_tasks", "run_log_chunks", "run_outputs", "run_placements"]
            for table in tables { #expect(try await fixture.count(table, of: id) > 0, "\(table)") }
            #expect(try await fixture.perform(.delete, on: [id]).map(\.change) == [.changed])
            for table in tables { #expect(try await fixture.count(table, of: id) == 0, "\(table)") }
            #expect(try await fixture.store.run(id) == nil)
            #expect(try await fixture.count("cleanups", of: id) == 1)
            #expect(try await fixture.audits(of: id).map(\.0) == ["delete"])
            #expect(try await fixture.perform(.retry, on: [id]).map(\.change) == [.notFound])
            #expect(try await fixture.store.run(other) != nil)
            for table in ["run_events", "run_tasks", "run_placements"] {
                #expect(try await fixture.count(table, of: other) > 0, "\(table)")
            }
        }
    }

    @Test("cancelling while the end is reported gives one terminal state", arguments: 0..<10)
    func race(round: Int) async throws {
        try await StoreFixture.with { fixture in
            let runs = [try await fixture.placed(.running), try await fixture.placed(.starting)]
            async let cancelled = fixture.perform(.cancel, on: runs.map(\.id).reversed())
            async let applied = fixture.store.apply(
                runs.map { run in
                    var report = fixture.report(run, end: StoreFixture.success())
                    report.revision = 2
                    return report
                }
            )
            let (results, _) = (try await cancelled, try await applied)
            for result in results {
                #expect(result.change != .impossible && result.change != .notFound)
                #expect(try await fixture.store.run(result.id)?.state == .succeeded)
            }
        }
    }
}
