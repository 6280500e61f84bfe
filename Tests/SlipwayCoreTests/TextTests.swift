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
}
