import Benchmark
import Testing

@Suite struct FigureTests {
    @Test(
        "times have about three digits and a unit",
        arguments: [
            (0.000_012_34, "12.3 µs"), (0.001_234, "1.23 ms"), (0.9994, "999 ms"), (0.9996, "1.00 s"),
            (12.34, "12.3 s"),
            (215.4, "215 s"), (0, "0.000 µs"),
        ]
    )
    func seconds(value: Double, text: String) {
        #expect(FigureText.seconds(value) == text)
    }

    @Test("rates and bytes choose their unit")
    func units() {
        #expect(FigureText.rate(312.4) == "312 /s")
        #expect(FigureText.rate(38_410) == "38.4k /s")
        #expect(FigureText.rate(nil) == "-")
        #expect(FigureText.bytes(512) == "512 B")
        #expect(FigureText.bytes(27_682_406) == "26.4 MiB")
        #expect(FigureText.bytes(3_221_225_472) == "3.00 GiB")
    }

    @Test(
        "decimals are rounded, not cut",
        arguments: [
            (1.005, 1, "1.0"), (0.0996, 3, "0.100"), (-0.0001, 2, "0.00"), (-2.5, 1, "-2.5"), (1234.5, 0, "1235"),
        ]
    )
    func decimals(value: Double, places: Int, text: String) {
        #expect(FigureText.decimal(value, places: places) == text)
    }

    @Test("durations are read", arguments: [("2s", 2.0), ("1.5s", 1.5), ("250ms", 0.25), ("10m", 600)])
    func durations(text: String, seconds: Double) {
        #expect(FigureText.parseSeconds(text) == seconds)
    }

    @Test("what is no duration is refused", arguments: ["", "2", "s", "-1s", "0s", "1d", "2 s"])
    func noDurations(text: String) {
        #expect(FigureText.parseSeconds(text) == nil)
    }
}

@Suite struct FigureTableTests {
    @Test("the first column stands left, figures right, and no line ends with blanks")
    func alignment() {
        var table = FigureTable("PROCESS", "CPU", "MEMORY")
        table.add("api", "1.20 s", "26.4 MiB")
        table.add("scheduler", "12.00 s")
        #expect(
            table.text == """
                PROCESS        CPU    MEMORY
                api         1.20 s  26.4 MiB
                scheduler  12.00 s
                """
        )
    }

    @Test("no line is wider than 100 columns")
    func width() {
        var table = FigureTable("WHAT", "FIGURE")
        table.add(String(repeating: "long ", count: 40), "1.20 s")
        let lines = table.text.split(separator: "\n")
        #expect(lines.allSatisfy { $0.count <= FigureTable.maximumWidth })
        #expect(lines[1].contains("…") && lines[1].hasSuffix("  1.20 s"))
    }
}
