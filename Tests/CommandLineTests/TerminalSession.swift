import TestSupport
import Testing

import struct FoundationEssentials.Data
import class FoundationEssentials.JSONDecoder
import class FoundationEssentials.JSONEncoder

/// A program on a pseudo-terminal, with somebody who reads and types.
struct TerminalSession {
    enum Step: Encodable {
        /// Goes on once this text was written after what was waited for before.
        case wait(String)
        case type(String)
        case signal(Int32)

        func encode(to encoder: any Encoder) throws {
            var container = encoder.unkeyedContainer()
            switch self {
            case .wait(let text):
                try container.encode("wait")
                try container.encode(text)
            case .type(let text):
                try container.encode("type")
                try container.encode(text)
            case .signal(let number):
                try container.encode("signal")
                try container.encode(String(number))
            }
        }
    }

    /// How it ended.
    struct End: Decodable {
        /// Negative: the signal that ended it.
        var status: Int
        var output: String
        /// Whether the terminal's settings are those from before.
        var isRestored: Bool
        /// The text that was waited for in vain.
        var missing: String?
    }

    /// Python's own pty module: it opens the terminal, plays the steps, and says how all ended.
    private static let player = """
        import fcntl, json, os, pty, select, signal, struct, sys, termios, time
        steps, columns, rows = json.loads(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
        pid, master = pty.fork()
        if pid == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
            os.execvp(sys.argv[4], sys.argv[4:])
        before, output, seen, missing = termios.tcgetattr(master), b"", 0, None
        def take(seconds):
            global output
            ready, _, _ = select.select([master], [], [], seconds)
            if not ready:
                return True
            try:
                data = os.read(master, 65536)
            except OSError:
                return False
            output += data
            return bool(data)
        for kind, value in steps:
            if kind == "type":
                os.write(master, value.encode())
            elif kind == "signal":
                os.kill(pid, int(value))
            else:
                limit = time.monotonic() + 30
                while (found := output.find(value.encode(), seen)) < 0:
                    if time.monotonic() > limit or not take(0.2):
                        break
                if found < 0:
                    missing = value
                    os.kill(pid, signal.SIGKILL)
                    break
                seen = found + len(value.encode())
        limit, status = time.monotonic() + 30, None
        while time.monotonic() < limit:
            done, code = os.waitpid(pid, os.WNOHANG)
            if done:
                status = os.waitstatus_to_exitcode(code)
                break
            take(0.05)
        while select.select([master], [], [], 0)[0] and take(0):
            pass
        after = termios.tcgetattr(master)
        if status is None:
            os.kill(pid, signal.SIGKILL)
        print(json.dumps({"status": 999 if status is None else status, "output": output.decode(errors="replace"),
                          "isRestored": before[:4] == after[:4], "missing": missing}))
        """

    /// - Parameter arguments: a program and what it is given.
    static func play(
        _ arguments: [String],
        environment: [String: String],
        columns: Int = 100,
        rows: Int = 30,
        _ steps: [Step]
    ) async throws -> End {
        let text = String(decoding: try JSONEncoder().encode(steps), as: UTF8.self)
        let process = try TestProcess(
            "/usr/bin/env",
            ["python3", "-c", player, text, String(columns), String(rows)] + arguments,
            environment: environment.merging(["TERM": "xterm"]) { own, _ in own }
        )
        _ = try await process.waitForExit(within: .seconds(120))
        return try JSONDecoder().decode(End.self, from: Data(process.output.utf8))
    }
}

extension CommandLine {
    /// Has `slipway` run on a terminal while somebody types.
    func play(
        _ arguments: [String],
        columns: Int = 100,
        rows: Int = 30,
        _ steps: TerminalSession.Step...
    ) async throws -> TerminalSession.End {
        try await TerminalSession.play(
            [BuiltExecutable.path("slipway")] + arguments,
            environment: ["SLIPWAY_CLIENT_CONFIG": "/dev/null/config.yaml"].merging(environment) { $1 },
            columns: columns,
            rows: rows,
            steps
        )
    }
}
