import Glibc
import Testing

@testable import KubernetesClient

@Suite("Pod logs", .timeLimit(.minutes(1)))
struct PodLogTests {
    @Test("Options become parameters")
    func options() async throws {
        try await withClient { _, connection in
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        } _: { client, server in
            let options = PodLogOptions(
                container: "runner",
                follow: true,
                previous: true,
                sinceTime: KubernetesTime("2026-01-02T03:04:05.5Z"),
                tailLines: 7,
                timestamps: true,
                limitBytes: 99
            )
            for try await _ in client.podLogs(namespace: "jobs", name: "p", options: options) {}
            let request = try #require(server.requests.first)
            #expect(request.path == "/api/v1/namespaces/jobs/pods/p/log")
            #expect(
                request.query == [
                    "container": "runner", "follow": "true", "previous": "true", "timestamps": "true",
                    "sinceTime": "2026-01-02T03:04:05.500000Z", "tailLines": "7", "limitBytes": "99",
                ]
            )
        }
    }

    @Test("Lines survive chunks that cut characters and line ends anywhere")
    func cutCharacters() async throws {
        let text = "grün\n\n日本語のログ\nlast 🚀 line"
        try await withClient { _, connection in
            connection.beginChunks()
            for byte in text.utf8 { connection.chunk([byte]) }
            connection.endChunks()
        } _: { client, _ in
            var lines: [String] = []
            for try await line in client.podLogLines(namespace: "jobs", name: "p") { lines.append(line.text) }
            #expect(lines == ["grün", "", "日本語のログ", "last 🚀 line"])
        }
    }

    @Test("Each line's time is told apart from its text")
    func timestamps() async throws {
        try await withClient { _, connection in
            connection.beginChunks()
            connection.chunk("2026-01-02T03:04:05.123456789Z hello there\nnot a time\n")
            connection.endChunks()
        } _: { client, _ in
            var lines: [PodLogLine] = []
            let options = PodLogOptions(timestamps: true)
            for try await line in client.podLogLines(namespace: "jobs", name: "p", options: options) {
                lines.append(line)
            }
            #expect(lines.map(\.text) == ["hello there", "not a time"])
            #expect(lines[0].timestamp == KubernetesTime("2026-01-02T03:04:05.123456Z"))
            #expect(lines[1].timestamp == nil)
        }
    }

    @Test("Each line of a slow trickle comes when it is written, not at the end")
    func trickle() async throws {
        let seen = Counter()
        try await withClient { _, connection in
            connection.beginChunks()
            for index in 1...20 {
                connection.chunk("line \(index)\n")
                while seen.value < index { sched_yield() }
            }
            connection.endChunks()
        } _: { client, _ in
            for try await _ in client.podLogLines(
                namespace: "jobs",
                name: "p",
                options: PodLogOptions(follow: true)
            ) {
                seen.increment()
            }
            #expect(seen.value == 20)
        }
    }

    @Test("A log that breaks off is an error after the lines that came")
    func breakingOff() async throws {
        try await withClient { _, connection in
            connection.beginChunks()
            connection.chunk("one\ntwo\nthr")
            connection.hangUp()
        } _: { client, _ in
            let lines = Collected<String>()
            let error = await failure { () throws(KubernetesError) in
                for try await line in client.podLogLines(namespace: "jobs", name: "p") { lines.append(line.text) }
            }
            #expect(lines.values == ["one", "two"])
            #expect(error?.kind == .interrupted)
        }
    }

    @Test("A refusal is the error of the first step")
    func refusal() async throws {
        try await withClient { _, connection in
            connection.respond(status: 404, reason: "NotFound", message: "pods \\\"p\\\" not found")
        } _: { client, _ in
            let error = await failure { () throws(KubernetesError) in
                for try await _ in client.podLogs(namespace: "jobs", name: "p") {}
            }
            #expect(error?.isNotFound == true)
            #expect(error?.message == "pods \"p\" not found")
        }
    }

    @Test("Leaving the loop closes the connection")
    func leaving() async throws {
        let closed = Counter()
        try await withClient { _, connection in
            connection.beginChunks()
            connection.chunk("first\n")
            connection.waitUntilClosed()
            closed.increment()
        } _: { client, _ in
            for try await _ in client.podLogLines(namespace: "jobs", name: "p") { break }
            try await eventually("the connection is closed") { closed.value == 1 }
        }
    }

    @Test("Cancelling the task ends a silent log")
    func cancelling() async throws {
        let closed = Counter()
        try await withClient { _, connection in
            connection.beginChunks()
            connection.waitUntilClosed()
            closed.increment()
        } _: { client, server in
            let task = Task {
                await failure { () throws(KubernetesError) in
                    for try await _ in client.podLogs(namespace: "jobs", name: "p") {}
                }
            }
            try await eventually("the request arrives") { server.requests.count == 1 }
            task.cancel()
            #expect(await task.value?.kind == .cancelled)
            try await eventually("the connection is closed") { closed.value == 1 }
        }
    }

    @Test("Silence beyond the limit interrupts the log")
    func silence() async throws {
        try await withClient { _, connection in
            connection.beginChunks()
            connection.chunk("first\n")
            connection.waitUntilClosed()
        } _: { client, _ in
            let error = await failure { () throws(KubernetesError) in
                let options = PodLogOptions(follow: true, inactivityLimit: .milliseconds(200))
                for try await _ in client.podLogs(namespace: "jobs", name: "p", options: options) {}
            }
            #expect(error?.kind == .deadlineExceeded)
        }
    }

    @Test("A reader that pauses slows the server down and loses nothing")
    func backPressure() async throws {
        let sent = Counter()
        let chunkCount = 400
        let chunk = [UInt8](repeating: UInt8(ascii: "x"), count: 99_999) + [10]
        try await withClient { _, connection in
            connection.beginChunks()
            for _ in 0..<chunkCount {
                connection.chunk(chunk)
                sent.increment()
            }
            connection.endChunks()
        } _: { client, _ in
            var iterator = client.podLogs(namespace: "jobs", name: "p").makeAsyncIterator()
            var received = try await iterator.next()?.count ?? 0
            // The server stops once the socket's and our own buffers are full.
            var last = -1
            try await eventually("the server is held back") {
                defer { last = sent.value }
                usleep(100_000)
                return sent.value == last
            }
            #expect(sent.value < chunkCount)
            while let bytes = try await iterator.next() { received += bytes.count }
            #expect(received == chunkCount * 100_000)
        }
    }
}
