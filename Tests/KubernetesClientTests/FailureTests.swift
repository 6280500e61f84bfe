import FoundationEssentials
import Glibc
import Testing

@testable import KubernetesClient

@Suite("Failures of the way to the server", .timeLimit(.minutes(1)))
struct FailureTests {
    let pod = Pod(metadata: ObjectMetadata(name: "p", namespace: "jobs"), spec: PodSpec(containers: []))

    @Test("A server that asks to come back later is asked again after that time", arguments: [429, 503])
    func retryAfter(code: Int) async throws {
        let calls = Counter()
        try await withClient { _, connection in
            if calls.increment() == 1 {
                connection.respond(status: code, reason: "TooManyRequests", headers: ["Retry-After: 1"])
            } else {
                connection.respond(201, podJSON("p", version: 1))
            }
        } _: { client, server in
            let start = ContinuousClock.now
            let created = try await client.createPod(pod)
            #expect(created.metadata.name == "p")
            #expect(.now - start >= .seconds(1))
            #expect(server.requests.count == 2)
        }
    }

    @Test("A wait beyond the deadline is left to the caller")
    func retryAfterBeyondDeadline() async throws {
        try await withClient { _, connection in
            connection.respond(status: 429, reason: "TooManyRequests", headers: ["Retry-After: 60"])
        } _: { client, server in
            let error = try #require(await failure { () throws(KubernetesError) in try await client.createPod(pod) })
            #expect(error.isTooManyRequests)
            #expect(error.retryAfter == .seconds(60))
            #expect(server.requests.count == 1)
        }
    }

