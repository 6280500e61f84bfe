import PostgresClient
import SlipwayCore
import TestSupport
import Testing

extension StackTests {
    @Suite struct ScheduleTests {
        @Test("a schedule fires runs that execute, each for its tick, and one that is always on follows itself")
        func fires() async throws {
            let site = try Site.current()
            let job = try await CountingJob("scheduled", lines: 1, on: site)
            let made = try await site.slipway("schedule", "create", job.name, "often", "--every", "10s")
            #expect(made.status == 0, "\(made.notes)")
            let always = try await CountingJob("always", lines: 1, on: site)
            _ = try await site.slipway("schedule", "create", always.name, "on", "--always-on")
            try await eventually(within: .seconds(60), "both have runs that succeeded") {
                let scheduled = try await site.number(Self.succeeded(job.name))
                let following = try await site.number(Self.succeeded(always.name))
                return min(scheduled, following) >= 2
            }
            for name in [(job.name, "often"), (always.name, "on")] {
                _ = try await site.slipway("schedule", "pause", name.0, name.1)
            }
            try await eventually(within: .seconds(60), "nothing is live") {
                try await site.number(
                    "SELECT count(*) FROM live_runs WHERE job_name IN (\(job.name), \(always.name))"
                ) == 0
            }
            let ticks = try await site.slipway.json("schedule", "ticks", job.name, "often")["ticks"]?.elements ?? []
            let fired = ticks.filter { $0.text("outcome") == "fired" }
            #expect(fired.count >= 2 && Set(fired.map { $0.text("tick") }).count == fired.count)
            #expect(Set(fired.map { $0.text("run") }) == Set(job.executed) && job.executed.count == fired.count)
            let run = try await site.run(fired[0].text("run"))
            #expect(run["trigger"]?.text("kind") == "schedule" && run["trigger"]?.text("tick") == fired[0].text("tick"))
            // One run of the schedule that is always on at a time.
            let overlaps = try await site.number(
                """
                SELECT count(*) FROM runs a JOIN runs b ON a.schedule_id = b.schedule_id AND a.id < b.id
                WHERE a.job_name = \(always.name) AND b.created_at < a.ended_at
                """
            )
            #expect(overlaps == 0 && always.executed.count >= 2)
        }

        private static func succeeded(_ job: String) -> PostgresQuery {
            "SELECT count(*) FROM runs WHERE job_name = \(job) AND state = 'succeeded'"
        }
    }
}
