import SlipwayCore
import Testing

@Suite struct JobStateRoutesTests {
    @Test("a paused job still makes the runs that people ask for; an archived one makes none and is hidden")
    func states() async throws {
        try await APIFixture.with { api in
            try await api.applyJob()
            let ended = try await api.createRun()
            _ = try await api.client.send("POST", "/runs/\(ended)/cancel")
            let paused = try await api.client.send(
                "POST",
                "/jobs/default/report/pause",
                #"{"why": "broken source"}"#,
                headers: [("slipway-actor", "ann")]
            )
            #expect(paused.status == 200 && paused.json["change"]?.string == "changed")
            let job = try await api.client.get("/jobs/default/report").json
            #expect(job["paused_at"] != nil && job["paused_by"]?.string == "ann")
            #expect(try await api.client.get("/jobs?paused=true").json.elements("jobs").count == 1)
            _ = try await api.createRun()
            let again = try await api.client.send("POST", "/jobs/default/report/pause")
            #expect(again.json["change"]?.string == "unchanged")

            #expect(try await api.client.send("POST", "/jobs/default/report/archive").status == 200)
            #expect(try await api.client.get("/jobs").json.elements("jobs").isEmpty)
            #expect(try await api.client.get("/jobs?archived=all").json.elements("jobs").count == 1)
            #expect(try await api.client.get("/jobs?archived=perhaps").code == "invalid_parameter")
            #expect(try await api.client.send("POST", "/runs", #"{"job": "report"}"#).code == "job_archived")
            #expect(try await api.client.send("POST", "/runs/\(ended)/retry").code == "job_archived")
            let applied = try await api.client.send("POST", "/jobs", APIFixture.jobFile, contentType: "text/yaml")
            #expect(applied.status == 409 && applied.code == "job_archived")
            #expect(try await api.client.send("POST", "/jobs/default/report/unarchive").status == 200)
            #expect(try await api.client.send("POST", "/runs/\(ended)/retry").status == 201)
            #expect(try await api.client.send("POST", "/jobs/default/none/archive").code == "job_not_found")
        }
    }

    @Test("versions are listed without files, described with them, and compared")
    func versions() async throws {
        try await APIFixture.with { api in
            try await api.applyJob()
            try await api.applyJob(APIFixture.jobFile + "\ndescription: better")
            let listed = try await api.client.get("/jobs/default/report/versions").json.elements("versions")
            #expect(listed.count == 2 && listed.allSatisfy { $0["spec"] == nil && $0.integer("task_count") == 1 })
            let first = try await api.client.get("/jobs/default/report/versions/1").json
            #expect(first["spec"]?["name"]?.string == "report" && first["spec"]?["description"] == nil)
            #expect(try await api.client.get("/jobs/default/report/versions/3").code == "version_not_found")
            #expect(try await api.client.get("/jobs/default/report/versions/x").code == "invalid_parameter")
            let diff = try await api.client.get("/jobs/default/report/diff").json
            #expect(diff.integer("from") == 1 && diff.integer("to") == 2 && diff.integer("difference_count") == 1)
            let difference = try #require(diff.elements("differences").first)
            #expect(difference["path"]?.string == "description" && difference["kind"]?.string == "added")
            let back = try await api.client.get("/jobs/default/report/diff?from=2&to=1").json
            #expect(back.elements("differences").first?["kind"]?.string == "removed")
        }
    }

    @Test("a plan tells what applying would do and does nothing")
    func plan() async throws {
        try await APIFixture.with { api in
            func plan(_ text: String) async throws -> Answer {
                try await api.client.send("POST", "/jobs:plan", text, contentType: "application/yaml")
            }
            let new = try await plan(APIFixture.jobFile).json
            #expect(new["change"]?.string == "created" && new.integer("version") == 1)
            #expect(new["placement"]?["verdict"]?.string == "now" && new["placement"]?["cluster"]?.string == "default")
            #expect(try await api.client.get("/jobs").json.elements("jobs").isEmpty)
            try await api.applyJob()
            #expect(try await plan(APIFixture.jobFile).json["change"]?.string == "unchanged")
            let changed = try await plan(APIFixture.jobFile + "\ndescription: better\ncluster: mars").json
            #expect(changed["change"]?.string == "updated" && changed.integer("version") == 2)
            #expect(changed.integer("difference_count") == 2 && changed["placement"]?["verdict"]?.string == "never")
            #expect(try await plan("name: Report\n").code == "invalid_job_file")
            // Its schedules are a part of the file, and no part of a version.
            func changes(_ plan: JSONValue) -> [String] {
                plan.elements("schedules").map { "\($0["name"]?.string ?? "") \($0["change"]?.string ?? "")" }
            }
            let schedules = "\nschedules:\n  - {name: a, every: 1h}\n  - {name: b, every: 2h}\n"
            let scheduled = try await plan(APIFixture.jobFile + schedules).json
            #expect(scheduled["change"]?.string == "updated" && scheduled.integer("version") == 1)
            #expect(changes(scheduled) == ["a created", "b created"])
            try await api.applyJob(APIFixture.jobFile + schedules)
            #expect(try await plan(APIFixture.jobFile + schedules).json["change"]?.string == "unchanged")
            let other = "\nschedules:\n  - {name: a, every: 3h}\n"
            #expect(changes(try await plan(APIFixture.jobFile + other).json) == ["a updated", "b deleted"])
            let nowhere = "\nschedules:\n  - {name: a, cron: '@daily', zone: Europe/Nowhere}\n"
            #expect(try await plan(APIFixture.jobFile + nowhere).status == 422)
            #expect(try await api.client.send("POST", "/jobs/default/report/archive").status == 200)
            #expect(try await plan(APIFixture.jobFile).json["refusal"]?.string == "job_archived")
        }
    }
}
