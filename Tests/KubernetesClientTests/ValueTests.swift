import Testing

@testable import KubernetesClient

@Suite("Times")
struct KubernetesTimeTests {
    @Test(
        "RFC 3339 is read with and without a fraction and with any offset",
        arguments: [
            ("1970-01-01T00:00:00Z", 0), ("2026-03-01T10:00:00Z", 1_772_359_200_000_000),
            ("2026-03-01T10:00:00.5Z", 1_772_359_200_500_000),
            ("2026-03-01T10:00:00.123456789Z", 1_772_359_200_123_456),
            ("2026-03-01T11:30:00+01:30", 1_772_359_200_000_000), ("2026-03-01T05:00:00-05:00", 1_772_359_200_000_000),
            ("1969-12-31T23:59:59.999999Z", -1), ("2000-02-29T00:00:00Z", 951_782_400_000_000),
            ("0001-01-01T00:00:00Z", -62_135_596_800_000_000),
        ]
    )
    func reading(text: String, microseconds: Int64) {
        #expect(KubernetesTime(text)?.microsecondsSince1970 == microseconds)
        #expect(KubernetesTime(utf8: text.utf8)?.microsecondsSince1970 == microseconds)
    }

    @Test(
        "Anything else is refused",
        arguments: [
            "", "2026-03-01", "2026-13-01T00:00:00Z", "2026-02-29T00:00:00Z", "2026-03-01T24:00:00Z",
            "2026-03-01T10:00:00", "2026-03-01T10:00:00.Z", "2026-03-01T10:00:00Zx", "2026-03-01T10:00:00+0100",
            "２026-03-01T10:00:00Z",
        ]
    )
    func refusing(text: String) {
        #expect(KubernetesTime(text) == nil)
    }

    @Test("What is written is read back")
    func roundTrip() {
        for microseconds in stride(from: Int64(-3_000_000_000_000_000), to: 6_000_000_000_000_000, by: 98_765_432_109) {
            let time = KubernetesTime(microsecondsSince1970: microseconds)
            #expect(KubernetesTime(time.description) == time)
        }
    }

    @Test("Whole seconds have no fraction, others six digits")
    func writing() {
        #expect(KubernetesTime(microsecondsSince1970: 951_782_400_000_000).description == "2000-02-29T00:00:00Z")
        #expect(KubernetesTime(microsecondsSince1970: -1).description == "1969-12-31T23:59:59.999999Z")
    }

    @Test("The time of an answer is read in the one form that servers send")
    func httpDate() {
        let expected = KubernetesTime("1994-11-06T08:49:37Z")
        #expect(expected != nil && KubernetesTime(httpDate: "Sun, 06 Nov 1994 08:49:37 GMT") == expected)
        for text in [
            "", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun, 6 Nov 1994 08:49:37 GMT", "Sun, 06 Foo 1994 08:49:37 GMT",
        ] {
            #expect(KubernetesTime(httpDate: text) == nil, "\(text)")
        }
    }
}

@Suite("Quantities")
struct QuantityTests {
    @Test(
        "CPU is read in millicores, rounded up",
        arguments: [
            ("1", 1000), ("0.5", 500), ("250m", 250), ("1.5", 1500), ("100n", 1), ("12500000n", 13), ("3u", 1),
            ("2k", 2_000_000), ("0", 0), ("1e3", 1_000_000), (".5", 500), ("-1", -1000), ("0.0001", 1),
        ]
    )
    func cpu(text: String, millicores: Int) {
        #expect(Quantity.millicores(text) == millicores)
    }

    @Test(
        "Memory is read in bytes, rounded up",
        arguments: [
            ("0", 0), ("1024", 1024), ("1Ki", 1024), ("1.5Gi", 1_610_612_736), ("2Mi", 2 << 20), ("1k", 1000),
            ("1M", 1_000_000), ("1G", 1_000_000_000), ("1T", 1_000_000_000_000), ("1P", 1_000_000_000_000_000),
            ("1E", 1_000_000_000_000_000_000), ("1Ti", 1 << 40), ("1Pi", 1 << 50), ("7Ei", 7 << 60),
            ("1e9", 1_000_000_000),
            ("1E9", 1_000_000_000), ("128974848000m", 128_974_848), ("1m", 1), ("0.1Ki", 103),
        ]
    )
    func memory(text: String, bytes: Int) {
        #expect(Quantity.bytes(text) == bytes)
    }

    @Test(
        "Anything else is refused",
        arguments: ["", "m", "1mi", "1 Gi", "1GiB", "e3", "1.2.3", "--1", "1e", "1e99", "٣"]
    )
    func refusing(text: String) {
        #expect(Quantity(text) == nil)
    }

    @Test("What does not fit is no number", arguments: ["8Ei", "10E", "1e30"])
    func overflow(text: String) {
        #expect(Quantity.bytes(text) == nil)
    }

    @Test(
        "The window of a measurement is a Go duration",
        arguments: [
            ("15s", 15), ("1m12.5s", 72.5), ("250ms", 0.25), ("1h0m1s", 3601), ("", nil), ("s", nil),
            ("15", nil), ("15s ", nil), ("1x", nil),
        ] as [(String, Double?)]
    )
    func windows(text: String, seconds: Double?) {
        let metrics = PodMetrics(metadata: ObjectMetadata(name: "p"), window: text)
        #expect(metrics.windowSeconds == seconds)
    }
}
