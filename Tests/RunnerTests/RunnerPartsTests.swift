import Foundation
import SlipwayCore
import Testing

@testable import Runner

@Suite("Line assembler")
struct LineAssemblerTests {
    /// Feeds pieces at the given times and collects the lines.
    private func lines(_ pieces: [(text: String, at: Int64)], limit: Int = 100) -> [String] {
        var assembler = LineAssembler(lineLimitBytes: limit)
        var lines: [String] = []
        for piece in pieces {
            assembler.append(Array(piece.text.utf8)[...], atMilliseconds: piece.at) {
                lines.append(String(decoding: $0, as: UTF8.self))
            }
        }
        assembler.finish { lines.append(String(decoding: $0, as: UTF8.self)) }
        return lines
    }

    @Test(
        "cuts at line ends, wherever the pieces are cut",
        arguments: [
            (["a\nb\n"], ["a", "b"]), (["a", "b\nc"], ["ab", "c"]), (["\n\n"], ["", ""]),
            (["a\r", "\nb"], ["a", "b"]),
            (["a\r\nb\r\n"], ["a", "b"]), ([""], []),
        ] as [([String], [String])]
    )
    func cuts(pieces: [String], expected: [String]) {
        #expect(lines(pieces.map { ($0, 0) }) == expected)
    }

    @Test(
        "a line that is drawn again and again is its last drawing",
        arguments: [
            (["1%\r2%\r100%\n"], ["100%"]), (["1%\r", "2%\r", "100%\n"], ["100%"]), (["50%\r"], ["50%"]),
            (["1%\r2%\r"], ["2%"]), (["done\r", "\r\nnext"], ["done", "next"]),
        ] as [([String], [String])]
    )
    func redrawn(pieces: [String], expected: [String]) {
        #expect(lines(pieces.map { ($0, 0) }) == expected)
    }

    @Test("a drawing that goes on is shown about once a second")
    func redrawnSlowly() {
        let pieces = (0..<30).map { (text: "\($0)\r", at: Int64($0) * 100) }
        #expect(lines(pieces) == ["10", "20", "29"])
    }

    @Test("a long line leaves in pieces that cut no character")
    func longLine() {
        let text = String(repeating: "é", count: 100)
        let pieces = lines([(text + "\n", 0)], limit: 33)
        #expect(pieces.joined() == text)
        #expect(pieces.allSatisfy { $0.utf8.count <= 33 })
        #expect(lines([(String(repeating: "x", count: 33) + "\ny", 0)], limit: 33).map(\.count) == [33, 1])
    }

    @Test("pieces of any size give the same lines")
    func chunking() {
        var random = SplitMix(seed: 7)
        let text = (0..<3000).map { _ in ["a", "é", "😀", "\n", "\r\n", " "][Int(random.next() % 6)] }.joined()
        let whole = lines([(text, 0)])
        let bytes = Array(text.utf8)
        for size in [1, 2, 3, 7, 64, 1000] {
            var assembler = LineAssembler(lineLimitBytes: 100)
            var pieces: [String] = []
            for start in stride(from: 0, to: bytes.count, by: size) {
                assembler.append(bytes[start..<min(bytes.count, start + size)], atMilliseconds: 0) {
                    pieces.append(String(decoding: $0, as: UTF8.self))
                }
            }
            assembler.finish { pieces.append(String(decoding: $0, as: UTF8.self)) }
            #expect(pieces == whole, "chunks of \(size)")
        }
    }
}

/// A small generator, so that a failing case can be had again from its seed.
struct SplitMix: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}

