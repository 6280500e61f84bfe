import PostgresClient
import RunStore
import SlipwayCore
import Testing

@Suite struct ScheduleRoutesTests {
    private static let nightly = #"""
        {"name": "nightly", "cron": "30 2 * * *", "zone": "Europe/Berlin", "missed_ticks": {"all": 3},
         "variables": {"country": "DE", "days": 3}}
        """#
    private static let path = "/jobs/default/report/schedules"

    @Test("a schedule is made, described, listed, replaced under its revision, and removed")
    func life() async throws {
        try await APIFixture.with { api in
            try await api.applyJob()
            let made = try await api.client.send("POST", Self.path, Self.nightly)
            try #require(made.status == 201, "\(made.text)")
            #expect(made.headers["location"] == "/api/v1\(Self.path)/nightly" && made.headers["etag"] == "\"1\"")
            #expect(made.json["kind"]?.string == "cron" && made.json["spec"]?["zone"]?.string == "Europe/Berlin")
            #expect(made.json["next"]?["local"]?.string?.contains("T02:30:00+0") == true)
            #expect(try await api.client.send("POST", Self.path, Self.nightly).code == "schedule_exists")
            let same = try await api.client.send("PUT", Self.path + "/nightly", Self.nightly)
            #expect(same.status == 200 && same.json["change"]?.string == "unchanged")
            let other = "cron: \"0 3 * * *\"\nzone: Asia/Tokyo\n"
            let stale = try await api.client.send(
                "PUT",
                Self.path + "/nightly",
                other,
                contentType: "application/yaml",
                headers: [("if-match", "\"7\"")]
            )
            #expect(stale.status == 412 && stale.code == "other_revision")
            let changed = try await api.client.send(
                "PUT",
                Self.path + "/nightly",
                other,
                contentType: "application/yaml",
                headers: [("if-match", "\"1\"")]
            )
            #expect(changed.status == 200 && changed.headers["etag"] == "\"2\"")
            #expect(changed.json["spec"]?["variables"] == nil)
            let second = try await api.client.send("PUT", Self.path + "/often", #"{"every": "15m"}"#)
            #expect(second.status == 201 && second.json["change"]?.string == "created")
            let page = try await api.client.get("/schedules?limit=1").json
            #expect(page.elements("schedules").map { $0["name"]?.string } == ["nightly"])
            let rest = try await api.client.get("/schedules?after=\(try #require(page["next"]?.string))").json
            #expect(rest.elements("schedules").map { $0["name"]?.string } == ["often"])
            #expect(try await api.client.get(Self.path).json.elements("schedules").count == 2)
            let gone = try await api.client.send("DELETE", Self.path + "/nightly")
            #expect(gone.status == 200 && gone.json["change"]?.string == "deleted")
            #expect(try await api.client.get(Self.path + "/nightly").code == "schedule_not_found")
            #expect(try await api.client.get("/jobs/default/other/schedules/nightly").code == "job_not_found")
        }
    }

    @Test("a schedule for one moment that has passed may be applied again, and not be given another that has passed")
    func passed() async throws {
        try await APIFixture.with { api in
            try await api.applyJob()
            let path = Self.path + "/once"
            let soon = #"{"at": "2126-01-01T00:00:00Z"}"#
            #expect(try await api.client.send("PUT", path, soon).status == 201)
            try await api.store.pool.query(
                "UPDATE schedules SET spec = replace(spec::text, '2126', '2020')::jsonb WHERE name = 'once'"
            )
            let past = soon.replacing("2126", with: "2020")
            let same = try await api.client.send("PUT", path, past)
            #expect(same.status == 200 && same.json["change"]?.string == "unchanged", "\(same.text)")
            let other = try await api.client.send("PUT", path, soon.replacing("2126", with: "2021"))
            #expect(other.status == 422 && other.text.contains("has passed"), "\(other.text)")
            let named = #"{"name": "once", "at": "2020-01-01T00:00:00Z"}"#
            #expect(try await api.client.send("POST", Self.path, named).text.contains("has passed"))
        }
    }

    @Test("what is wrong with a schedule is told with its field, its place and what is allowed")
    func mistakes() async throws {
        try await APIFixture.with { api in
            try await api.applyJob()
            let wrong: [(String, String, String)] = [
                (#"{"name": "a"}"#, "", "one of cron, every, at, always_on is required"),
                (#"{"name": "a", "every": "15m", "cron": "@daily"}"#, "every", "must not stand beside cron"),
                (#"{"name": "a", "cron": "61 * * * *"}"#, "cron", "minute"),
                (#"{"name": "a", "cron": "@daily", "zone": "Europe/Berlim"}"#, "zone", "did you mean Europe/Berlin?"),
                (#"{"name": "a", "every": "5s"}"#, "every", "from 10s"),
                (#"{"name": "a", "at": "2020-01-01T00:00:00Z"}"#, "at", "has passed"),
                (#"{"name": "a", "at": "tomorrow"}"#, "at", "2026-01-31T09:05:00Z"),
                (#"{"name": "a", "every": "1h", "zone": "UTC"}"#, "zone", "is only for cron"),
                (#"{"name": "a", "every": "1h", "jitter": "2h"}"#, "jitter", "to 1h"),
                (#"{"name": "a", "every": "1h", "missed_ticks": {"all": 501}}"#, "missed_ticks.all", "1 to 500"),
                (#"{"name": "a", "every": "1h", "variables": {"day": "x"}}"#, "variables.day", "is not a variable"),
                (
                    #"{"name": "a", "every": "1h", "variables": {"country": "${{ tick.year }}"}}"#,
                    "variables.country", "tick.date"
                ),
                (#"{"name": "A", "every": "1h"}"#, "name", "characters a-z"),
                (#"{"name": "a", "evry": "1h", "every": "1h"}"#, "evry", "is not known"),
            ]
            for (body, field, message) in wrong {
                let answer = try await api.client.send("POST", Self.path, body)
                #expect(answer.status == 422 && answer.code == "invalid_schedule", "\(body): \(answer.text)")
                #expect(answer.fields.contains(field), "\(body): \(answer.fields)")
                #expect(answer.text.contains(message), "\(body): \(answer.text)")
            }
        }
    }

    @Test("pausing, resuming and triggering; a triggered run has the schedule's variables")
    func actions() async throws {
        try await APIFixture.with { api in
            try await api.applyJob()
            _ = try await api.client.send("POST", Self.path, Self.nightly)
            let paused = try await api.client.send("POST", Self.path + "/nightly/pause", #"{"why": "holidays"}"#)
            #expect(paused.status == 200 && paused.json["paused"] == .bool(true))
            #expect(try await api.client.get("/upcoming-runs").json.elements("upcoming").isEmpty)
            let again = try await api.client.send("POST", Self.path + "/nightly/pause")
            #expect(again.json["change"]?.string == "unchanged")
            let resumed = try await api.client.send("POST", Self.path + "/nightly/resume")
            #expect(resumed.json["paused"] == .bool(false))
            let run = try await api.client.send(
                "POST",
                Self.path + "/nightly/trigger",
                #"{"variables": {"country": "FR"}}"#
            )
            try #require(run.status == 201, "\(run.text)")
            let described = try await api.client.get("/runs/\(run.json["id"]?.string ?? "")").json
            #expect(described["variables"]?["country"]?.string == "FR")
            #expect(described["variables"]?.integer("days") == 3)
            #expect(described["variable_origins"]?["days"]?.string == "trigger")
            #expect(described["trigger"]?["kind"]?.string == "manual")
        }
    }

    @Test("a dry run tells what would be, of a stored schedule and of one that is not")
    func dryRun() async throws {
        try await APIFixture.with { api in
            try await api.applyJob()
            _ = try await api.client.send("POST", Self.path, Self.nightly)
            let stored = try await api.client.get(Self.path + "/nightly/dry-run?count=3").json
            #expect(stored.elements("ticks").map { $0["verdict"]?.string } == ["starts", "starts", "starts"])
            let query = "?count=3&from=2027-03-27T00:00:00Z"
            let new = try await api.client.send(
                "POST",
                "/jobs/default/report/schedules:dry-run\(query)",
                #"{"cron": "30 2 * * *", "zone": "Europe/Berlin"}"#
            )
            // The night in which 02:30 is skipped.
            #expect(
                new.json.elements("ticks").map { $0["local"]?.string } == [
                    "2027-03-27T02:30:00+01:00", "2027-03-28T03:00:00+02:00", "2027-03-29T02:30:00+02:00",
                ],
                "\(new.text)"
            )
            try await api.store.pool.query("UPDATE clusters SET state = 'failed'")
            let failed = try await api.client.get(Self.path + "/nightly/dry-run?count=1").json
            #expect(failed.elements("ticks").map { $0["reason"]?.string } == ["no_healthy_cluster"])
        }
    }

    @Test("what is to come is one list over all jobs, page by page")
    func upcoming() async throws {
        try await APIFixture.with { api in
            try await api.applyJob()
            for name in ["a", "b"] {
                _ = try await api.client.send("POST", Self.path, #"{"name": "\#(name)", "every": "1h"}"#)
            }
            _ = try await api.client.send("POST", Self.path, #"{"name": "c", "every": "90m"}"#)
            var seen: [JSONValue] = []
            var after = ""
            repeat {
                let page = try await api.client.get("/upcoming-runs?limit=3\(after)").json
                seen += page.elements("upcoming")
                after = page["next"]?.string.map { "&after=\($0)" } ?? ""
            } while !after.isEmpty && seen.count < 24
            let places = seen.map { "\($0["tick"]?.string ?? "") \($0["schedule"]?.string ?? "")" }
            #expect(Set(places).count == 24)
            #expect(seen.compactMap { $0["tick"]?.string } == seen.compactMap { $0["tick"]?.string }.sorted())
            #expect(seen.filter { $0["schedule"]?.string == "c" }.count == 6)
            #expect(try await api.client.get("/upcoming-runs?team=nobody").json.elements("upcoming").isEmpty)
        }
    }

    @Test("a backfill is previewed, made, and found by its trigger")
    func backfill() async throws {
        try await APIFixture.with { api in
            try await api.applyJob()
            _ = try await api.client.send("POST", Self.path, Self.nightly)
            let path = Self.path + "/nightly/backfill"
            let range = #""from": "2026-01-01T00:00:00Z", "until": "2026-01-08T00:00:00Z""#
            let preview = try await api.client.send("POST", path, "{\(range), \"dry_run\": true}")
            #expect(preview.status == 200 && preview.json.integer("runs") == 7)
            let made = try await api.client.send("POST", path, "{\(range)}")
            #expect(made.status == 201 && made.json.elements("ticks").allSatisfy { $0["run"]?.string != nil })
            let again = try await api.client.send("POST", path, "{\(range)}")
            #expect(again.status == 200 && again.json.integer("runs") == 0)
            let runs = try await api.client.get("/runs?trigger=backfill&schedule=nightly&job=report").json
            #expect(runs.elements("runs").count == 7)
            #expect(runs.elements("runs").first?["trigger"]?["schedule"]?.string == "nightly")
            let wrong = try await api.client.send("POST", path, #"{"from": "2026-01-01T00:00:00Z"}"#)
            #expect(wrong.status == 422 && wrong.fields == ["until"])
            #expect(try await api.client.get("/runs?trigger=moon").status == 400)
        }
    }

    @Test("triggers and backfills take from the submission rate of their team")
    func submissionRate() async throws {
        try await APIFixture.with { api in
            try await api.applyJob()
            _ = try await api.client.send("POST", Self.path, Self.nightly)
            let team = "name: default\nsubmission_rate: {runs: 4, per: 1h}"
            let applied = try await api.client.send("POST", "/teams", team, contentType: "application/yaml")
            try #require(applied.status == 200, "\(applied.text)")
            func backfill(until day: Int, dry: Bool = false) async throws -> Answer {
                let range = #""from": "2026-01-01T00:00:00Z", "until": "2026-01-0\#(day)T00:00:00Z""#
                return try await api.client.send(
                    "POST",
                    Self.path + "/nightly/backfill",
                    "{\(range), \"dry_run\": \(dry)}"
                )
            }
            let never = try await backfill(until: 8)
            #expect(never.status == 422 && never.fields == ["runs"], "\(never.text)")
            #expect(try await backfill(until: 8, dry: true).json.integer("runs") == 7)
            #expect(try await backfill(until: 4).json.integer("runs") == 3)
            #expect(try await api.client.send("POST", Self.path + "/nightly/trigger").status == 201)
            let trigger = try await api.client.send("POST", Self.path + "/nightly/trigger")
            #expect(trigger.status == 429 && trigger.code == "submission_rate_exceeded")
            let more = try await backfill(until: 5)
            #expect(more.status == 429 && more.headers["retry-after"] != nil)
            #expect(try await backfill(until: 4).status == 200)
            #expect(try await api.store.liveCounts() == [.pending: 4])
        }
    }

    @Test("a job's file makes its schedules, without a new version, and takes back only what it made")
    func jobFile() async throws {
        try await APIFixture.with { api in
            try await api.applyJob()
            _ = try await api.client.send("POST", Self.path, #"{"name": "own", "every": "1h"}"#)
            let file = APIFixture.jobFile + "\nschedules:\n  - {name: a, every: 1h}\n  - {name: b, cron: '@daily'}\n"
            let applied = try await api.client.send("POST", "/jobs", file, contentType: "application/yaml")
            #expect(applied.status == 200 && applied.json["change"]?.string == "unchanged", "\(applied.text)")
            #expect(applied.json.elements("schedules").map { $0["change"]?.string } == ["created", "created"])
            let second = APIFixture.jobFile + "\nschedules:\n  - {name: a, every: 2h}\n"
            let changed = try await api.client.send("POST", "/jobs", second, contentType: "application/yaml").json
            #expect(changed.integer("version") == 1)
            #expect(changed.elements("schedules").map { $0["change"]?.string } == ["updated", "deleted"])
            let names = try await api.client.get(Self.path).json.elements("schedules").map { $0["name"]?.string }
            #expect(names == ["a", "own"])
            try await api.applyJob()
            #expect(try await api.client.get(Self.path).json.elements("schedules").count == 2)
            let wrong = APIFixture.jobFile + "\nschedules:\n  - {name: a, every: 1h, variables: {no: 1}}\n"
            let refused = try await api.client.send("POST", "/jobs", wrong, contentType: "application/yaml")
            #expect(refused.status == 422 && refused.fields == ["schedules.variables.no"], "\(refused.text)")
        }
    }
}
