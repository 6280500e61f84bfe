import Testing

@testable import Benchmark

@Suite struct PrometheusTextTests {
    private static let sample = """
        # HELP sent_total Messages.
        # TYPE sent_total counter
        sent_total{type="report"} 12
        sent_total{type="sup\\"er\\\\vise\\n",zone="a b"} 3 1700000000000
        up 1
        wait_seconds_bucket{le="0.1"} 10
        wait_seconds_bucket{le="0.5"} 30
        wait_seconds_bucket{le="+Inf"} 40
        wait_seconds_sum 9.5
        wait_seconds_count 40

        """

    @Test("names, labels with escapes, values and times are read")
    func reading() throws {
        let text = try PrometheusText(Self.sample)
        #expect(text.sum("sent_total") == 15)
        #expect(text.sums("sent_total", by: "type") == ["report": 12, "sup\"er\\vise\n": 3])
        #expect(text.sum("up") == 1)
        #expect(text.sum("absent") == 0)
        #expect(text.histogram("wait_seconds").count == 40)
        #expect(text.histogram("absent").count == 0)
    }

    @Test(
        "a line of another form is named",
        arguments: ["sent_total", "{a=\"b\"} 1", "sent{a=\"b} 1", "sent{a} 1", "sent x"]
    )
    func malformed(line: String) {
        let error = #expect(throws: BenchmarkError.self) { try PrometheusText("up 1\n\(line)\n") }
        #expect(error?.description.contains("line 2 ") == true)
    }
}

@Suite struct PrometheusHistogramTests {
    private let before = PrometheusHistogram(cumulative: [0.1: 10, 0.5: 30, .infinity: 40])

    @Test("quantiles are interpolated in their bucket")
    func interpolation() throws {
        #expect(try #require(before.quantile(0.25)) == .init(value: 0.1, isLowerBound: false))
        #expect(abs(try #require(before.quantile(0.5)).value - 0.3) < 1e-12)
        #expect(abs(try #require(before.quantile(0.125)).value - 0.05) < 1e-12)
    }

    @Test("beyond the last bucket only a lower bound is known")
    func beyond() {
        #expect(before.quantile(0.99) == .init(value: 0.5, isLowerBound: true))
    }

    @Test("the difference of two looks holds what came between, and two processes add up")
    func arithmetic() throws {
        let after = PrometheusHistogram(cumulative: [0.1: 10, 0.5: 130, .infinity: 140])
        let between = after.since(before)
        #expect(between.count == 100)
        #expect(abs(try #require(between.quantile(0.5)).value - 0.3) < 1e-12)
        #expect(between.adding(before) == after)
        #expect(after.since(PrometheusHistogram()) == after)
        #expect(after.since(after).quantile(0.5) == nil)
    }
}
