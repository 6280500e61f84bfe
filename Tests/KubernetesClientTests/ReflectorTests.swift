import Synchronization
import Testing

@testable import KubernetesClient

/// What a reflector told, as words.
private func words(_ event: ReflectorEvent<PodSnapshot>) -> String {
    switch event {
    case .listed(let pods): "listed \(pods.map(\.metadata.name).sorted().joined(separator: ","))"
    case .applied(let pod): "applied \(pod.metadata.name) \(pod.metadata.resourceVersion ?? "")"
    case .deleted(let pod): "deleted \(pod.metadata.name)"
    case .vanished(let pod): "vanished \(pod.metadata.name)"
    case .bookmark: "bookmark"
    case .disconnected: "disconnected"
    }
}

@Suite("Reflector", .timeLimit(.minutes(1)))
struct ReflectorTests {
    private typealias Watch = @Sendable (ScriptedServer.Request, ScriptedServer.Connection) -> Void

    /// Runs a reflector until it has told `count` events. Lists and watches are scripted in order; the last of each
    /// is repeated.
    private func told(
        _ count: Int,
        lists: [Watch],
        watches: [Watch],
        settings: ReflectorSettings = ReflectorSettings(
            initialBackoff: .milliseconds(10),
            maximumBackoff: .milliseconds(50)
        ),
        check: ([ScriptedServer.Request]) -> Void = { _ in }
    ) async throws -> [String] {
        let listCount = Counter()
        let watchCount = Counter()
        let events = Collected<String>()
        try await withClient { request, connection in
            let (script, number) =
                request.query["watch"] == "true" ? (watches, watchCount.increment()) : (lists, listCount.increment())
            script[min(number, script.count) - 1](request, connection)
        } _: { client, server in
            let reflector = Reflector<PodSnapshot>(
                client: client,
                namespace: "jobs",
                labelSelector: "a=b",
                settings: settings
            )
            let task = Task {
                try await reflector.run { batch in events.append(contentsOf: batch.map(words)) }
            }
            defer { task.cancel() }
            try await eventually("\(count) events are told") { events.values.count >= count }
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
            check(server.requests)
        }
        return events.values
    }

    private static let silent: Watch = { _, connection in
        connection.beginChunks()
        connection.waitUntilClosed()
    }

    private static func list(_ names: [String], version: Int) -> Watch {
        { _, connection in connection.respond(200, listJSON(names.map { podJSON($0, version: 1) }, version: version)) }
    }

    @Test("A list and what follows it are told in order")
    func listAndWatch() async throws {
        let events = try await told(
            5,
            lists: [Self.list(["a", "b"], version: 10)],
            watches: [
                { _, connection in
                    connection.beginChunks()
                    connection.chunk(eventJSON("MODIFIED", podJSON("a", version: 11)))
                    connection.chunk(eventJSON("ADDED", podJSON("c", version: 12)) + bookmarkJSON(version: 20))
                    connection.chunk(eventJSON("DELETED", podJSON("b", version: 21)))
                    connection.waitUntilClosed()
                }
            ]
        ) { requests in
            let watch = requests[1]
            #expect(watch.query["resourceVersion"] == "10")
            #expect(watch.query["allowWatchBookmarks"] == "true")
            #expect(watch.query["labelSelector"] == "a=b")
            #expect((240...300).contains(Int(watch.query["timeoutSeconds"] ?? "") ?? 0))
        }
        #expect(events == ["listed a,b", "applied a 11", "applied c 12", "bookmark", "deleted b"])
    }

    @Test("A list of several pages is told whole")
    func pagedList() async throws {
        let events = try await told(
            1,
            lists: [
                { _, connection in
                    connection.respond(200, listJSON([podJSON("a", version: 1)], version: 5, next: "more"))
                }, Self.list(["b"], version: 5),
            ],
            watches: [Self.silent]
        )
        #expect(events == ["listed a,b"])
    }

