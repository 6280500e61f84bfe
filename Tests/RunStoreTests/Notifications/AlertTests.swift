import PostgresClient
import RunStore
import Scheduler
import SlipwayCore
import Testing

@Suite struct AlertTests {
    @Test("a run that is not over in time is noted once, and its team is told")
    func late() async throws {
        try await StoreFixture.with { fixture in
            try await WebhookReceiver.with { receiver in
                try await fixture.webhook("pager", receiver.url, events: [.slaMissed])
                try await fixture.say(sla: JobSpec.ServiceLevel(withinSeconds: 600))
                let run = try await fixture.placed(.running)
                #expect(try await fixture.store.noteAlerts() == 0)
                try await fixture.age(run.id, seconds: 601)
                #expect(try await fixture.store.noteAlerts() == 1)
                #expect(try await fixture.store.noteAlerts() == 0)
                _ = try await fixture.store.apply([fixture.report(run, end: StoreFixture.success())])
                #expect(try await fixture.store.noteAlerts() == 0)
                let events = try await fixture.store.events(run.id)
                #expect(events.filter { $0.kind == "sla_missed" }.count == 1)
                let clock = MovedClock()
                let holder = StoreFixture.identifier()
                #expect(
                    try await fixture.deliverDue(clock, fixture.delivery(clock, holder: holder), holder: holder) == 1
                )
                let told = try #require(receiver.requests.first)
                #expect(told.body.contains(#""type":"run.sla_missed""#) && told.body.contains(#""due_at""#))
            }
        }
    }

    @Test("a run that ended between two looks, but late, is noted; a cancelled one and one in time are not")
    func ended() async throws {
        try await StoreFixture.with { fixture in
            try await fixture.say(sla: JobSpec.ServiceLevel(withinSeconds: 600, from: .started))
            let late = try await fixture.placed(.running)
            let inTime = try await fixture.placed(.running)
            let cancelled = try await fixture.created()[0]
            try await fixture.store.pool.query(
                "UPDATE live_runs SET running_at = running_at - interval '1 hour' WHERE id = \(late.id)"
            )
            _ = try await fixture.store.apply([
                fixture.report(late, end: StoreFixture.success()), fixture.report(inTime, end: StoreFixture.success()),
            ])
            _ = try await fixture.store.cancel(cancelled, by: nil)
            #expect(try await fixture.store.noteAlerts() == 1)
            #expect(try await fixture.store.noteAlerts() == 0)
            #expect(try await fixture.count("sla_misses", of: late.id) == 1)
        }
    }

    @Test("so many failures in a row are told once until a run succeeds; cancelled runs say nothing")
    func repeated() async throws {
        try await StoreFixture.with { fixture in
            try await fixture.webhook("pager", "http://127.0.0.1:1", events: [.repeatedFailure])
            try await fixture.say(alerts: JobSpec.Alerts(failuresInARow: 3))
            func told() async throws -> Int {
                _ = try await fixture.store.noteAlerts()
                return try await fixture.store.pool.query(
                    "SELECT count(*) FROM notifications WHERE type = 'job.repeated_failure'"
                ).decode(Int.self)[0]
            }
            var counts: [Int] = []
            let ends: [RunState] = [
                .failed, .failed, .cancelled, .timeout, .failed, .succeeded, .failed, .failed, .failed, .failed,
            ]
            for state in ends {
                _ = try await fixture.run(in: state)
                counts.append(try await told())
            }
            #expect(counts == [0, 0, 0, 1, 1, 1, 1, 1, 2, 2])
            // Several ends between two looks, a success among them.
            for state in [RunState.succeeded, .failed, .failed, .failed] { _ = try await fixture.run(in: state) }
            #expect(try await told() == 3)
        }
    }
}

extension StoreFixture {
    /// Gives the fixture's job another version.
    func say(sla: JobSpec.ServiceLevel? = nil, alerts: JobSpec.Alerts? = nil) async throws {
        var spec = Self.spec
        spec.sla = sla
        spec.alerts = alerts
        // The fixture's runs are of the first version: it is the one that changes.
        try await store.pool.query(
            """
            UPDATE job_versions SET spec = \(PostgresJSON(text: try spec.canonicalJSON()))
            WHERE job_id = \(job.id) AND version = \(job.version)
            """
        )
    }

    /// Makes a run that goes on older.
    func age(_ id: RunID, seconds: Int) async throws {
        try await store.pool.query(
            "UPDATE live_runs SET created_at = created_at - make_interval(secs => \(seconds)::int) WHERE id = \(id)"
        )
    }
}
