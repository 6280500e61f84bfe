import SlipwayCore
import Testing

@testable import Runner

@Suite("Redaction")
struct RedactionTests {
    private func redaction(_ values: String...) throws -> Redaction { try #require(Redaction(hiding: values)) }

    @Test(
        "values are masked, the longest first, and overlapping ones as one",
        arguments: [
            ("abcdef", "***"), ("xabcdx abcdefx", "x***x ***x"), ("abcdefgh", "***"), ("abc", "abc"),
            ("xdefgh", "x***"),
            ("first\nsecond line", "first\n***"), ("öäüß", "***"), ("quo\"te quo\\\"te", "*** ***"),
            ("abcdabcd", "******"),
        ]
    )
    func texts(text: String, expected: String) throws {
        let redaction = try redaction("abcd", "abcdef", "defgh", "one\n  second line\r\nxyz", "öäüß", "quo\"te")
        #expect(redaction.redacted(text) == expected)
    }

    @Test("nothing is hidden when all values are short")
    func shortValues() {
        #expect(Redaction(hiding: ["abc", "", "x\ny\nabc"]) == nil)
    }

    @Test("it does not matter in which pieces bytes arrive")
    func pieces() throws {
        let redaction = try redaction("abab", "ababc", "bcde", "aaaaaaa")
        var random = SystemRandomNumberGenerator()
        for _ in 0..<2000 {
            let text = (0..<40).map { _ in "abcde\n".utf8.randomElement(using: &random) ?? 0 }
            var filter = Redaction.Filter()
            var clean: [UInt8] = []
            var rest = text[...]
            while !rest.isEmpty {
                let piece = rest.prefix(Int.random(in: 1...7, using: &random))
                clean += filter.pass(piece, by: redaction)
                rest = rest[piece.endIndex...]
            }
            clean += filter.finish(by: redaction)
            #expect(clean == redaction.redacted(text), "\(String(decoding: text, as: UTF8.self))")
            #expect(!String(decoding: clean, as: UTF8.self).contains("bcde"))
        }
    }

    @Test("values are masked inside of outputs, numbers too")
    func values() throws {
        let redaction = try redaction("123456", "secret")
        let value = JSONValue.object([
            "a": .array([.integer(123_456), .integer(12345), .number(0.5)]), "my secret": .string("a secret!"),
        ])
        #expect(
            redaction.redacted(value)
                == .object([
                    "a": .array([.string("***"), .integer(12345), .number(0.5)]), "my ***": .string("a ***!"),
                ])
        )
    }

    @Test("text that holds no value costs little")
    func speed() throws {
        let redaction = try redaction(
            "s3cret-token",
            "another value",
            "-----BEGIN KEY-----\nMIIabcdef\n-----END KEY-----"
        )
        let line = Array("2026-01-31 10:00:00 INFO some component did something in 31 ms\n".utf8)
        let text = Array(repeating: line, count: 20_000).flatMap { $0 }
        let start = ContinuousClock.now
        #expect(redaction.redacted(text).count == text.count)
        // Optimised it takes some milliseconds; this bound holds for a debug build on a busy machine.
        #expect(ContinuousClock.now - start < .seconds(20))
    }
}
