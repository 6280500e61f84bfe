import PostgresClient
import RunStore
import SlipwayCore
import Testing

@Suite struct JobTests {
    private func apply(_ spec: JobSpec, _ store: RunStore) async throws {
        _ = try #require(
            try await store.apply(spec, canonicalSpec: try spec.canonicalJSON(), id: StoreFixture.identifier(), by: nil)
        )
    }

    @Test("lists tell the first names and how many there are, and show what a filter asks for")
    func list() async throws {
        try await StoreFixture.with { fixture in
            let tasks = (0..<25).map { TaskSpec(name: "t\($0)", action: .command(["true"])) }
            var large = JobSpec(
                name: "large",
                kind: "export",
                description: "All Orders",
                tags: ["a", "b"],
                tasks: tasks
            )
            large.owner = "ann"
            large.clusterSelector = ["region": "eu"]
            try await apply(large, fixture.store)
            let all = try await fixture.store.jobs()
            #expect(all.map(\.name) == ["large", "report"])
            #expect(all[0].taskCount == 25 && all[0].taskNames == (0..<10).map { "t\($0)" })
            #expect(all[0].clusterSelector == ["region": "eu"] && all[0].owner == "ann" && all[0].tags == ["a", "b"])
            let filters: [(JobFilter, [String])] = [
                (JobFilter(kind: "export"), ["large"]), (JobFilter(owner: "bob"), []),
                (JobFilter(tags: ["b", "a"]), ["large"]),
                (JobFilter(tags: ["a", "c"]), []), (JobFilter(text: "orders"), ["large"]),
                (JobFilter(text: "REP"), ["report"]),
                (JobFilter(teams: ["other"]), []), (JobFilter(isPaused: true), []),
            ]
            for (filter, names) in filters {
                #expect(try await fixture.store.jobs(filter).map(\.name) == names, "\(filter)")
            }
        }
    }

    @Test("a job is paused, resumed, archived and unarchived, each safe to repeat and recorded once")
    func states() async throws {
        try await StoreFixture.with { fixture in
            let store = fixture.store
            for (action, isChanged) in [
                (JobAction.pause, true), (.pause, false), (.archive, true), (.resume, true), (.unarchive, true),
                (.unarchive, false),
            ] {
                let changed = try await store.act(action, onJob: "report", of: "default", by: "ann", why: "x")
                #expect(changed == isChanged, "\(action)")
            }
            #expect(try await store.act(.pause, onJob: "none", of: "default", by: nil, why: nil) == nil)
            let actions = try await store.pool.query(
                "SELECT action FROM audit_log WHERE subject_kind = 'job' AND actor = 'ann' ORDER BY id"
            )
            #expect(try actions.decode(String.self) == ["pause", "archive", "resume", "unarchive"])
            _ = try await store.act(.archive, onJob: "report", of: "default", by: nil, why: nil)
            #expect(try await store.jobs().isEmpty)
            #expect(try await store.jobs(JobFilter(isArchived: nil)).map(\.name) == ["report"])
        }
    }

    @Test("applying the same content again changes nothing; versions are listed without their files")
    func versions() async throws {
        try await StoreFixture.with { fixture in
            try await apply(StoreFixture.spec, fixture.store)
            #expect(try await fixture.store.versions(fixture.job.id).map(\.version) == [1])
            var changed = StoreFixture.spec
            changed.description = "better"
            try await apply(changed, fixture.store)
            #expect(try await fixture.store.versions(fixture.job.id).map(\.version) == [2, 1])
            #expect(try await fixture.store.version(fixture.job.id, 1)?.spec == StoreFixture.spec)
            #expect(try await fixture.store.version(fixture.job.id, 3) == nil)
        }
    }

    @Test("the specs that are remembered are bounded by their size")
    func cache() async throws {
        try await StoreFixture.with { fixture in
            let text = String(repeating: "x", count: 100_000)
            for number in 0..<8 {
                var spec = StoreFixture.spec
                spec.tasks[0].action = .sql(.text("\(number)" + text))
                try await apply(spec, fixture.store)
            }
            let cache = SpecCache(store: fixture.store, capacity: 100, capacityBytes: 400_000)
            for version in 1...9 {
                let key = JobVersionKey(job: fixture.job.id, version: version)
                #expect(try await cache.specs([key])[key] != nil)
                #expect(await cache.bytes <= 400_000)
            }
            #expect(await cache.count >= 2)
        }
    }
}
