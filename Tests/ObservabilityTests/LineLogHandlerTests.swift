import FoundationEssentials
import Logging
import Observability
import Synchronization
import Testing

@Suite struct LineLogHandlerTests {
    private final class Captured: Sendable {
        private let text = Mutex("")
        var lines: [String] { text.withLock { $0.split(separator: "\n").map(String.init) } }
        var output: LogOutput {
            LogOutput { bytes in
                let line = String(decoding: bytes, as: UTF8.self)
                self.text.withLock { $0 += line }
            }
        }
    }

    private func logger(_ captured: Captured, _ style: LogStyle, _ metadata: Logger.Metadata = [:]) -> Logger {
        Logger(label: "scheduler") { label in
            LineLogHandler(
                label: label,
                service: "slipway-scheduler",
                level: .info,
                style: style,
                metadata: metadata,
                output: captured.output
            )
        }
    }

    private struct Line: Decodable {
        let time: String
        let level: String
        let service: String
        let logger: String
        let message: String
        let run: String?
        let holder: String?
        let count: Int?
        let isLast: Bool?
        let ids: [String]?

        enum CodingKeys: String, CodingKey {
            case time, level, service, logger, message, count, ids
            case run = "run.id"
            case holder = "holder.name"
            case isLast = "batch.is_last"
        }
    }

    @Test("a JSON line holds the message and its facts, each with its type")
    func json() throws {
        let captured = Captured()
        logger(captured, .json, ["holder.name": "s1"]).warning(
            "a run \"waits\"\n",
            metadata: [
                "run.id": "r\u{1}\u{7F}é", "count": .stringConvertible(3), "batch.is_last": .stringConvertible(true),
                "ids": ["a", "b"],
            ]
        )
        #expect(captured.lines.count == 1)
        let line = try JSONDecoder().decode(Line.self, from: Data(captured.lines[0].utf8))
        #expect(line.level == "warning")
        #expect(line.service == "slipway-scheduler")
        #expect(line.logger == "scheduler")
        #expect(line.message == "a run \"waits\"\n")
        #expect(line.run == "r\u{1}\u{7F}é")
        #expect(line.holder == "s1")
        #expect(line.count == 3)
        #expect(line.isLast == true)
        #expect(line.ids == ["a", "b"])
        #expect(line.time.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/) != nil)
    }

    @Test("facts cannot replace a line's own fields")
    func ownFields() {
        let captured = Captured()
        logger(captured, .json).info("true", metadata: ["message": "false", "level": "none"])
        #expect(captured.lines[0].contains(#""message":"true""#))
        #expect(captured.lines[0].contains(#""metadata.message":"false""#))
        #expect(captured.lines[0].contains(#""level":"info""#))
    }

    @Test("a text line is readable, and a value can neither break it nor drive the terminal")
    func text() {
        let captured = Captured()
        logger(captured, .text(colored: false)).error("cannot\nplace", metadata: ["pod.name": "a\u{1B}[31mb\nc"])
        #expect(captured.lines.count == 1)
        #expect(captured.lines[0].hasSuffix(#"ERROR    scheduler cannot\nplace pod.name=a\u{1B}[31mb\nc"#))
        let painted = Captured()
        logger(painted, .text(colored: true)).error("x")
        #expect(painted.lines[0].contains("\u{1B}[31mERROR"))
    }

    @Test("what is below the level is not written")
    func level() {
        let captured = Captured()
        var logger = logger(captured, .json)
        logger.debug("no")
        logger.logLevel = .debug
        logger.debug("yes")
        #expect(captured.lines.count == 1)
    }

    @Test("styles have names", arguments: [("json", true), ("text", true), ("auto", true), ("xml", false)])
    func styles(name: String, isKnown: Bool) {
        #expect((LogStyle(named: name) != nil) == isKnown)
    }
}
