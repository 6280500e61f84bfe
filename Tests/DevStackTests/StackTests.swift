import DevStack
import FoundationEssentials
import Glibc
import Logging
import Synchronization
import TestSupport
import Testing

/// The stack over real servers, with programs in place of Slipway's own that do nothing but answer `/readyz`.
@Suite(.serialized) struct StackTests {
    /// A folder of programs named like Slipway's.
    private struct StandIns {
        static let names = [
            "slipway", "slipway-localkube", "slipway-scheduler", "slipway-dispatcher", "slipway-worker", "slipway-api",
        ]
        let folder: String

        init() async throws {
            folder = try TestScratch.shared.folder("executables")
            for name in Self.names { try await write(name, name == "slipway" ? Self.command : Self.server) }
        }

        /// Another program puts the script in its place: while this one had it open for writing, a process that a test beside
        /// this one just starts could inherit that, and a file that is open for writing cannot be executed.
        func write(_ name: String, _ script: String) async throws {
            let path = "\(folder)/\(name)"
            try Data(script.utf8).write(to: URL(filePath: "\(path).text"))
            let install = try TestProcess("/usr/bin/env", ["install", "-m", "755", "\(path).text", path])
            let exit = try await install.waitForExit()
            try #require(exit == .status(0), "\(install.output)")
        }

        /// Proves that the database is reachable with what the stack hands over.
        static let command = """
            #!/bin/sh
            echo "$@"
            exec psql -X -q "$(cat "$SLIPWAY_POSTGRES_URL_FILE")" -c 'CREATE TABLE IF NOT EXISTS prepared (id int)'
            """

        static let server = """
            #!/usr/bin/python3
            import http.server, os, signal, sys
            signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
            class Handler(http.server.BaseHTTPRequestHandler):
                def do_GET(self):
                    self.send_response(200 if self.path == "/readyz" else 404)
                    self.end_headers()
                    self.wfile.write(b"{}")
            options = dict(zip(sys.argv[1::2], sys.argv[2::2]))
            listen = options.get("--listen") or os.environ["SLIPWAY_HTTP_LISTEN"]
            print("listening on", listen, flush=True)
            http.server.HTTPServer(("127.0.0.1", int(listen.split(":")[1])), Handler).serve_forever()
            """
    }

    private func makeStack(_ standIns: StandIns, in folder: String? = nil) throws -> DevStack {
        try DevStack(
            folder: StackFolder(folder ?? "\(TestScratch.shared.folder("stack"))/lib/slipway/dev"),
            executables: standIns.folder,
            environment: [:],
            logger: Logger(label: "test")
        )
    }

    /// The pids by name; what runs is also made to end with the tests, should one of them fail.
    private func identities(_ stack: DevStack) throws -> [String: Int32] {
        let pids = Dictionary(uniqueKeysWithValues: try stack.status().map { ($0.name, $0.pid) })
        for pid in pids.values { ProcessIdentity(pid: pid).map(TestScratch.shared.adopt) }
        return pids
    }

    @Test("it comes up whole, keeps what runs, replaces what changed, and goes down without a trace")
    func life() async throws {
        let standIns = try await StandIns()
        let stack = try makeStack(standIns)
        let addresses = try await stack.up()
        let first = try identities(stack)
        #expect(
            Set(first.keys) == [
                "postgres", "portmapper", "rabbitmq", "kubernetes", "scheduler", "dispatcher", "worker", "api",
            ]
        )
        #expect(try stack.status().allSatisfy { $0.state == .ready })
        #expect(try stack.knownAddresses() == addresses)

        let again = ContinuousClock.now
        #expect(try await stack.up() == addresses)
        #expect(try identities(stack) == first)
        #expect(ContinuousClock.now - again < .seconds(10))

        // Another process would find the same stack, and be asked for more.
        let sibling = try makeStack(standIns, in: stack.folder.path)
        _ = try await sibling.up(StackOptions(replicas: 2))
        let second = try identities(sibling)
        #expect(second.filter { first[$0.key] != nil } == first)
        #expect(Set(second.keys).subtracting(first.keys) == ["scheduler-2", "dispatcher-2", "worker-2"])

        // A new build replaces its own processes only; a killed one is started again.
        try await standIns.write("slipway-worker", StandIns.server + "\n# built anew\n")
        let schedulerPID = try #require(second["scheduler"])
        let scheduler = try #require(ProcessIdentity(pid: schedulerPID))
        await ManagedProcess(adopting: scheduler, name: "scheduler", logFile: "/dev/null").kill()
        #expect(try stack.status().first { $0.name == "scheduler" }?.state == .ended)
        _ = try await stack.up(StackOptions(replicas: 1))
        let third = try identities(stack)
        #expect(Set(third.keys) == Set(first.keys))
        let changed = first.filter { third[$0.key] != $0.value }.keys
        #expect(Set(changed) == ["scheduler", "worker"])

        let processes = third.values.compactMap { ProcessIdentity(pid: $0) }
        try await stack.down()
        #expect(processes.allSatisfy { !$0.isRunning })
        #expect(try stack.status().isEmpty)

