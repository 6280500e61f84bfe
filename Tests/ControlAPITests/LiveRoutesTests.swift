import ControlAPI
import Observability
import RunStore
import SlipwayCore
import TestSupport
import Testing

@Suite struct LiveRoutesTests {
    @Test("watching shows each state as it comes, and the whole run at the end")
    func watch() async throws {
        try await APIFixture.with { api in
            try await api.applyJob()
            let fleet = try await TestFleet(api.store)
            let id = try await api.createRun()
            async let watched = api.client.events("/runs/\(id)/watch")
            let claimed = try #require(try await fleet.place()[id])
            try await fleet.start(claimed, tasks: [TaskRow(name: "extract", position: 0, state: .running)])
            try await fleet.end(claimed, TestFleet.success())
            let events = try await watched
            let states = events.filter { $0.name != "tasks" && $0.name != "end" }.compactMap {
                $0.data["state"]?.string
            }
            #expect(states == ["pending", "ready", "starting", "running", "succeeded"])
            #expect(events.last?.name == "end" && events.last?.data["state"]?.string == "succeeded")
            let ids = events.compactMap(\.id).compactMap { Int($0) }
            #expect(ids == ids.sorted() && Set(ids).count == ids.count)
        }
    }

    @Test("a watcher that comes back gets what it missed and nothing twice")
    func resumedWatch() async throws {
        try await APIFixture.with { api in
            try await api.applyJob()
            let fleet = try await TestFleet(api.store)
            let id = try await api.createRun()
            let claimed = try #require(try await fleet.place()[id])
            let before = try await api.client.events("/runs/\(id)/watch") { $0.data["state"]?.string == "starting" }
            try await fleet.start(claimed)
            try await fleet.end(claimed, TestFleet.success())
            let after = try await api.client.events("/runs/\(id)/watch", lastEventID: before.last?.id)
            let states = (before + after).filter { $0.name != "end" && $0.name != "tasks" }
                .compactMap { $0.data["state"]?.string }
            #expect(states == ["pending", "ready", "starting", "running", "succeeded"])
        }
    }

    @Test("a log is followed live over all streams, and resumed without a gap or a repetition")
    func follow() async throws {
        try await APIFixture.with { api in
            try await api.applyJob()
            let fleet = try await TestFleet(api.store)
            let id = try await api.createRun()
            let claimed = try #require(try await fleet.place()[id])
            try await fleet.start(claimed)
            try await fleet.write(claimed, [("sail", "s1"), ("sail", "s2"), ("sail", "s3"), ("task/extract", "t1")])
            var seen = 0
            let before = try await api.client.events("/runs/\(id)/logs?follow=true") { _ in
                seen += 1
                return seen == 4
            }
            try await fleet.write(claimed, [("task/load", "t2"), ("sail", "s4"), ("task/extract", "t3")])
            async let rest = api.client.events("/runs/\(id)/logs?follow=true", lastEventID: before.last?.id)
            try await fleet.write(claimed, [("task/load", "t4")])
            try await fleet.end(claimed, TestFleet.success())
            let events = before + (try await rest)
            let texts = events.filter { $0.name == "line" && $0.data["stream"]?.string != "run" }
                .compactMap { $0.data["text"]?.string }
            #expect(texts.count == Set(texts).count)
            #expect(texts.filter { $0.hasPrefix("s") } == ["s1", "s2", "s3", "s4"])
            #expect(texts.filter { $0.hasPrefix("t") } == ["t1", "t2", "t3", "t4"])
            #expect(events.last?.name == "end" && events.last?.data["state"]?.string == "succeeded")
        }
    }

    @Test(
        "lines that interleave over streams and chunks come in order, each once, whatever the page",
        arguments: [1, 2, 3, 64]
    )
    func pages(chunksPerPage: Int) async throws {
        var limits = APIFixture.quick
        limits.logChunksPerPage = chunksPerPage
        try await APIFixture.with(limits: limits) { api in
            try await api.applyJob()
            let fleet = try await TestFleet(api.store)
            let id = try await api.createRun()
            let claimed = try #require(try await fleet.place()[id])
            for round in 0..<4 {
                let lines = (0..<10).map { number in
                    (stream: ["task/a", "task/b", "runner", "sail"][(number + round) % 4], text: "\(round).\(number)")
                }
                try await fleet.write(claimed, lines)
            }
            for stream in [nil, "sail", "task/b"] {
                let texts = try await Self.lines(api, id, stream)
                let expected = (0..<4).flatMap { round in
                    (0..<10).filter { number in
                        stream == nil || ["task/a", "task/b", "runner", "sail"][(number + round) % 4] == stream
                    }.map { "\(round).\($0)" }
                }
                #expect(Set(texts) == Set(expected) && texts.count == expected.count)
                if stream != nil { #expect(texts == expected) }
            }
        }
    }

    private static func lines(_ api: APIFixture, _ id: RunID, _ stream: String?) async throws -> [String] {
        var texts: [String] = []
        var after = ""
        while true {
            let query = (stream.map { "stream=\($0)&" } ?? "") + after
            let page = try await api.client.get("/runs/\(id)/logs?\(query)").json
            texts += page.elements("lines").filter { $0["stream"]?.string != "run" }.compactMap { $0["text"]?.string }
            if page["more"] == .bool(false) { return texts }
            after = "after=\(page["next"]?.string ?? "")"
        }
    }

    @Test("a log as text is the lines alone")
    func text() async throws {
        try await APIFixture.with { api in
            try await api.applyJob()
            let fleet = try await TestFleet(api.store)
            let id = try await api.createRun()
            let claimed = try #require(try await fleet.place()[id])
            try await fleet.write(claimed, [("task/a", "first"), ("task/a", "zweite Zeile äöü \t 🚢")])
            let answer = try await api.client.get("/runs/\(id)/logs?stream=task/a", headers: [("accept", "text/plain")])
            #expect(answer.text == "first\nzweite Zeile äöü \t 🚢\n")
            #expect(answer.headers["content-type"] == "text/plain; charset=utf-8")
        }
    }

    @Test("a follower that leaves is forgotten, and too many are turned away")
    func followers() async throws {
        var limits = APIFixture.quick
        limits.followers = 2
        limits.keepAlive = .milliseconds(50)
        try await APIFixture.with(limits: limits) { api in
            try await api.applyJob()
            let id = try await api.createRun()
            let watchers = (0..<2).map { _ in
                Task { try await api.client.events("/runs/\(id)/watch") }
            }
            try await eventually("both follow") { api.metrics.exposition().contains("slipway_api_followers 2") }
            let refused = try await api.client.get("/runs/\(id)/watch")
            #expect(refused.status == 503 && refused.code == "overloaded" && refused.headers["retry-after"] != nil)
            for watcher in watchers { watcher.cancel() }
            try await eventually("both left") { api.metrics.exposition().contains("slipway_api_followers 0") }
        }
    }

    @Test("stopping the API ends streams, so that it can stop")
    func stop() async throws {
        try await APIFixture.with { api in
            try await api.applyJob()
            let id = try await api.createRun()
            // why: it outlives this test's body and must end with the API.
            Task { try await api.client.events("/runs/\(id)/watch") }
            try await eventually("it follows") { api.metrics.exposition().contains("slipway_api_followers 1") }
        }
    }
}
