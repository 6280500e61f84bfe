import DevStack
import TestSupport
import Testing

@Suite struct RequestTests {
    /// Answers each path's first request with a refusal, the next ones as they should be; tells what it was asked.
    private static let server = """
        import sys
        from http.server import BaseHTTPRequestHandler, HTTPServer
        seen = {}
        class Handler(BaseHTTPRequestHandler):
            def answer(self):
                self.rfile.read(int(self.headers.get("content-length") or 0))
                count = seen[self.path] = seen.get(self.path, 0) + 1
                print(self.command, self.path.split("?")[0], self.headers.get("idempotency-key"), flush=True)
                status, body, more = 200, b'{"runs":[],"holds":[],"clusters":[],"id":"1","job":"a","version":1}', []
                if "/teams/denied" in self.path:
                    status, body = 403, b'{"status":403,"detail":"not yours","code":"forbidden","role":"admin"}'
                elif "/teams/always" in self.path:
                    status, more = 429, [("retry-after", "3600")]
                elif "/holds" in self.path and count == 1:
                    status, more = 429, [("retry-after", "1")]
                elif self.command == "POST" and count == 1:
                    status = 503
                elif "/clusters" in self.path and count == 1:
                    self.close_connection = True
                    return self.connection.close()
                self.send_response(status)
                for name, value in more:
                    self.send_header(name, value)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
            do_GET = do_POST = do_DELETE = answer
            def log_message(self, *arguments):
                pass
        server = HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler)
        print("serving", flush=True)
        server.serve_forever()
        """

    @Test("requests are sent again where that is safe: after the wait that was asked for, with the same key")
    func again() async throws {
        let port = try LoopbackPort.free(count: 1)[0]
        let server = try TestProcess("/usr/bin/env", ["python3", "-c", Self.server, String(port)])
        try await server.waitForLine(containing: "serving")
        let command = CommandLine(environment: ["SLIPWAY_SERVER": "http://127.0.0.1:\(port)"])
        let busy = try await command.run("run", "holds", "-o", "json")
        #expect(busy.status == 0 && busy.errors.contains("asks to wait 1 s"), "\(busy)")
        let created = try await command.run("run", "create", "a")
        #expect(created.status == 0, "\(created)")
        let keys = server.lines.filter { $0.hasPrefix("POST") }
        #expect(keys.count == 2 && keys[0] == keys[1] && !keys[0].hasSuffix("None"), "\(keys)")
        let lost = try await command.run("cluster", "list", "-o", "json")
        #expect(lost.status == 0, "\(lost)")
        let never = try await command.run("team", "show", "always")
        #expect(never.status == 75, "\(never)")
        let denied = try await command.run("team", "delete", "denied")
        #expect(denied.status == 77 && denied.errors.contains("role admin"), "\(denied)")
        #expect(server.lines.count { $0.contains("denied") } == 1)
        await server.kill9()
    }

    @Test("names that are not known are told with the nearest that is")
    func nearest() async throws {
        try await CommandLineFixture.with { fixture in
            try await fixture.applyJob()
            for words in [["job", "show", "reprot"], ["run", "create", "reprot"], ["team", "show", "defualt"]] {
                let result = try await fixture.command.run(words)
                #expect(result.status == 66 && result.errors.contains("did you mean"), "\(words): \(result.errors)")
            }
        }
    }
}
