import RunStore
import SlipwayCore
import Testing

/// What the API tells for the dashboard's sake.
@Suite struct DashboardRoutesTests {
    @Test("lines of one stream by their number, over chunks and between other streams")
    func lines() async throws {
        try await APIFixture.with { api in
            try await api.applyJob()
            let fleet = try await TestFleet(api.store)
            let id = try await api.createRun()
            let run = try #require(try await fleet.place()[id])
            try await fleet.start(run)
            for flush in 0..<5 {
                try await fleet.write(
                    run,
                    (1...8).map { number in
                        let line = flush * 8 + number
                        return (stream: line % 2 == 0 ? "task/even" : "task/odd", text: "line \(line)")
                    }
                )
            }
            let path = "/runs/\(id)/logs/lines?stream=task/even"
            func texts(_ query: String) async throws -> [String] {
                try await api.client.get(path + query).json.elements("lines").compactMap { $0["text"]?.string }
            }
            #expect(try await texts("&from=0&count=3") == ["line 2", "line 4", "line 6"])
            #expect(try await texts("&from=3&count=3") == ["line 8", "line 10", "line 12"])
            #expect(try await texts("&from=18&count=9") == ["line 38", "line 40"])
            #expect(try await texts("&from=20&count=9") == [])
            let last = try await api.client.get(path + "&count=2").json
            #expect(last.integer("total") == 20 && last.integer("from") == 18 && last["complete"] == .bool(false))
            #expect(last.elements("lines").compactMap { $0["text"]?.string } == ["line 38", "line 40"])

            for line in try await api.client.get(path + "&from=0&count=20").json.elements("lines").enumerated() {
                let position = "\(line.element.integer("placement") ?? 0).\(line.element.integer("sequence") ?? 0)"
                let found = try await api.client.get(path + "&at=\(position)&count=4").json
                #expect(found.integer("found") == line.offset)
                #expect(found.integer("from") == max(0, line.offset - 2))
            }
            let none = try await api.client.get("/runs/\(id)/logs/lines?stream=task/none").json
            #expect(none.integer("total") == 0 && none.elements("lines").isEmpty)
        }
    }

    @Test(
        "a request for lines that makes no sense is refused with its field",
        arguments: [
            ("", "stream"), ("?stream=run", "stream"), ("?stream=x", "stream"), ("?stream=sail&at=1", "at"),
            ("?stream=sail&from=-1", "from"), ("?stream=sail&count=0", "count"), ("?stream=sail&count=2001", "count"),
        ]
    )
    func wrong(query: String, field: String) async throws {
        try await APIFixture.with { api in
            try await api.applyJob()
            let id = try await api.createRun()
            let answer = try await api.client.get("/runs/\(id)/logs/lines\(query)")
            #expect(answer.status == 400 && answer.fields == [field])
        }
    }

    @Test("what teams use of what is scarce, beside their fair part")
    func shares() async throws {
        try await APIFixture.with { api in
            let nobody = try await api.client.get("/admission/shares").json
            #expect(nobody.elements("shares").isEmpty)
        }
        try await APIFixture.with { api in
            try await api.applyJob()
            let fleet = try await TestFleet(api.store)
            let first = try await api.createRun()
            try await fleet.start(try #require(try await fleet.place()[first]))
            _ = try await api.createRun()
            let answer = try await api.client.get("/admission/shares").json
            let share = try #require(answer.elements("shares").first)
            #expect(share["team"]?.string == "default" && share.integer("waiting") == 1)
            #expect(share["used"]?.integer("runs") == 1 && share["fair_share"] == .integer(1))
            #expect((answer["whole"]?.integer("runs") ?? 0) > 0)
            let other = try await api.client.get("/admission/shares?team=other").json
            #expect(other.elements("shares").isEmpty)
        }
    }

    @Test("how many leases each process holds")
    func holdings() async throws {
        try await APIFixture.with { api in
            try await api.applyJob()
            let fleet = try await TestFleet(api.store)
            let id = try await api.createRun()
            try await fleet.start(try #require(try await fleet.place()[id]))
            let holders = try await api.client.get("/holders").json.elements("holders")
            #expect(holders.compactMap { $0.integer("runs") }.reduce(0, +) == 1)
            #expect(holders.allSatisfy { $0["duties"] != nil })
        }
    }
}
