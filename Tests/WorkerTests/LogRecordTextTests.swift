import SlipwayCore
import Testing

import struct FoundationEssentials.Data
import class FoundationEssentials.JSONDecoder
import class FoundationEssentials.JSONEncoder

@testable import Worker

@Suite("Records of log lines, read by hand")
struct LogRecordTextTests {
    private static let texts = [
        "", "plain", "quote \" backslash \\ slash / tab \t bell \u{7} escape \u{1B}[31m", "äöü 日本語 🚢", "\\u0041",
        "{\"n\":1}", String(repeating: "x", count: 20_000),
    ]

    @Test("what the decoder makes of a line is what the reader by hand makes of it", arguments: texts)
    func same(text: String) throws {
        for task in [nil, "load", "od\"d"] {
            for channel in [LogChannel.stdout, .stderr] {
                let line = RunnerLine(
                    sequence: 12,
                    milliseconds: 1_772_359_204_000,
                    record: .log(task: task, channel: channel, text: text)
                )
                let written = Self.written(line, task, channel, text)
                #expect(LogRecordText.line(Array(written.utf8)) == line)
                #expect(try JSONDecoder().decode(RunnerLine.self, from: Data(written.utf8)) == line)
            }
        }
    }

    /// As the runner writes it: members in this order, without spaces.
    private static func written(_ line: RunnerLine, _ task: String?, _ channel: LogChannel, _ text: String) -> String {
        func quoted(_ text: String) -> String {
            let encoder = JSONEncoder()
            encoder.outputFormatting = .withoutEscapingSlashes
            // why: a text always has a JSON form.
            return (try? encoder.encode(text)).map { String(decoding: $0, as: UTF8.self) } ?? "\"\""
        }
        let members = [
            task.map { "\"task\":\(quoted($0))" }, channel == .stderr ? "\"channel\":\"stderr\"" : nil,
            "\"text\":\(quoted(text))",
        ]
        return "{\"n\":\(line.sequence),\"ms\":\(line.milliseconds),\"log\":{"
            + members.compactMap(\.self).joined(separator: ",") + "}}"
    }

    @Test(
        "whatever else stands in a stream is left to the decoder",
        arguments: [
            "", "{", "{\"n\":1", "{\"n\":1,\"ms\":2,\"heartbeat\":true}",
            "{\"n\":-1,\"ms\":2,\"log\":{\"text\":\"a\"}}",
            "{\"n\":1,\"ms\":2,\"log\":{\"text\":\"a\"}} ", "{\"n\":1,\"ms\":2,\"log\":{\"text\":\"a}}",
            "{\"n\":1,\"ms\":2,\"log\":{\"text\":\"\\ud83d\\udea2\"}}", "{\"n\":1,\"ms\":2,\"log\":{\"text\":\"a\\\"}}",
            "{\"n\":1,\"ms\":2,\"log\":{\"text\":\"a\\u00\"}}", "{ \"n\":1,\"ms\":2,\"log\":{\"text\":\"a\"}}",
            "{\"n\":12345678901234567890,\"ms\":2,\"log\":{\"text\":\"a\"}}",
        ]
    )
    func others(text: String) {
        #expect(LogRecordText.line(Array(text.utf8)) == nil)
    }

    @Test("bytes that are no UTF-8 are no line")
    func invalid() {
        let bytes = Array("{\"n\":1,\"ms\":2,\"log\":{\"text\":\"a".utf8) + [0xFF] + Array("\"}}".utf8)
        #expect(LogRecordText.line(bytes) == nil && StreamFollower.runnerLine(bytes) == nil)
    }

    @Test("of a line of Sail's that goes on and on the beginning is kept, and a word says so")
    func longSailLine() {
        let line = StreamFollower.sailLine(
            Array("2026-01-31T09:05:00.5Z ".utf8) + [UInt8](repeating: UInt8(ascii: "y"), count: 10_000_000)
        )
        #expect(line.text.hasPrefix("yyy") && line.text.hasSuffix("[slipway: the rest of this line is dropped]"))
        #expect(line.text.utf8.count < StreamFollower.maximumSailLineBytes + 100)
        #expect(line.milliseconds > 0)
    }
}
