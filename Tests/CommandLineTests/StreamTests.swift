import DevStack
import SlipwayCore
import TestSupport
import Testing

/// Streams that break, fall silent or come in pieces, from a server that can be told to.
@Suite struct StreamTests {
    /// A scripted server: `script` defines `answer(self, path, count)`, with how often the path was asked for.
    private static func serve(
        _ script: String,
        _ body: (CommandLine, TestProcess) async throws -> Void
    ) async throws {
        let port = try LoopbackPort.free(count: 1)[0]
        let server = try TestProcess("/usr/bin/env", ["python3", "-c", frame + script + tail, String(port)])
        try await server.waitForLine(containing: "serving")
        let command = CommandLine(environment: ["SLIPWAY_SERVER": "http://127.0.0.1:\(port)"])
        try await body(command, server)
        await server.kill9()
    }

    private static let frame = """
        import json, sys, threading
        from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
        from urllib.parse import urlsplit, unquote
        seen, lock, moment = {}, threading.Lock(), threading.Event()
        RUN = "00000000-0000-7000-8000-00000000000"
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            def do_GET(self):
                size = int(self.headers.get("content-length") or 0)
                self.body = json.loads(self.rfile.read(size) or "{}")
                path = urlsplit(self.path).path.removeprefix("/api/v1")
                with lock:
                    count = seen[path] = seen.get(path, 0) + 1
                print(self.command, path, unquote(urlsplit(self.path).query), flush=True)
                answer(self, path, count)
            do_POST = do_GET
            def whole(self, value, status=200):
                text = json.dumps(value).encode()
                self.send_response(status)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)
            def begin(self, kind="text/event-stream"):
                self.send_response(200)
                self.send_header("content-type", kind)
                self.send_header("transfer-encoding", "chunked")
                self.end_headers()
            def piece(self, data):
                self.wfile.write(b"%x\\r\\n%s\\r\\n" % (len(data), data))
                self.wfile.flush()
            def complete(self):
                self.piece(b"")
            def lose(self):
                self.close_connection = True
            def log_message(self, *arguments):
                pass

        """

    private static let tail = """

        server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler)
        server.daemon_threads = True
        print("serving", flush=True)
        server.serve_forever()
        """

    @Test("a stream that falls silent is given up and asked for again")
    func silent() async throws {
        let script = """
            def answer(self, path, count):
                self.begin()
                if count < 3:
                    self.piece(b": alive\\n\\n")
                    moment.wait(60)
                self.piece(b'event: end\\ndata: {"id":"%s1","state":"succeeded","job":"a"}\\n\\n' % RUN.encode())
                self.complete()
            """
        try await Self.serve(script) { command, server in
            var impatient = command
            impatient.environment["SLIPWAY_STREAM_PATIENCE"] = "1s"
            let run = "00000000-0000-7000-8000-000000000001"
            let result = try await impatient.run("run", "wait", run)
            #expect(result.status == 0, "\(result)")
            #expect(server.lines.count { $0.contains("/watch") } == 3)
            impatient.environment["SLIPWAY_STREAM_PATIENCE"] = "2 days"
            let wrong = try await impatient.run("run", "wait", run)
            #expect(wrong.status == 64 && wrong.errors.contains("SLIPWAY_STREAM_PATIENCE"), "\(wrong)")
        }
    }

    @Test("an export is what the server sent, byte by byte, and goes on where it broke")
    func export() async throws {
        let script = """
            def answer(self, path, count):
                self.begin("application/x-ndjson")
                first = '{"id":9,"actor":"Zoë 🚢"}\\n'.encode()
                if count == 1:
                    for byte in first:
                        self.piece(bytes([byte]))
                    self.piece(b'{"id":8,"actor":"half')
                    return self.lose()
                self.piece('{"id":8,"actor":"日本"}\\n'.encode())
                self.complete()
            """
        try await Self.serve(script) { command, server in
            let result = try await command.run("audit", "export", "--actor", "x")
            #expect(result.status == 0, "\(result)")
            #expect(result.output == "{\"id\":9,\"actor\":\"Zoë 🚢\"}\n{\"id\":8,\"actor\":\"日本\"}\n")
            #expect(server.lines.contains { $0.contains("actor=x&after=9") }, "\(server.lines)")
        }
    }

