import Settings
import Testing

/// Reading and writing single values.
@Suite struct SettingValueTests {
    @Test(
        "durations are read",
        arguments: [
            ("500ms", Duration.milliseconds(500)), ("15s", .seconds(15)), ("1h30m", .seconds(5400)),
            ("7d", .seconds(604_800)),
            ("0", .zero), ("0s", .zero),
        ]
    )
    func durations(text: String, expected: Duration) {
        #expect(Duration(settingText: text) == expected)
    }

    @Test(
        "what is not a duration is refused",
        arguments: ["", "15", "s", "-1s", "1.5s", "30m1h", "1s1s", "1 s", "9223372036854775807d", "1w", "٣s"]
    )
    func badDurations(text: String) {
        #expect(Duration(settingText: text) == nil)
    }

    @Test("a duration is written as it can be read", arguments: [0, 1, 999, 1000, 61_001, 90_061_001] as [Int64])
    func durationRoundTrip(milliseconds: Int64) {
        let duration = Duration.milliseconds(milliseconds)
        #expect(Duration(settingText: duration.settingText) == duration)
    }

    @Test(
        "sizes are read",
        arguments: [
            ("0", 0), ("512", 512), ("1KiB", 1024), ("64MiB", 64 << 20), ("1.5GiB", 3 << 29), ("10MB", 10_000_000),
            ("2Gi", 2 << 30),
            ("3 MiB", 3 << 20),
        ]
    )
    func sizes(text: String, expected: Int) {
        #expect(ByteSize(settingText: text)?.bytes == expected)
    }

    @Test(
        "what is not a size is refused",
        arguments: ["", "MiB", "-1", "1XB", "99999999999999TiB", "1.2.3MiB", "0.3B1"]
    )
    func badSizes(text: String) {
        #expect(ByteSize(settingText: text) == nil)
    }

    @Test(
        "a size is written in the largest whole unit",
        arguments: [(0, "0B"), (1000, "1000B"), (64 << 20, "64MiB"), (5 << 30, "5GiB")]
    )
    func sizeText(bytes: Int, expected: String) {
        #expect(ByteSize(bytes: bytes).settingText == expected)
    }

    @Test(
        "addresses are read and written",
        arguments: [
            ("127.0.0.1:80", ListenAddress(host: "127.0.0.1", port: 80)),
            ("[::1]:9090", ListenAddress(host: "::1", port: 9090)),
            ("", .off),
        ]
    )
    func addresses(text: String, expected: ListenAddress) {
        #expect(ListenAddress(settingText: text) == expected)
        #expect(expected.settingText == text)
    }

    @Test("what is not an address is refused", arguments: ["host", "host:", ":80", "host:65536", "::1:80", "a b:80"])
    func badAddresses(text: String) {
        #expect(ListenAddress(settingText: text) == nil)
    }

    @Test("an enumeration takes its cases and names them")
    func enumerations() {
        #expect(LogFormat(settingText: "json") == .json)
        #expect(LogFormat(settingText: "JSON") == nil)
        #expect(SharedSettings.logFormat.allowedText == "one of auto, json, text")
    }

    @Test("lists refuse empty elements", arguments: [("", [] as [String]?), ("a", ["a"]), ("a,,b", nil), (",", nil)])
    func lists(text: String, expected: [String]?) {
        #expect([String](settingText: text) == expected)
    }

    @Test("numbers must be finite", arguments: ["nan", "inf", "1e999"])
    func numbers(text: String) {
        #expect(Double(settingText: text) == nil)
    }
}
