internal import Glibc

/// Performs probes and hooks. Each runs on a thread of its own, since all of them block.
enum Prober {
    static func perform(
        _ action: ProbeAction,
        timeoutSeconds: Double,
        process: ContainerProcess
    ) async -> ProbeOutcome {
        if case .sleep(let seconds) = action {
            do { try await Task.sleep(for: .seconds(seconds)) } catch { return .failure("interrupted") }
            return .success
        }
        return await withCheckedContinuation { continuation in
            detachThread(named: "localkube-probe") {
                do throws(ProbeFailure) {
                    try run(action, timeoutSeconds, process)
                    continuation.resume(returning: .success)
                } catch {
                    continuation.resume(returning: .failure(error.message))
                }
            }
        }
    }

    private static func run(
        _ action: ProbeAction,
        _ seconds: Double,
        _ process: ContainerProcess
    ) throws(ProbeFailure) {
        switch action {
        case .execute(let command): try execute(command, seconds, process)
        case .tcp(let host, let port): _ = try ProbeSocket(host: host, port: port, seconds: seconds)
        case .http(let host, let port, let path, let headers): try get(host, port, path, headers, seconds)
        case .grpc(let host, let port, let service):
            try HealthCheck.run(host: host, port: port, service: service, seconds: seconds)
        case .sleep: break
        }
    }

    /// Runs a command with the container's variables in its folder.
    private static func execute(
        _ command: [String],
        _ seconds: Double,
        _ process: ContainerProcess
    ) throws(ProbeFailure) {
        // The shell only enters the folder; a process cannot be started in another's folder directly.
        let words = ["sh", "-c", "cd \"$0\" && exec \"$@\"", process.workingDirectory] + command
        let environment = process.environment.map { "\($0.name)=\($0.value)" }
        let pid: Int32
        do {
            pid = try Spawn.start(path: "/bin/sh", arguments: words, environment: environment)
        } catch {
            throw ProbeFailure("\(error)")
        }
        let deadline = ContinuousClock.now + .seconds(seconds)
        var pause: UInt32 = 500
        while true {
            if let status = Spawn.reap(pid) {
                guard status.code == 0 else { throw ProbeFailure("command exited with code \(status.code)") }
                return
            }
            guard ContinuousClock.now < deadline else {
                kill(-pid, SIGKILL)
                _ = Spawn.wait(pid)
                throw ProbeFailure("command timed out after \(Int(seconds))s")
            }
            // A child's end cannot be waited for together with a time; short waits first, longer ones later.
            usleep(pause)
            pause = min(pause * 2, 20_000)
        }
    }

    private static func get(
        _ host: String,
        _ port: Int,
        _ path: String,
        _ headers: [(name: String, value: String)],
        _ seconds: Double
    ) throws(ProbeFailure) {
        let socket = try ProbeSocket(host: host, port: port, seconds: seconds)
        var request = "GET \(path) HTTP/1.1\r\n"
        if !headers.contains(where: { $0.name.lowercased() == "host" }) { request += "Host: \(host):\(port)\r\n" }
        for header in headers { request += "\(header.name): \(header.value)\r\n" }
        request += "User-Agent: kube-probe/1.\(Discovery.minorVersion)\r\nAccept: */*\r\nConnection: close\r\n\r\n"
        try socket.send(Array(request.utf8))
        var reply: [UInt8] = []
        while !reply.contains(UInt8(ascii: "\n")) {
            let bytes = try socket.receive()
            if bytes.isEmpty { throw ProbeFailure("the server closed the connection without an answer") }
            reply += bytes
        }
        let line = String(decoding: reply.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
        let words = line.split(separator: " ")
        guard words.count > 1, words[0].hasPrefix("HTTP/1"), let code = Int(words[1].trimmed) else {
            throw ProbeFailure("malformed HTTP response")
        }
        guard (200..<400).contains(code) else { throw ProbeFailure("HTTP probe failed with statuscode: \(code)") }
    }
}
