import ControlAPI
import RunStore
import SlipwayCore
import Testing

@Suite struct ListRoutesTests {
    @Test("a filter shows what it says, over every kind of field")
    func filters() async throws {
        try await APIFixture.with { api in
            try await api.applyJob(APIFixture.jobFile + "\ntags: [nightly, finance]")
            try await api.applyJob("name: other\nengine: none\ntasks: [{name: t, command: ['true']}]")
            let fleet = try await TestFleet(api.store)
            let german = try await api.createRun(#"{"job": "report", "variables": {"country": "DE", "days": 30}}"#)
            let claimed = try #require(try await fleet.place()[german])
            try await fleet.start(claimed)
            try await fleet.end(claimed, TestFleet.failure())
            let dutch = try await api.createRun()
            let other = try await api.createRun(#"{"job": "other"}"#)
            _ = try await api.client.send("POST", "/runs/\(dutch)/cancel")
            func shows(_ filter: String, _ wanted: [RunID]) async throws {
                let answer = try await api.client.get("/runs?filter=\(encoded(filter))")
                #expect(answer.status == 200, "\(filter): \(answer.text)")
                let ids = answer.json.elements("runs").compactMap { $0["id"]?.string }
                #expect(ids == wanted.map(\.description), "\(filter)")
            }
            try await shows("job=report", [dutch, german])
            try await shows("job=report state=failed", [german])
            try await shows("state=failed OR state=cancelled", [dutch, german])
            try await shows("NOT state=failed", [other, dutch])
            try await shows("-state=failed job=report", [dutch])
            try await shows("variables.country=DE", [german])
            try await shows("variables.country!=DE", [other, dutch])
            try await shows("variables.days=30", [german])
            try await shows("variables:country", [dutch, german])
            try await shows("NOT variables:*", [other])
            try await shows("tags:nightly AND failure_class=user", [german])
            try await shows("tags:*", [dutch, german])
            try await shows("message:\"NO SUCH\"", [german])
            try await shows("message:*", [dutch, german])
            try await shows("exit_code=1 version=1 attempt>=1 priority<=0", [german])
            try await shows("over=false", [other])
            try await shows("promoted=true", [])
            try await shows("released=false", [other, dutch, german])
            try await shows("created_at>2020-01-01 AND age<1h", [other, dutch, german])
            try await shows("created_at<2020-01-01", [])
            try await shows("duration>=0s", [german])
            try await shows("wait>1h", [])
            try await shows("id=\(other)", [other])
            try await shows("origin=\(other)", [])
            try await shows("trigger=manual kind:NIGHT", [dutch, german])
            try await shows("schedule:*", [])
            try await shows("job=\"x' OR '1'='1\"", [])
        }
    }

    @Test("a wrong filter, order, search or place is told by its field")
    func mistakes() async throws {
        try await APIFixture.with { api in
            try await api.applyJob()
            for (query, field) in [
                ("filter=jobb=a", "filter"), ("filter=job=", "filter"), ("filter=state=over", "filter"),
                ("order_by=name", "order_by"), ("search=%20-%20", "search"), ("after=AAAA", "after"),
            ] {
                let answer = try await api.client.get("/runs?\(query)")
                #expect(answer.status == 400 && answer.fields == [field], "\(query): \(answer.text)")
            }
            let deep = String(repeating: "(", count: 11) + "job=a" + String(repeating: ")", count: 11)
            #expect(try await api.client.get("/runs?filter=\(encoded(deep))").fields == ["filter"])
            let wrong = #"{"filter": {"where": "state=over"}}"#
            #expect(try await api.client.send("POST", "/runs:cancel", wrong).fields == ["filter.where"])
            #expect(try await api.client.get("/jobs?filter=nothing=1").fields == ["filter"])
            #expect(try await api.client.get("/schedules?filter=next%3Emonday").fields == ["filter"])
        }
    }

    @Test("a search finds words of the run, also by their beginnings, and no secret")
    func search() async throws {
        try await APIFixture.with { api in
            try await api.applyJob()
            let fleet = try await TestFleet(api.store)
            let failed = try await api.createRun(#"{"job": "report", "variables": {"country": "Germany"}}"#)
            let claimed = try #require(try await fleet.place()[failed])
            try await fleet.start(claimed)
            try await fleet.end(claimed, TestFleet.failure())
            let live = try await api.createRun(#"{"job": "report", "variables": {"country": "Greece"}}"#)
            func finds(_ words: String, _ wanted: [RunID]) async throws {
                let answer = try await api.client.get("/runs?search=\(encoded(words))")
                #expect(answer.status == 200, "\(answer.text)")
                #expect(
                    answer.json.elements("runs").compactMap { $0["id"]?.string } == wanted.map(\.description),
                    "\(words)"
                )
            }
            try await finds("germ", [failed])
            try await finds("GREECE report", [live])
            try await finds("no such table", [failed])
            try await finds("AnalysisException", [failed])
            try await finds("report", [live, failed])
            try await finds("report spain", [])
            try await finds("it's \\ & | ! (quoted):*", [])
            try await finds("task_failed", [failed])
        }
    }

    @Test("lists come in each order, page by page, each run once")
    func orders() async throws {
        try await APIFixture.with { api in
            try await api.applyJob()
            var made: [String] = []
            for _ in 0..<5 { made.append(try await api.createRun().description) }
            // They end in another order than they began.
            let ends = [made[3], made[0], made[4], made[1]]
            for id in ends { _ = try await api.client.send("POST", "/runs/\(id)/cancel") }
            for (order, wanted) in [
                ("created_at", made), ("created_at desc", made.reversed()), ("ended_at", ends),
                ("ended_at desc", ends.reversed()),
            ] {
                var seen: [String] = []
                var after = ""
                repeat {
                    let page = try await api.client.get("/runs?limit=2&order_by=\(encoded(order))\(after)").json
                    seen += page.elements("runs").compactMap { $0["id"]?.string }
                    after = page["next"]?.string.map { "&after=\($0)" } ?? ""
                } while !after.isEmpty
                #expect(seen == wanted, "\(order)")
            }
        }
    }

    @Test("a place is good for its list with its parameters, and cannot be made up")
    func places() async throws {
        try await APIFixture.with { api in
            try await api.applyJob()
            for _ in 0..<3 { _ = try await api.createRun() }
            let place = try #require(try await api.client.get("/runs?limit=1").json["next"]?.string)
            #expect(try await api.client.get("/runs?limit=2&after=\(place)").json.elements("runs").count == 2)
            for path in ["/runs?job=report&after=\(place)", "/teams?after=\(place)", "/runs?after=\(place)A"] {
                let answer = try await api.client.get(path)
                #expect(answer.status == 400 && answer.fields == ["after"], "\(path): \(answer.text)")
            }
            var changed = Array(place)
            changed[changed.count - 3] = changed[changed.count - 3] == "A" ? "B" : "A"
            #expect(try await api.client.get("/runs?after=\(String(changed))").fields == ["after"])
        }
    }

    @Test("jobs and schedules are filtered too")
    func others() async throws {
        try await APIFixture.with { api in
            try await api.applyJob(APIFixture.jobFile + "\ntags: [nightly]\nowner: ann")
            try await api.applyJob("name: other\nengine: none\ntasks: [{name: t, command: ['true']}]")
            func names(_ path: String, _ list: String) async throws -> [String] {
                try await api.client.get(path).json.elements(list).compactMap { $0["name"]?.string }
            }
            #expect(try await names("/jobs?filter=\(encoded("tags:nightly AND owner=ann"))", "jobs") == ["report"])
            #expect(try await names("/jobs?filter=\(encoded("NOT owner=ann"))", "jobs") == ["other"])
            for name in ["daily", "weekly"] {
                let body = #"{"name": "\#(name)", "cron": "0 3 * * *"}"#
                let made = try await api.client.send("POST", "/jobs/default/report/schedules", body)
                #expect(made.status == 201, "\(made.text)")
            }
            #expect(try await names("/schedules?filter=\(encoded("name:WEEK job=report"))", "schedules") == ["weekly"])
            #expect(try await names("/schedules?filter=paused=true", "schedules").isEmpty)
        }
    }

    @Test("a list is followed from when its stream is ready, and from an event's id on")
    func watch() async throws {
        var limits = APIFixture.quick
        limits.listInterval = .milliseconds(20)
        try await APIFixture.with(limits: limits) { api in
            try await api.applyJob()
            _ = try await api.createRun()
            let client = api.client
            let created = try await withThrowingTaskGroup(of: [StreamedEvent].self) { group in
                let (ready, isReady) = AsyncStream.makeStream(of: Void.self)
                group.addTask {
                    try await client.events("/runs:watch?filter=job=report") { event in
                        if event.name == "ready" { isReady.yield() }
                        return event.data["state"]?.string == "cancelled"
                    }
                }
                for await _ in ready { break }
                let id = try await api.createRun()
                _ = try await client.send("POST", "/runs/\(id)/cancel")
                let events = try await group.next() ?? []
                let runs = events.filter { $0.name == "run" }
                let told = runs.compactMap { $0.data["id"]?.string }
                #expect(told.contains(id.description))
                #expect(events.first?.name == "ready" && events.allSatisfy { $0.id != nil })
                return (id, events)
            }
            let start = try #require(created.1.first?.id)
            let again = try await client.events("/runs:watch", lastEventID: start) {
                $0.data["id"]?.string == created.0.description
            }
            #expect(again.last?.data["id"]?.string == created.0.description)
            #expect(try await client.get("/runs:watch", headers: [("last-event-id", "x")]).fields == ["Last-Event-ID"])
        }
    }
}

/// Text as a part of a query.
func encoded(_ text: String) -> String {
    let plain = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~".utf8)
    return text.utf8.map {
        plain.contains($0) ? String(UnicodeScalar($0)) : "%" + String(UInt16($0) | 0x100, radix: 16).dropFirst()
    }
    .joined()
}