    @Test("an export that brings nothing however often it is asked for fails")
    func brokenExport() async throws {
        let script = """
            def answer(self, path, count):
                self.begin("application/x-ndjson")
                self.piece(b'{"id":')
                self.lose()
            """
        try await Self.serve(script) { command, _ in
            let result = try await command.run("audit", "export")
            #expect(result.status == 69 && result.output.isEmpty && result.errors.contains("ended early"), "\(result)")
        }
    }

    @Test("the runs that were made before a batch failed are told")
    func batches() async throws {
        let script = """
            def answer(self, path, count):
                if count == 1:
                    runs = [{"id": "run-%d" % number, "job": "a", "version": 1} for number in range(1000)]
                    return self.whole({"runs": runs})
                self.whole({"status": 409, "code": "job_archived", "detail": "job a is archived"}, 409)
            """
        try await Self.serve(script) { command, _ in
            let result = try await command.run("run", "create", "a", "--count", "1500", "-o", "name")
            #expect(
                result.status == 65 && result.lines.count == 1000 && result.lines.last == "run-999",
                "\(result.errors)"
            )
            #expect(result.errors.contains("1000 of 1500 runs were created"), "\(result.errors)")
        }
    }

    @Test("a list that is watched is read again when the API tells of a change, and with the list's own parameters")
    func watched() async throws {
        // The row is there once the change was told; without the stream it would never be.
        let script = """
            def answer(self, path, count):
                if path == "/runs:watch":
                    self.begin()
                    self.piece(b"id: 1\\nevent: ready\\ndata: {}\\n\\n")
                    moment.wait(60)
                    self.piece(b'id: 1\\nevent: run\\ndata: {"id":"x"}\\n\\n')
                    threading.Event().wait(60)
                else:
                    rows = [{"id": RUN + "1", "state": "pending", "job": "a"}] if moment.is_set() else []
                    if count == 2:
                        moment.set()
                    self.whole({"runs": rows})
            """
        try await Self.serve(script) { command, server in
            let watching = try command.start(["run", "list", "--job", "a", "--order-by", "created_at", "--watch"])
            try await eventually("the run is shown") { try watching.output.contains("pending") }
            await watching.process.kill9()
            #expect(server.lines.contains { $0.hasPrefix("GET /runs:watch job=a") && !$0.contains("order_by") })
            #expect(server.lines.count { $0.hasPrefix("GET /runs job=a") } == 3, "\(server.lines)")
        }
    }

    @Test("a list that cannot be streamed is asked for now and then")
    func polled() async throws {
        let script = """
            def answer(self, path, count):
                if path == "/runs:watch":
                    self.whole({"status": 404, "code": "route_not_found", "detail": "none"}, 404)
                else:
                    rows = [{"id": RUN + "1", "state": "pending", "job": "a"}] if count > 3 else []
                    self.whole({"runs": rows})
            """
        try await Self.serve(script) { command, _ in
            let watching = try command.start(["run", "list", "--watch"])
            try await eventually("the run is shown") { try watching.output.contains("pending") }
            await watching.process.kill9()
        }
    }

    @Test("top says that there are more active runs than it shows, whatever the size of the server's pages")
    func more() async throws {
        let script = """
            def answer(self, path, count):
                if path == "/runs":
                    rows = [{"id": RUN + str(count), "state": "running", "job": "a"}] * (200 if count < 3 else 100)
                    return self.whole({"runs": rows, "next": "n%d" % count})
                self.whole({"holds": [], "clusters": [], "holders": []})
            """
        try await Self.serve(script) { command, server in
            let shown = try await command.run("top")
            #expect(shown.status == 0 && shown.output.contains("RUNS (500+)"), "\(shown)")
            #expect(
                server.lines.filter { $0.contains("/runs ") }.map { $0.contains("limit=100") } == [false, false, true]
            )
            #expect(try await command.run("top", "-o", "jsonpath={.more_runs}").output == "true\n")
        }
    }
}
