import PostgresClient
import RunStore
import SlipwayCore
import Testing

@Suite struct CredentialStoreTests {
    private static let key = CredentialKey(team: "default", name: "lake")
    private static let check = CredentialSpec.Check(job: "report", everySeconds: 3600)

    private func paused(_ fixture: StoreFixture, needing credentials: [String]...) async throws -> [RunID] {
        var ids: [RunID] = []
        for names in credentials {
            var run = fixture.newRun()
            run.admission.credentials = names
            try await fixture.store.create([run])
            try await fixture.store.pool.query(
                "UPDATE live_runs SET state = 'paused', reason = 'credential_invalid' WHERE id = \(run.id)"
            )
            ids.append(run.id)
        }
        return ids
    }

    @Test("a credential is stored, left alone, changed, listed and forgotten")
    func life() async throws {
        try await StoreFixture.with { fixture in
            let store = fixture.store
            let spec = CredentialSpec(secret: .init(name: "lake", keys: ["user"]))
            let strange = CredentialKey(team: "nobody", name: "lake")
            #expect(try await store.apply(spec, kind: "s3", credential: strange, by: nil) == .teamNotFound)
            guard
                case .done(let first, .created) = try await store.apply(
                    spec,
                    kind: "s3",
                    credential: Self.key,
                    by: "ann"
                )
            else {
                Issue.record("not created")
                return
            }
            #expect(first.isValid && first.checkedAt == nil && first.checkDueAt == nil && first.revision == 1)
            #expect(
                try await store.apply(spec, kind: "s3", credential: Self.key, by: "ann") == .done(first, .unchanged)
            )
            let checked = CredentialSpec(secret: spec.secret, check: Self.check)
            let stale = try await store.apply(checked, kind: "s3", credential: Self.key, ifRevision: 7, by: nil)
            #expect(stale == .otherRevision(1))
            let missing = CredentialSpec(check: .init(job: "none", everySeconds: 60))
            #expect(try await store.apply(missing, kind: "s3", credential: Self.key, by: nil) == .jobNotFound("none"))
            guard
                case .done(let second, .updated) = try await store.apply(
                    checked,
                    kind: "s3",
                    credential: Self.key,
                    by: nil
                )
            else {
                Issue.record("not updated")
                return
            }
            #expect(second.checkDueAt != nil && second.revision == 2)
            #expect(try await store.credentials(isValid: false).isEmpty)
            #expect(try await store.credentials(teams: ["default"]).map(\.key) == [Self.key])
            #expect(try await store.unknownCredentials(["lake", "sea"], team: "default") == ["sea"])
            var job = StoreFixture.spec
            job.credentials = ["lake"]
            _ = try await store.apply(
                job,
                canonicalSpec: try job.canonicalJSON(),
                id: StoreFixture.identifier(),
                by: nil
            )
            #expect(try await store.deleteCredential(Self.key, by: nil) == .isNeeded(by: ["report"]))
            let free = StoreFixture.spec
            _ = try await store.apply(
                free,
                canonicalSpec: try free.canonicalJSON(),
                id: StoreFixture.identifier(),
                by: nil
            )
            let waiting = try await paused(fixture, needing: ["lake"])
            #expect(try await store.deleteCredential(Self.key, by: nil) == .isAwaited(by: waiting))
            _ = try await store.cancel(waiting, by: nil, why: nil)
            #expect(try await store.deleteCredential(Self.key, by: nil) == .done)
            #expect(try await store.deleteCredential(Self.key, by: nil) == .notFound)
        }
    }

    @Test("exactly the runs that were paused for it wait again, unless they need another that is not valid")
    func resuming() async throws {
        try await StoreFixture.with { fixture in
            let store = fixture.store
            for name in ["lake", "mail", "sea"] {
                let key = CredentialKey(team: "default", name: name)
                _ = try await store.apply(CredentialSpec(), kind: "s3", credential: key, by: nil)
            }
            let broken = CredentialUpdate(isValid: false, message: "expired")
            let outcome = try await store.updateCredentials(
                .named(["lake", "mail"]),
                team: "default",
                broken,
                by: "ann"
            )
            guard case .done(let changed, 0) = outcome else {
                Issue.record("\(outcome)")
                return
            }
            #expect(changed.allSatisfy { !$0.isValid && $0.message == "expired" && $0.checkedAt != nil })
            let ids = try await paused(fixture, needing: ["lake"], ["lake", "mail"], ["mail"], ["lake", "sea"])
            let credits = try await fixture.created()[0]
            try await store.pool.query(
                """
                UPDATE live_runs SET state = 'paused', reason = 'credits_exhausted', credentials = '{lake}'
                WHERE id = \(credits)
                """
            )
            let unknown = try await store.updateCredentials(
                .named(["lake", "x"]),
                team: "default",
                .init(isValid: true),
                by: nil
            )
            #expect(unknown == .notFound(["x"]))
            #expect(try await store.credential(Self.key)?.isValid == false)
            let valid = CredentialUpdate(isValid: true)
            let resumed = try await store.updateCredentials(
                .named(["lake"]),
                team: "default",
                valid,
                resumes: true,
                by: "ann"
            )
            guard case .done(let records, 2) = resumed else {
                Issue.record("\(resumed)")
                return
            }
            #expect(records.map(\.isValid) == [true] && records[0].message == nil)
            var states: [RunState?] = []
            for id in ids + [credits] { states.append(try await store.run(id)?.state) }
            #expect(states == [.pending, .paused, .paused, .pending, .paused])
            let rest = try await store.updateCredentials(.allInvalid, team: "default", valid, resumes: true, by: "ann")
            guard case .done(let all, 2) = rest else {
                Issue.record("\(rest)")
                return
            }
            #expect(all.map(\.key.name) == ["mail"])
            #expect(try await store.audits(of: ids[0]) == ["unpause"])
        }
    }

    @Test("a check is made once, and what its run did says whether the credential is valid")
    func checks() async throws {
        try await StoreFixture.with { fixture in
            let (store, holder) = (fixture.store, fixture.holder.id)
            let term = try #require(
                try await store.takeTerm(duty: "scheduling", holder: holder, timeToLive: .seconds(60))
            )
            _ = try await store.apply(CredentialSpec(check: Self.check), kind: "s3", credential: Self.key, by: nil)
            let due = try #require(try await store.dueChecks().first)
            #expect(due.key == Self.key && due.job?.version == 1 && due.jobSpec?.name == "report")
            let run = fixture.newRun()
            #expect(try await store.beginCheck(due.key, run: run, holder: holder, term: term + 1) == false)
            #expect(try await store.beginCheck(due.key, run: run, holder: holder, term: term))
            #expect(try await store.beginCheck(due.key, run: fixture.newRun(), holder: holder, term: term) == false)
            #expect(try await store.dueChecks().isEmpty)
            #expect(try await store.endedChecks().isEmpty)
            try await fixture.admitAll()
            let claimed = try #require(
                try await store.claim(cluster: "default", holder: holder, limit: 10, window: 10).runs.first
            )
            _ = try await store.apply([fixture.report(claimed, end: StoreFixture.failure())])
            let ended = try #require(try await store.endedChecks().first)
            #expect(ended.state == .failed && ended.failureClass == .user && ended.runID == run.id)
            #expect(try await store.settle(ended, .invalid, holder: holder, term: term) == 0)
            #expect(try await store.settle(ended, .valid, holder: holder, term: term) == nil)
            let record = try #require(try await store.credential(Self.key))
            #expect(!record.isValid && record.message?.contains("it broke") == true && record.checkRunID == nil)
            #expect(record.revision == 2 && record.checkDueAt != nil && record.checkedAt != nil)
            // Valid again, its runs wait again with the same word.
            let waiting = try await paused(fixture, needing: ["lake"], ["lake"])
            _ = try await store.requestCheck(Self.key, by: "ann")
            let third = fixture.newRun()
            #expect(try await store.beginCheck(Self.key, run: third, holder: holder, term: term))
            try await fixture.admitAll()
            let checking = try #require(
                try await store.claim(cluster: "default", holder: holder, limit: 10, window: 10).runs.first
            )
            _ = try await store.apply([fixture.report(checking, end: StoreFixture.success())])
            let good = try #require(try await store.endedChecks().first)
            #expect(try await store.settle(good, .valid, holder: holder, term: term + 1) == nil)
            #expect(try await store.runs(waiting).allSatisfy { $0.state == .paused })
            #expect(try await store.settle(good, .valid, holder: holder, term: term) == 2)
            #expect(try await store.runs(waiting).allSatisfy { $0.state == .pending })
            _ = try await store.cancel(waiting, by: nil, why: nil)
            // Asked for, it is due at once; a person's word while it is under way counts more.
            #expect(try await store.requestCheck(Self.key, by: "ann")?.hasCheck == true)
            let again = try #require(try await store.dueChecks().first)
            let second = fixture.newRun()
            #expect(try await store.beginCheck(again.key, run: second, holder: holder, term: term))
            _ = try await store.updateCredentials(.named(["lake"]), team: "default", .init(isValid: true), by: "ann")
            _ = try await store.cancel(second.id, by: nil)
            #expect(try await store.endedChecks().isEmpty)
            #expect(try await store.dueChecks().isEmpty)
            #expect(try await store.credential(Self.key)?.isValid == true)
        }
    }

    @Test("a check whose run was never made, or is gone, is made again")
    func lostCheck() async throws {
        try await StoreFixture.with { fixture in
            let (store, holder) = (fixture.store, fixture.holder.id)
            let term = try #require(
                try await store.takeTerm(duty: "scheduling", holder: holder, timeToLive: .seconds(60))
            )
            _ = try await store.apply(CredentialSpec(check: Self.check), kind: "s3", credential: Self.key, by: nil)
            let lost = StoreFixture.identifier()
            try await store.pool.query("UPDATE credentials SET check_run_id = \(lost)")
            #expect(try await store.endedChecks().isEmpty)
            try await store.pool.query("UPDATE credentials SET check_due_at = now() - interval '2 minutes'")
            let ended = try #require(try await store.endedChecks().first)
            #expect(ended.state == nil)
            #expect(try await store.settle(ended, .unknown, holder: holder, term: term) == 0)
            #expect(try await store.dueChecks().count == 1)
            #expect(try await store.credential(Self.key)?.isValid == true)
        }
    }
}

extension RunStore {
    /// What the lasting record says was done to a run.
    fileprivate func audits(of id: RunID) async throws -> [String] {
        try await pool.query(
            "SELECT action FROM audit_log WHERE subject_kind = 'run' AND subject = \(id.description) ORDER BY id"
        ).decode(String.self)
    }
}