@Suite("JSON text")
struct JSONTextTests {
    @Test("escapes and repairs as Swift's own decoder understands it")
    func repairs() throws {
        var random = SplitMix(seed: 11)
        for _ in 0..<2000 {
            // Few leading bytes among ASCII and continuation bytes: all shapes of broken sequences come up.
            let bytes = (0..<Int(random.next() % 12)).map { _ in
                [0x00, 0x1F, 0x22, 0x41, 0x5C, 0x7F, 0x80, 0xA0, 0xBF, 0xC3, 0xE0, 0xED, 0xF0, 0xF4, 0xFF][
                    Int(random.next() % 15)
                ] as UInt8
            }
            var text: [UInt8] = [UInt8(ascii: "\"")]
            JSONText.appendEscaped(bytes[...], to: &text)
            text.append(UInt8(ascii: "\""))
            let value = try JSONDecoder().decode(String.self, from: Data(text))
            #expect(
                value.unicodeScalars.filter { $0 != "\u{FFFD}" }
                    == String(decoding: bytes, as: UTF8.self).unicodeScalars.filter { $0 != "\u{FFFD}" }
            )
            #expect(try JSONParser.parse(text[...]) == .string(value))
        }
    }

    @Test(
        "reads what JSON allows",
        arguments: [
            ("null", .null), (" [1, -2.5e3, true] ", .array([.integer(1), .number(-2500), .bool(true)])),
            (#"{"a":{"b":"\u00e9\ud83d\ude00\n"}}"#, .object(["a": .object(["b": .string("é😀\n")])])),
            (#""\ud800x""#, .string("\u{FFFD}x")), ("9223372036854775807", .integer(.max)),
            ("9223372036854775808", .number(9.223372036854775808e18)), ("[]", .array([])), ("{}", .object([:])),
        ] as [(String, JSONValue)]
    )
    func reads(text: String, value: JSONValue) throws {
        #expect(try JSONParser.parse(Array(text.utf8)[...]) == value)
    }

    @Test(
        "refuses what JSON does not allow",
        arguments: [
            "", "nul", "[1,]", "{\"a\":}", "{a:1}", "1 2", "\"a", "\"\\x\"", "\"\\u12\"", "NaN", "1e999", ".5", "+1",
            "1.", "\"\n\"",
            String(repeating: "[", count: 100_000),
        ]
    )
    func refuses(text: String) {
        #expect(throws: JSONSyntaxError.self) { try JSONParser.parse(Array(text.utf8)[...]) }
    }
}

@Suite("Summary fitting")
struct SummaryFittingTests {
    @Test("a summary of any size fits and keeps its verdict", arguments: ["x", "\"", "\u{1}", "é", "😀"])
    func fits(character: String) {
        let summary = RunnerSummary(
            result: .failed,
            failure: TaskFailure(
                reason: .sailCrashed,
                failureClass: .infrastructure,
                message: String(repeating: character, count: 2000),
                errorName: String(repeating: character, count: 200),
                stackTrace: String(repeating: character, count: 8000)
            ),
            failedTask: String(repeating: "t", count: 63),
            warnings: 3,
            lastSequence: .max
        )
        let fitted = SummaryFitting.fitted(summary)
        #expect(CompactJSON.bytes(fitted).count <= RunnerSummary.maximumBytes)
        #expect(fitted.failure?.reason == .sailCrashed)
        #expect(fitted.failedTask == summary.failedTask)
        #expect(fitted.failure?.message.isEmpty == false)
    }

    @Test("a small one stays as it is")
    func small() {
        let summary = RunnerSummary(result: .succeeded, warnings: 1, lastSequence: 9)
        #expect(SummaryFitting.fitted(summary) == summary)
    }
}

@Suite("Reports of the Python part")
struct WorkerReportTests {
    private func parse(_ text: String) -> WorkerReport? {
        WorkerReport.parse(Array(text.utf8)[...], name: { ["a", "b"].indices.contains($0) ? ["a", "b"][$0] : nil })?
            .report
    }

    @Test(
        "what is no report is nothing",
        arguments: [
            "", "x", "[]", "{}", #"{"type":"done","execution":7,"state":"succeeded"}"#,
            #"{"type":"done","execution":0,"state":"odd"}"#,
            #"{"type":"output","execution":0,"name":"no name","kind":"text","value":""}"#,
            #"{"type":"progress","execution":0}"#,
            #"{"type":"output","execution":0,"name":"n","kind":"odd","value":""}"#, #"{"type":"done","execution":-1}"#,
        ]
    )
    func nothing(text: String) { #expect(parse(text) == nil) }

    @Test("a report names its task by its place, so it cannot speak of another by name")
    func output() {
        #expect(
            parse(#"{"type":"output","execution":1,"name":"n","kind":"text","value":"v"}"#)
                == .output(TaskOutput(task: "b", name: "n", kind: .text, value: .string("v")))
        )
    }

    @Test("a process is ready with its number")
    func ready() {
        #expect(parse(#"{"type":"ready","pid":7}"#) == .ready(processID: 7))
        #expect(parse(#"{"type":"ready"}"#) == nil)
    }

    @Test("an unknown reason becomes a failed task, and texts are bounded")
    func failure() {
        let long = String(repeating: "m", count: 5000)
        guard
            case .done(.failed(let failure, let exitCode))? = parse(
                #"{"type":"done","execution":0,"state":"failed","exit_code":3,"failure":{"reason":"odd","message":"\#(long)"}}"#
            )
        else { return #expect(Bool(false), "it is a failure") }
        #expect(failure.reason == .taskFailed)
        #expect(failure.failureClass == .user)
        #expect(failure.message.count == 2000)
        #expect(exitCode == 3)
    }
}

@Suite("How a task's end is read")
struct TaskVerdictTests {
    @Test(
        "the Python process's end",
        arguments: [
            (.exited(code: 1), false, false, .preparationFailed, .user),
            (.exited(code: 1), true, false, .taskFailed, .user),
            (.killed(signal: SIGKILL), true, true, .runnerOutOfMemory, .user),
            (.killed(signal: SIGKILL), true, false, .runnerCrashed, .infrastructure),
            (.killed(signal: SIGSEGV), true, true, .runnerCrashed, .infrastructure),
        ] as [(WaitStatus, Bool, Bool, ReasonCode, FailureClass)]
    )
    func worker(status: WaitStatus, wasReady: Bool, ranOut: Bool, reason: ReasonCode, failureClass: FailureClass) {
        let end = TaskVerdict.ofWorker(status, wasReady: wasReady, ranOutOfMemory: ranOut, lastErrorLines: nil)
        guard case .failed(let failure, _) = end else { return #expect(Bool(false), "it is a failure") }
        #expect(failure.reason == reason)
        #expect(failure.failureClass == failureClass)
    }

    @Test(
        "exit codes",
        arguments: [
            (RunnerSummary.Result.succeeded, nil, 0), (.cancelled, nil, 143), (.failed, .user, 1),
            (.failed, .infrastructure, 2),
        ] as [(RunnerSummary.Result, FailureClass?, Int32)]
    )
    func exitCode(result: RunnerSummary.Result, failureClass: FailureClass?, code: Int32) {
        let failure = failureClass.map { TaskFailure(reason: .taskFailed, failureClass: $0, message: "") }
        #expect(ExitCode.code(for: RunnerSummary(result: result, failure: failure)) == code)
    }
}