    @Test("A watch that ends in the middle of an event resumes after the last whole one")
    func endInsideEvent() async throws {
        let versions = Collected<String>()
        let events = try await told(
            3,
            lists: [Self.list(["a"], version: 10)],
            watches: [
                { _, connection in
                    connection.beginChunks()
                    connection.chunk(eventJSON("MODIFIED", podJSON("a", version: 11)))
                    connection.chunk(String(eventJSON("MODIFIED", podJSON("a", version: 12)).prefix(60)))
                    connection.endChunks()
                },
                { request, connection in
                    versions.append(request.query["resourceVersion"] ?? "")
                    connection.beginChunks()
                    connection.chunk(eventJSON("MODIFIED", podJSON("a", version: 12)))
                    connection.waitUntilClosed()
                },
            ]
        )
        #expect(events == ["listed a", "applied a 11", "applied a 12"])
        #expect(versions.values == ["11"])
    }

    @Test("A bookmark moves the version from which a watch resumes")
    func bookmarkedResume() async throws {
        let versions = Collected<String>()
        _ = try await told(
            3,
            lists: [Self.list([], version: 10)],
            watches: [
                { _, connection in
                    connection.beginChunks()
                    connection.chunk(bookmarkJSON(version: 99))
                    connection.endChunks()
                },
                { request, connection in
                    versions.append(request.query["resourceVersion"] ?? "")
                    connection.beginChunks()
                    connection.chunk(bookmarkJSON(version: 100))
                    connection.waitUntilClosed()
                },
            ]
        )
        #expect(versions.values == ["99"])
    }

    @Test("An expired version inside a watch leads to a new list, which tells missed deletions")
    func expiredInsideWatch() async throws {
        let events = try await told(
            5,
            lists: [Self.list(["a", "b"], version: 10), Self.list(["b", "c"], version: 50)],
            watches: [
                { _, connection in
                    connection.beginChunks()
                    connection.chunk(eventJSON("MODIFIED", podJSON("a", version: 11)))
                    connection.chunk(
                        #"{"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired","message":"old"}}"#
                            + "\n"
                    )
                    connection.endChunks()
                },
                { request, connection in
                    #expect(request.query["resourceVersion"] == "50")
                    connection.beginChunks()
                    connection.waitUntilClosed()
                },
            ]
        )
        #expect(events == ["listed a,b", "applied a 11", "disconnected", "vanished a", "listed b,c"])
    }

    @Test("An expired version as an answer leads to a new list")
    func expiredAnswer() async throws {
        let events = try await told(
            3,
            lists: [Self.list(["a"], version: 10), Self.list(["a"], version: 50)],
            watches: [{ _, connection in connection.respond(status: 410, reason: "Expired") }, Self.silent]
        )
        #expect(events == ["listed a", "disconnected", "listed a"])
    }

    @Test("A silent connection is left, and the watch resumes on another")
    func halfOpen() async throws {
        let versions = Collected<String>()
        let events = try await told(
            4,
            lists: [Self.list(["a"], version: 10)],
            watches: [
                { _, connection in
                    connection.beginChunks()
                    connection.chunk(eventJSON("MODIFIED", podJSON("a", version: 11)))
                    connection.waitUntilClosed()
                },
                { request, connection in
                    versions.append(request.query["resourceVersion"] ?? "")
                    connection.beginChunks()
                    connection.chunk(eventJSON("MODIFIED", podJSON("a", version: 12)))
                    connection.waitUntilClosed()
                },
            ],
            settings: ReflectorSettings(inactivityLimit: .milliseconds(300), initialBackoff: .milliseconds(10))
        )
        #expect(Array(events.prefix(4)) == ["listed a", "applied a 11", "disconnected", "applied a 12"])
        #expect(versions.values.first == "11")
    }