    @Test("A change that was sent and never answered has an unknown outcome")
    func silentChange() async throws {
        try await withClient { _, connection in
            connection.waitUntilClosed()
        } _: { client, _ in
            let error = try #require(
                await failure { () throws(KubernetesError) in
                    try await client.createPod(pod, timeout: .milliseconds(300))
                }
            )
            #expect(error.kind == .outcomeUnknown)
            #expect(error.isRetriable)
        }
    }

    @Test("A change whose connection is reset has an unknown outcome")
    func resetChange() async throws {
        try await withClient { _, connection in
            connection.reset()
        } _: { client, _ in
            let error = try #require(await failure { () throws(KubernetesError) in try await client.createPod(pod) })
            #expect(error.kind == .outcomeUnknown)
        }
    }

    @Test("A change answered in part has an unknown outcome, a read is interrupted")
    func cutAnswer() async throws {
        try await withClient { _, connection in
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{\"metadata\":")
            connection.hangUp()
        } _: { client, _ in
            let change = await failure { () throws(KubernetesError) in try await client.createPod(pod) }
            #expect(change?.kind == .outcomeUnknown)
            let read = await failure { () throws(KubernetesError) in try await client.getPod(namespace: "a", name: "b")
            }
            #expect(read?.kind == .interrupted)
        }
    }

    @Test("A change answered with something else has an unknown outcome")
    func nonsense() async throws {
        try await withClient { _, connection in
            connection.respond(200, "<html>")
        } _: { client, _ in
            let change = await failure { () throws(KubernetesError) in try await client.createPod(pod) }
            #expect(change?.kind == .outcomeUnknown)
            let read = await failure { () throws(KubernetesError) in try await client.getPod(namespace: "a", name: "b")
            }
            #expect(read?.kind == .unexpectedAnswer)
        }
    }

    @Test("A read that is never answered exceeds its deadline")
    func silentRead() async throws {
        try await withClient { _, connection in
            connection.waitUntilClosed()
        } _: { client, _ in
            let start = ContinuousClock.now
            let error = await failure { () throws(KubernetesError) in
                try await client.getPod(namespace: "a", name: "b", timeout: .milliseconds(300))
            }
            #expect(error?.kind == .deadlineExceeded)
            #expect(.now - start < .seconds(5))
        }
    }

    @Test("A change that finds nobody listening was not made")
    func refusedConnection() async throws {
        let server = try ScriptedServer { _, _ in }
        server.stop()
        try await withClient(KubernetesConfiguration(server: server.url)) { client in
            let error = await failure { () throws(KubernetesError) in try await client.createPod(pod) }
            #expect(error?.kind == .unreachable)
        }
    }

    @Test("An address that is none is a matter of configuration", arguments: ["ftp://127.0.0.1", "http://a b", ""])
    func wrongAddress(server: String) async throws {
        try await withClient(KubernetesConfiguration(server: server)) { client in
            let error = await failure { () throws(KubernetesError) in try await client.serverVersion() }
            #expect(error?.kind == .configuration)
        }
    }

    @Test("Cancelling the task aborts the transfer at once")
    func cancellation() async throws {
        let closed = Counter()
        try await withClient { _, connection in
            connection.waitUntilClosed()
            closed.increment()
        } _: { client, server in
            let task = Task {
                await failure { () throws(KubernetesError) in try await client.getPod(namespace: "a", name: "b") }
            }
            try await eventually("the request arrives") { server.requests.count == 1 }
            let start = ContinuousClock.now
            task.cancel()
            #expect(await task.value?.kind == .cancelled)
            #expect(.now - start < .seconds(1))
            try await eventually("the connection is closed") { closed.value == 1 }
        }
    }

    @Test("A cancelled change that was sent has an unknown outcome")
    func cancelledChange() async throws {
        try await withClient { _, connection in
            connection.waitUntilClosed()
        } _: { client, server in
            let task = Task { await failure { () throws(KubernetesError) in try await client.createPod(pod) } }
            try await eventually("the request arrives") { server.requests.count == 1 }
            task.cancel()
            #expect(await task.value?.kind == .outcomeUnknown)
        }
    }

    @Test("Closing the client fails what is under way")
    func closing() async throws {
        try await withClient { _, connection in
            connection.waitUntilClosed()
        } _: { client, server in
            let task = Task {
                await failure { () throws(KubernetesError) in try await client.getPod(namespace: "a", name: "b") }
            }
            try await eventually("the request arrives") { server.requests.count == 1 }
            await client.close()
            #expect(await task.value?.kind == .closed)
            let later = await failure { () throws(KubernetesError) in try await client.serverVersion() }
            #expect(later?.kind == .closed)
        }
    }

    @Test("An answer beyond the limit is given up")
    func tooLarge() async throws {
        try await withClient(configured: { $0.maximumResponseBytes = 10_000 }) { _, connection in
            connection.respond(200, String(repeating: " ", count: 20_000))
        } _: { client, _ in
            let error = await failure { () throws(KubernetesError) in try await client.serverVersion() }
            #expect(error?.kind == .unexpectedAnswer)
        }
    }

    @Test("A connection that stopped answering gets no further requests")
    func deadConnection() async throws {
        let calls = Counter()
        try await withClient(configured: { $0.connections = 1 }) { _, connection in
            // The first connection answers once and then falls silent, as a half-open one does.
            switch calls.increment() {
            case 2: connection.waitUntilClosed()
            default: connection.respond(200, #"{"major":"1","minor":"33","gitVersion":"v"}"#)
            }
        } _: { client, server in
            _ = try await client.serverVersion()
            let silent = await failure { () throws(KubernetesError) in
                try await client.serverVersion(timeout: .milliseconds(200))
            }
            #expect(silent?.kind == .deadlineExceeded)
            _ = try await client.serverVersion()
            #expect(server.connectionCount == 2)
        }
    }

    @Test("A kept connection that was closed meanwhile is replaced without anyone noticing")
    func closedConnection() async throws {
        try await withClient { _, connection in
            connection.respond(200, #"{"major":"1","minor":"33","gitVersion":"v"}"#)
            connection.hangUp()
        } _: { client, server in
            for _ in 0..<5 { _ = try await client.serverVersion() }
            #expect(server.requests.count == 5)
        }
    }

    @Test("Requests at once are spread over connections, and no more than the lanes allow")
    func spreading() async throws {
        let waiting = Counter()
        try await withClient(configured: { $0.connections = 2 }) { _, connection in
            waiting.increment()
            while waiting.value < 16 { usleep(1000) }
            connection.respond(200, #"{"major":"1","minor":"33","gitVersion":"v"}"#)
        } _: { client, server in
            await withTaskGroup { group in
                for _ in 0..<100 {
                    group.addTask {
                        let error = await failure { () throws(KubernetesError) in try await client.serverVersion() }
                        #expect(error == nil)
                    }
                }
            }
            #expect(server.requests.count == 100)
            #expect(server.connectionCount == 16)
        }
    }
}
