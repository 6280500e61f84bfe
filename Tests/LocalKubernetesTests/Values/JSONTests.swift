import Foundation
import LocalKubernetes
import Testing

@Suite struct JSONTests {
    @Test(arguments: 0..<40)
    func `what is written is read back, by this parser and by Foundation's`(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let value = JSONValue.random(depth: 5, &generator)
        let bytes = value.encoded()
        #expect(try JSONParser.parse(bytes) == value, "seed \(seed)")
        let foreign = try JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)
        let rewritten = try JSONSerialization.data(withJSONObject: foreign, options: .fragmentsAllowed)
        #expect(try JSONParser.parse(Array(rewritten)) == value, "seed \(seed)")
    }

    @Test(arguments: [
        "", "{", "[1,]", "{\"a\":1,}", "{a:1}", "01", "1.", "1e", "-", "+1", "nul", "\"\u{1}\"", "\"\\x\"", "\"\\u12\"",
        "1 2", "[1", "\"", "{\"a\"}", "{\"a\" 1}", "1e999", "'a'", "// a\n1",
    ])
    func `what is not JSON is refused`(text: String) {
        #expect(throws: JSONError.self) { try JSONParser.parse(text) }
    }

    @Test func `text that is not UTF-8 is refused`() {
        #expect(throws: JSONError.self) { try JSONParser.parse([0x22, 0xFF, 0x22]) }
    }

    @Test func `nesting beyond the limit is refused and not a crash`() {
        let text = String(repeating: "[", count: 100_000)
        #expect(throws: JSONError.self) { try JSONParser.parse(text) }
    }

    @Test(arguments: [
        ("\"\\u00e9\"", "é"), ("\"\\ud83d\\ude00\"", "😀"), ("\"\\ud83d\"", "\u{FFFD}"), ("\"\\/\\n\\t\"", "/\n\t"),
        ("\"e\\u0301\"", "e\u{301}"),
    ])
    func `escapes are decoded`(text: String, expected: String) throws {
        #expect(try JSONParser.parse(text) == .string(expected))
    }

    @Test func `of a repeated name the last counts, also in large objects`() throws {
        let members = (0..<60).map { "\"k\($0 % 40)\":\($0)" }.joined(separator: ",")
        let object = try #require(try JSONParser.parse("{\(members)}").object)
        #expect(object.count == 40)
        #expect(object["k3"] == 43)
        #expect(object["k30"] == 30)
    }

    @Test func `whole numbers stay exact`() throws {
        #expect(try JSONParser.parse("9223372036854775807") == .integer(.max))
        #expect(JSONValue.integer(.min).encodedText == "-9223372036854775808")
    }
}

/// A small generator with a seed, so that a failure can be repeated.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 1 }

    mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state
    }
}

extension JSONValue {
    static func random(depth: Int, _ generator: inout SeededGenerator) -> JSONValue {
        switch Int.random(in: 0..<(depth > 0 ? 7 : 5), using: &generator) {
        case 0: return .null
        case 1: return .boolean(.random(using: &generator))
        case 2: return .integer(.random(in: -1_000_000_000_000...1_000_000_000_000, using: &generator))
        case 3: return .number(Double(Int.random(in: -9999...9999, using: &generator)) + 0.5)
        case 4: return .string(randomText(&generator))
        case 5:
            return .array(
                (0..<Int.random(in: 0..<6, using: &generator)).map { _ in random(depth: depth - 1, &generator) }
            )
        default:
            var object = JSONObject()
            for index in 0..<Int.random(in: 0..<40, using: &generator) {
                object["\(randomText(&generator))\(index)"] = random(depth: depth - 2, &generator)
            }
            return .object(object)
        }
    }

    private static func randomText(_ generator: inout SeededGenerator) -> String {
        let alphabet = Array("ab \"\\/\n\t\u{1}é😀\u{2028}{}[],:0")
        return String(
            (0..<Int.random(in: 0..<8, using: &generator)).map { _ in alphabet.randomElement(using: &generator) ?? "a" }
        )
    }
}