    @Test("What watches that say nothing do not tell, a list tells")
    func silentWatches() async throws {
        let events = try await told(
            4,
            lists: [Self.list(["a"], version: 10), Self.list(["a", "b"], version: 20)],
            watches: [Self.silent],
            settings: ReflectorSettings(inactivityLimit: .milliseconds(200), initialBackoff: .milliseconds(10))
        )
        #expect(Array(events.prefix(4)) == ["listed a", "disconnected", "disconnected", "listed a,b"])
    }

    @Test("A watch that is never answered is tried again")
    func unansweredWatch() async throws {
        let events = try await told(
            3,
            lists: [Self.list(["a"], version: 10)],
            watches: [
                { _, connection in connection.waitUntilClosed() },
                { _, connection in
                    connection.beginChunks()
                    connection.chunk(eventJSON("MODIFIED", podJSON("a", version: 11)))
                    connection.waitUntilClosed()
                },
            ],
            settings: ReflectorSettings(connectTimeout: .milliseconds(200), initialBackoff: .milliseconds(10))
        )
        #expect(events == ["listed a", "disconnected", "applied a 11"])
    }

    @Test("Failing lists are tried again and told")
    func failingLists() async throws {
        let events = try await told(
            4,
            lists: [
                { _, connection in connection.respond(status: 500, reason: "InternalError") },
                { _, connection in connection.respond(status: 403, reason: "Forbidden") },
                { _, connection in
                    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{")
                    connection.hangUp()
                }, Self.list(["a"], version: 1),
            ],
            watches: [Self.silent]
        )
        #expect(events == ["disconnected", "disconnected", "disconnected", "listed a"])
    }

    @Test("A pod made anew under its name while away is a deletion and another pod")
    func recreated() async throws {
        let anew: Watch = { _, connection in
            let pod = podJSON("a", version: 40).replacing("uid-a", with: "other")
            connection.respond(200, listJSON([pod], version: 50))
        }
        let events = try await told(
            4,
            lists: [Self.list(["a"], version: 10), anew],
            watches: [{ _, connection in connection.respond(status: 410, reason: "Gone") }, Self.silent]
        )
        #expect(events == ["listed a", "disconnected", "vanished a", "listed a"])
    }

    @Test("An event that cannot be read leads to a new list")
    func unreadableEvent() async throws {
        let events = try await told(
            3,
            lists: [Self.list(["a"], version: 10)],
            watches: [
                { _, connection in
                    connection.beginChunks()
                    connection.chunk("{\"type\":\"ADDED\",\"object\":[]}\n")
                    connection.endChunks()
                }, Self.silent,
            ]
        )
        #expect(events == ["listed a", "disconnected", "listed a"])
    }

    @Test("Events that came together are handed over together")
    func batches() async throws {
        let sizes = Collected<Int>()
        try await withClient { request, connection in
            guard request.query["watch"] == "true" else {
                return connection.respond(200, listJSON([], version: 1))
            }
            connection.beginChunks()
            connection.chunk((2...1001).map { eventJSON("ADDED", podJSON("p\($0)", version: $0)) }.joined())
            connection.waitUntilClosed()
        } _: { client, _ in
            let reflector = Reflector<PodSnapshot>(client: client, namespace: "jobs")
            let task = Task { try await reflector.run { batch in sizes.append(batch.count) } }
            defer { task.cancel() }
            try await eventually("all events are told") { sizes.values.reduce(0, +) == 1001 }
            #expect(sizes.values.count < 100)
            #expect(sizes.values.allSatisfy { $0 <= 512 })
        }
    }

    @Test("Waits double up to the limit, and vary downwards")
    func backoff() {
        var backoff = Backoff(initial: .seconds(1), maximum: .seconds(5))
        #expect((0..<4).map { _ in backoff.next(fraction: 0) } == [.seconds(1), .seconds(2), .seconds(4), .seconds(5)])
        backoff.reset()
        #expect(backoff.next(fraction: 1) == .milliseconds(500))
    }
}
