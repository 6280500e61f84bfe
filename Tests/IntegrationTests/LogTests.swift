import DevStack
import FoundationEssentials
import Glibc
import PostgresClient
import TestSupport
import Testing

/// Logs on their whole way: a command writes them, the runner numbers them, a worker stores them, the API gives them back.
@Suite(.fleet, .explained, .serialized, .timeLimit(.minutes(8))) struct LogTests {
    private static let lines = 200_000

    @Test("a worker killed in the middle of 200 000 lines leaves a log that is, to the byte, what was written")
    func killedWorker() async throws {
        let fleet = try Fleet.current()
        let site = fleet.site
        let written = "\(site.folder)/written.log"
        try await site.apply(
            """
            name: writer
            engine: none
            timeouts: {run: 6m}
            tasks:
              - name: write
                command: |
                  seq -f 'line %.0f of many — ä tab\\t and quote \"' 1 \(Self.lines) | tee \(written)
            """
        )
        let run = try await site.create("writer")[0]
        try await eventually(within: .seconds(120), "a tenth is stored") {
            try await storedLines(of: run, on: site) > Self.lines / 10
        }
        let begin = ContinuousClock.now
        let stored = try await storedLines(of: run, on: site)
        let victim = try await eventually(value: { try await holder(of: run, on: site) })
        try await fleet.kill(victim)
        try #require(try await site.run(run).text("state") == "running", "it was killed in the middle")
        try await site.waitForEnd(of: [run], within: .seconds(240))
        let spent = ContinuousClock.now - begin
        #expect(try await site.states(of: [run]) == ["succeeded": 1])
        try await fleet.start([victim])

        let text = try await text(of: "write", run, on: site)
        let expected = FileManager.default.contents(atPath: written) ?? Data()
        #expect(expected.count > Self.lines * 30)
        #expect(text == expected, "\(text.count) bytes were stored of \(expected.count)")
        let rest = Double(Self.lines - stored) / (Double(spent.components.seconds) + 0.001)
        print("killed after \(stored) lines; \(Int(rest)) lines a second for the rest, the lease's silence included")
    }

    @Test("a hundred megabytes at once, a line of ten megabytes and bytes that are no text do no harm")
    func hostile() async throws {
        let fleet = try Fleet.current()
        let site = fleet.site
        try await site.apply(
            #"""
            name: hostile
            engine: none
            timeouts: {run: 6m}
            tasks:
              - name: burst
                command: yes "$(head -c 999 /dev/zero | tr '\0' x)" | head -c 100000000
              - name: long
                command: head -c 10000000 /dev/zero | tr '\0' y
              - name: invalid
                command: printf 'a\377b\n\303\251\n'
            """#
        )
        let begin = ContinuousClock.now
        let run = try await site.create("hostile")[0]
        var peak = 0
        try await eventually(within: .seconds(300), "the run is over") {
            peak = max(peak, try Fleet.workers.map { try memory(of: fleet.process($0).pid) }.max() ?? 0)
            return try await site.number("SELECT count(*) FROM finished_runs WHERE id::text = \(run)") == 1
        }
        let spent = ContinuousClock.now - begin
        #expect(try await site.states(of: [run]) == ["succeeded": 1])
        #expect(peak > 0 && peak < 256 << 20, "a worker took \(peak >> 20) MiB")

        let burst = try await text(of: "burst", run, on: site).split(separator: UInt8(ascii: "\n"))
        let mark = String(decoding: burst.last ?? Data(), as: UTF8.self)
        #expect(
            mark == "[slipway: the rest of this stream is dropped: the stream's bound of 67108864 bytes is reached]"
        )
        #expect(burst.dropLast().allSatisfy { $0.count == 999 } && burst.count == (64 << 20) / 1023 + 1)
        let long = try await text(of: "long", run, on: site)
        #expect(long.filter { $0 == UInt8(ascii: "y") }.count == 10_000_000)
        #expect(try await text(of: "invalid", run, on: site) == Data("a\u{FFFD}b\né\n".utf8))
        print("110 MB of log in \(spent), a worker's peak is \(peak >> 20) MiB")
    }

    @Test("how many lines a second one worker stores, beside what gzip makes of the same bytes")
    func throughput() async throws {
        let site = try Site.current()
        let written = "\(site.folder)/throughput.log"
        let count = 100_000
        let text =
            "INFO etl.orders written to the lake, part-%.0f.parquet, \(String(repeating: "rows and bytes ", count: 8))"
        try await site.apply(
            """
            name: throughput
            engine: none
            timeouts: {run: 6m}
            tasks:
              - name: write
                command: seq -f '\(text)' 1 \(count) | tee \(written)
            """
        )
        let run = try await site.create("throughput")[0]
        try await site.waitForEnd(of: [run], within: .seconds(240))
        let milliseconds = try await site.number(
            """
            SELECT (1000 * extract(epoch FROM ended_at - running_at))::bigint FROM runs WHERE id::text = \(run)
            """
        )
        let begin = ContinuousClock.now
        let gzip = try TestProcess("/bin/sh", ["-c", "for i in 1 2 3 4 5; do gzip -1 < \(written) > /dev/null; done"])
        _ = try await gzip.waitForExit(within: .seconds(120))
        let reference = (ContinuousClock.now - begin) / 5
        let bytes = Double(FileManager.default.contents(atPath: written)?.count ?? 0)
        let (seconds, attoseconds) = reference.components
        let spent = Double(milliseconds) / 1000
        let ratio = spent / (Double(seconds) + Double(attoseconds) / 1e18)
        #expect(try await storedLines(of: run, on: site) == count)
        print(
            "\(count) lines in \(spent) s: \(Int(Double(count) / spent)) lines a second, \(Int(bytes / spent / 1e3)) kB a second; "
                + "gzip -1 is \(Int(ratio)) times as fast"
        )
    }

    private func storedLines(of run: String, on site: Site) async throws -> Int {
        try await site.number(
            "SELECT coalesce(sum(line_count), 0)::bigint FROM run_log_chunks WHERE run_id::text = \(run)"
        )
    }

    private func holder(of run: String, on site: Site) async throws -> String? {
        try await site.database.query(
            """
            SELECT holders.name FROM live_runs JOIN holders ON holders.id = holder_id
            WHERE live_runs.id::text = \(run) AND holders.kind = 'worker'
            """
        ).first?.value(at: 0, as: String.self)
    }

    /// A task's log as the API gives it as text.
    private func text(of task: String, _ run: String, on site: Site) async throws -> Data {
        let file = "\(try TestScratch.shared.folder("log"))/text"
        let program = """
            import sys, urllib.request
            request = urllib.request.Request(sys.argv[1], headers={"Accept": "text/plain"})
            with urllib.request.urlopen(request, timeout=120) as answer, open(sys.argv[2], "wb") as file:
                while chunk := answer.read(1 << 20):
                    file.write(chunk)
            """
        let address = "\(site.apis[0])/api/v1/runs/\(run)/logs?stream=task/\(task)"
        let reading = try TestProcess("/usr/bin/env", ["python3", "-c", program, address, file])
        guard try await reading.waitForExit(within: .seconds(180)) == .status(0) else {
            throw Unexpected(reading.output)
        }
        return FileManager.default.contents(atPath: file) ?? Data()
    }

    /// The most memory that a process has had, in bytes.
    private func memory(of pid: Int32) throws -> Int {
        let status = FileManager.default.contents(atPath: "/proc/\(pid)/status") ?? Data()
        let line = String(decoding: status, as: UTF8.self).split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
        return (line?.split(separator: " ").compactMap { Int($0) }.first ?? 0) << 10
    }
}

extension Fleet {
    fileprivate static let workers = ["worker-1", "worker-2"]
}
