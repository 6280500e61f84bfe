import Foundation
import LocalKubernetes
import Testing

@Suite struct ValueTests {
    @Test(arguments: [0, 1, 951_782_400, 1_709_164_799, 1_709_164_800, 4_102_444_799, 1_767_225_600, 68_169_600])
    func `times are written as Foundation writes them`(seconds: Int64) throws {
        let expected = ISO8601DateFormatter().string(from: Date(timeIntervalSince1970: TimeInterval(seconds)))
        #expect(Timestamp(seconds: seconds).text == expected)
        #expect(Timestamp(expected) == Timestamp(seconds: seconds))
    }

    @Test func `fractions and offsets are read`() {
        #expect(Timestamp("2026-01-01T01:00:00.5+01:00")?.nanoseconds == 1_767_225_600_500_000_000)
        #expect(Timestamp(nanoseconds: 1_767_225_600_000_007_008).microText == "2026-01-01T00:00:00.000007Z")
        #expect(Timestamp("yesterday at noon, or so") == nil)
    }

    @Test(arguments: [
        ("1", 1000), ("500m", 500), ("0.5", 500), ("1Gi", 1_073_741_824_000), ("1k", 1_000_000), ("1e3", 1_000_000),
        ("100u", 1), ("2Ki", 2_048_000),
    ])
    func `quantities are read`(text: String, thousandths: Int64) {
        #expect(Quantity(text)?.thousandths == thousandths)
    }

    @Test(arguments: ["", "x", "1x", "Gi", "1 Gi"])
    func `what is no quantity is refused`(text: String) {
        #expect(Quantity(text) == nil)
    }

    @Test(arguments: [
        ("a", true), ("a-b.c", true), ("A", false), ("-a", false), ("a-", false), ("a..b", false), ("", false),
        (String(repeating: "a", count: 254), false),
    ])
    func `object names follow RFC 1123`(name: String, isValid: Bool) {
        #expect((ObjectName.problem(subdomain: name) == nil) == isValid)
    }

    @Test func `identifiers are random version 4 UUIDs`() throws {
        let identifiers = Set((0..<1000).map { _ in ObjectName.uid() })
        #expect(identifiers.count == 1000)
        let one = try #require(identifiers.first)
        #expect(UUID(uuidString: one) != nil)
        #expect(one.dropFirst(14).first == "4")
    }
}