        // Ports and data stay for the next time.
        #expect(try await stack.up() == addresses)
        try await stack.down()
    }

    @Test("a process that fails is named with the end of its log, and down stops the rest")
    func failure() async throws {
        let standIns = try await StandIns()
        try await standIns.write("slipway-dispatcher", "#!/bin/sh\necho the pantry is empty; exit 4\n")
        let stack = try makeStack(standIns)
        let error = await #expect(throws: DevStackError.self) { try await stack.up() }
        let text = try #require(error).description
        #expect(text.contains("dispatcher ended (exit status 4)"))
        #expect(text.contains("the pantry is empty"))
        #expect(try stack.status().contains { $0.name == "postgres" && $0.state == .ready })
        let running = try stack.status().compactMap { ProcessIdentity(pid: $0.pid) }
        try await stack.down()
        #expect(running.allSatisfy { !$0.isRunning })
    }

    @Test("logs show the end of one process or of all with names, and refuse a name that is not there")
    func logs() async throws {
        let standIns = try await StandIns()
        let stack = try makeStack(standIns)
        _ = try await stack.up()
        let shown = Lines()
        try await stack.logs("worker", isFollowing: false) { shown.add($0) }
        #expect(shown.all.contains { $0.hasPrefix("listening on 127.0.0.1:") })
        let all = Lines()
        try await stack.logs(isFollowing: false) { all.add($0) }
        #expect(all.all.contains { $0.hasPrefix("scheduler  | listening on") })
        let error = await #expect(throws: DevStackError.self) {
            try await stack.logs("wroker", isFollowing: false) { _ in }
        }
        #expect(try #require(error).description.contains("worker"))

        // Whatever is appended is followed by whole lines.
        let file = try #require(try stack.status().first { $0.name == "api" }).logFile
        let followed = Lines()
        let following = Task { try await stack.logs("api", isFollowing: true) { followed.add($0) } }
        try await eventually("the log is open") { !followed.all.isEmpty }
        let handle = try TestProcess("/bin/sh", ["-c", "printf 'half ' >> \(file); printf 'whole\\n' >> \(file)"])
        _ = try await handle.waitForExit()
        try await eventually("the new line is shown") { followed.all.contains("half whole\n") }
        following.cancel()
        try await following.value
        try await stack.down()
    }

    private static let localCluster = try? BuiltExecutable.path("slipway-localkube")

    @Test(
        "the local cluster finds an image's programs and modules where this build put them",
        .enabled(if: localCluster != nil, "slipway-localkube is not built")
    )
    func images() async throws {
        let standIns = try await StandIns()
        let program = "\(standIns.folder)/slipway-localkube"
        try FileManager.default.removeItem(atPath: program)
        try FileManager.default.createSymbolicLink(
            atPath: program,
            withDestinationPath: try #require(Self.localCluster)
        )
        try await standIns.write("slipway-runner", "#!/bin/sh\necho modules in $PYTHONPATH\n")
        let stack = try makeStack(standIns)
        let addresses = try await stack.up(StackOptions(runnerPython: "/srv/modules"))
        _ = try identities(stack)
        let pod = """
            {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "probe"}, "spec": {"restartPolicy": "Never",
            "containers": [{"name": "main", "image": "slipway/runner:dev", "command": ["/usr/local/bin/slipway-runner"]}]}}
            """
        let pods = "\(addresses.kubernetes)/api/v1/namespaces/default/pods"
        let post = """
            import sys, urllib.request as r
            r.urlopen(r.Request(sys.argv[1], sys.argv[2].encode(), {"Content-Type": "application/json"}))
            """
        let client = try TestProcess("/usr/bin/python3", ["-c", post, pods, pod])
        #expect(try await client.waitForExit() == .status(0), "\(client.output)")
        let port = try #require(addresses.kubernetes.split(separator: ":").last.flatMap { Int($0) })
        try await eventually("the pod has written its log") {
            let log = await LoopbackProbe.get(port: port, path: "/api/v1/namespaces/default/pods/probe/log")
            return log?.body.contains("modules in /srv/modules") == true
        }
        try await stack.down()
    }

    @Test("in the foreground a process that ends is told of, and a signal stops everything")
    func foreground() async throws {
        let stack = try makeStack(await StandIns())
        let told = Lines()
        let holding = Task {
            try await stack.runInForeground(report: { told.add($0) }, isUp: { told.add("up: \($0.api)") })
        }
        try await eventually(within: .seconds(60), "the stack is up") { told.all.contains { $0.hasPrefix("up: ") } }
        let running = try identities(stack).values.compactMap { ProcessIdentity(pid: $0) }
        #expect(running.count == 8)
        let worker = try #require(try stack.status().first { $0.name == "worker" })
        kill(worker.pid, SIGKILL)
        try await eventually("the end of the worker is told") {
            told.all.contains { $0.hasPrefix("worker ended by itself") }
        }
        kill(getpid(), SIGTERM)
        try await holding.value
        #expect(running.allSatisfy { !$0.isRunning })
        #expect(told.all.contains("stopping"))
    }

    @Test("options outside their bounds are refused", arguments: [0, 17])
    func bounds(replicas: Int) async throws {
        let stack = try makeStack(await StandIns())
        let error = await #expect(throws: DevStackError.self) {
            try await stack.up(StackOptions(replicas: replicas))
        }
        #expect(error?.description == "replicas is \(replicas); allowed is 1 to 16")
    }

    private final class Lines: Sendable {
        private let lines = Mutex<[String]>([])
        var all: [String] { lines.withLock { $0 } }
        func add(_ line: String) { lines.withLock { $0.append(line) } }
    }
}
