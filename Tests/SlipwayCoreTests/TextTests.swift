import Testing

@testable import SlipwayCore

@Suite struct TextTests {
    @Test(arguments: [("90s", 90), ("10m", 600), ("2h", 7200), ("1d", 86_400), ("1h30m", 5400), ("1d2h3m4s", 93_784)])
    func durationsAreReadAndWrittenBack(text: String, seconds: Int) {
        #expect(DurationText.seconds(text) == seconds)
        #expect(DurationText.seconds(DurationText.text(seconds: seconds)) == seconds)
    }

    @Test(arguments: ["", "5", "m", "30m1h", "1h1h", "1.5h", "-5m", "5 m", "9999999999s", "٣s"])
    func otherTextIsNoDuration(text: String) {
        #expect(DurationText.seconds(text) == nil)
    }

    @Test(arguments: [("100m", 100), ("1", 1000), ("1.5", 1500), ("0.001", 1), ("1024", 1_024_000)])
    func cpuIsReadInMillicores(text: String, millicores: Int) {
        #expect(ResourceQuantity.millicores(text) == millicores)
    }

    @Test(arguments: ["", "m", "0.0001", "1.5.5", "-1", "1k", "1e3", ".5", "5.", "99999999999999999999"])
    func otherTextIsNoCPU(text: String) {
        #expect(ResourceQuantity.millicores(text) == nil)
    }

    @Test(arguments: [
        ("512Mi", 512 << 20), ("1.5Gi", 3 << 29), ("2G", 2_000_000_000), ("1024", 1024), ("1Ti", 1 << 40),
    ])
    func memoryIsReadInBytes(text: String, bytes: Int) {
        #expect(ResourceQuantity.bytes(text) == bytes)
    }

    @Test(arguments: ["", "Mi", "1.0001Ki", "512MB", "1m", "99999999999999Ti"])
    func otherTextIsNoMemory(text: String) {
        #expect(ResourceQuantity.bytes(text) == nil)
    }

    @Test(arguments: [
        ("2024-02-29", true), ("2023-02-29", false), ("2000-02-29", true), ("1900-02-29", false),
        ("2026-13-01", false), ("2026-00-10", false), ("2026-04-31", false), ("26-04-30", false), ("2026-04-3", false),
    ])
    func datesFollowTheCalendar(text: String, isValid: Bool) {
        #expect(CalendarDate.isValid(text) == isValid)
    }

    @Test func canonicalTextSortsMembersByTheirBytesAndEscapesOnlyWhatJSONDemands() {
        let value = JSONValue.object([
            "b": .array([.integer(1), .number(1.5), .number(2), .null]), "a": .string("é\u{1}\"\\\n/😀"),
            "B": .bool(true),
        ])
        #expect(value.canonicalText == #"{"B":true,"a":"é\u0001\"\\\n/😀","b":[1,1.5,2,null]}"#)
    }

    @Test func theNearestNameIsOneSwapAway() {
        #expect(NearestName.of("timeotu", among: ["timeout", "tags"]) == "timeout")
        #expect(NearestName.of("zzz", among: ["timeout", "tags"]) == nil)
    }

    @Test(
        "times in RFC 3339 are read in every form",
        arguments: [
            ("1970-01-01T00:00:00Z", Int64(0)), ("2026-01-31T09:05:00.25Z", 1_769_850_300_250_000),
            ("2026-01-31t10:05:00.250000999+01:00", 1_769_850_300_250_000), ("1969-12-31 19:00:00-05:00", 0),
            ("2024-02-29T23:59:60Z", 1_709_251_200_000_000), ("0001-01-01T00:00:00Z", -62_135_596_800_000_000),
        ]
    )
    func momentsAreRead(text: String, microseconds: Int64) {
        #expect(Timestamp(rfc3339: text)?.microsecondsSince1970 == microseconds)
    }

    @Test(
        "what is not a time in RFC 3339 is refused",
        arguments: [
            "", "2026-01-31", "2026-02-29T00:00:00Z", "2026-01-31T24:00:00Z", "2026-01-31T09:05Z",
            "2026-01-31T09:05:00",
            "2026-01-31T09:05:00.Z", "2026-01-31T09:05:00+0100", "2026-01-31T09:05:00Zx", "٢٠٢٦-01-31T09:05:00Z",
        ]
    )
    func otherTextsAreNoMoments(text: String) { #expect(Timestamp(rfc3339: text) == nil) }

    @Test("a time reads as what it was written from")
    func momentsReturn() {
        for day in stride(from: -800_000 as Int64, to: 800_000, by: 997) where day > -719_000 {
            let moment = Timestamp(microsecondsSince1970: day * 86_400_000_000 + 12_345_678_000)
            #expect(Timestamp(rfc3339: moment.description) == moment)
        }
    }
}
