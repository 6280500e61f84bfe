import Observability
import Testing

@Suite struct MetricsRegistryTests {
    @Test("each kind is written in Prometheus' text format")
    func exposition() {
        let metrics = MetricsRegistry()
        metrics.counter("slipway_runs_admitted_total", help: "Runs admitted.", labels: ["cluster": "east"]).increment(
            by: 2
        )
        metrics.counter("slipway_runs_admitted_total", help: "Runs admitted.", labels: ["cluster": "a\"b\\c\nd"])
            .increment()
        metrics.gauge("slipway_queue_depth", help: "Waiting.\nNow.").set(1.5)
        metrics.observedGauge("slipway_absent", help: "Nothing to see.") { nil }
        let histogram = metrics.histogram(
            "slipway_claim_seconds",
            help: "Claims.",
            labels: ["kind": "x"],
            buckets: HistogramBuckets([0.1, 1])
        )
        for value in [0.05, 0.1, 0.5, 7] { histogram.observe(value) }
        #expect(
            metrics.exposition() == #"""
                # HELP slipway_absent Nothing to see.
                # TYPE slipway_absent gauge
                # HELP slipway_claim_seconds Claims.
                # TYPE slipway_claim_seconds histogram
                slipway_claim_seconds_bucket{kind="x",le="0.1"} 2
                slipway_claim_seconds_bucket{kind="x",le="1"} 3
                slipway_claim_seconds_bucket{kind="x",le="+Inf"} 4
                slipway_claim_seconds_sum{kind="x"} 7.65
                slipway_claim_seconds_count{kind="x"} 4
                # HELP slipway_metrics_dropped_series_total Label combinations refused because their metric had too many.
                # TYPE slipway_metrics_dropped_series_total counter
                slipway_metrics_dropped_series_total 0
                # HELP slipway_queue_depth Waiting.\nNow.
                # TYPE slipway_queue_depth gauge
                slipway_queue_depth 1.5
                # HELP slipway_runs_admitted_total Runs admitted.
                # TYPE slipway_runs_admitted_total counter
                slipway_runs_admitted_total{cluster="a\"b\\c\nd"} 1
                slipway_runs_admitted_total{cluster="east"} 2

                """#
        )
    }

    @Test("the same name and labels give the same instrument, in any order of labels")
    func sameInstrument() {
        let metrics = MetricsRegistry()
        let first = metrics.counter("slipway_x_total", help: "", labels: ["a": "1", "b": "2"])
        let second = metrics.counter("slipway_x_total", help: "", labels: ["b": "2", "a": "1"])
        first.increment()
        #expect(second === first)
        #expect(second.value == 1)
    }

    @Test("updates from many tasks are all counted")
    func concurrency() async {
        let metrics = MetricsRegistry()
        let counter = metrics.counter("slipway_x_total", help: "")
        let histogram = metrics.histogram("slipway_x_seconds", help: "")
        let gauge = metrics.gauge("slipway_x", help: "")
        await withTaskGroup { group in
            for _ in 0..<8 {
                group.addTask {
                    for _ in 0..<10_000 {
                        counter.increment()
                        histogram.observe(0.01)
                        gauge.increment()
                        gauge.decrement()
                    }
                }
            }
        }
        #expect(counter.value == 80_000)
        #expect(histogram.count == 80_000)
        #expect(gauge.value == 0)
    }

    @Test("label combinations are bounded, and what is refused is counted")
    func bounded() {
        var limits = MetricsRegistry.Limits()
        limits.seriesPerMetric = 2
        let metrics = MetricsRegistry(limits: limits)
        for index in 0..<5 {
            metrics.gauge("slipway_x", help: "", labels: ["index": "\(index)"]).set(1)
        }
        let text = metrics.exposition()
        #expect(text.contains("slipway_metrics_dropped_series_total 3"))
        #expect(text.contains("index=\"1\"") && !text.contains("index=\"2\""))
        metrics.remove("slipway_x", labels: ["index": "0"])
        metrics.gauge("slipway_x", help: "", labels: ["index": "9"]).set(1)
        #expect(metrics.exposition().contains("index=\"9\""))
    }

    @Test("durations are measured, also when the work throws")
    func measuring() async throws {
        struct Failure: Error {}
        let histogram = MetricsRegistry().histogram("slipway_x_seconds", help: "")
        let seven = await histogram.measure { 7 }
        #expect(seven == 7)
        await #expect(throws: Failure.self) { try await histogram.measure { throw Failure() } }
        #expect(histogram.count == 2)
        histogram.observe(.nan)
        #expect(histogram.count == 2)
    }

    @Test("the process is described")
    func process() throws {
        let metrics = MetricsRegistry()
        metrics.observeProcess(version: "9.9")
        let text = metrics.exposition()
        func value(_ name: String) throws -> Double {
            let line = try #require(text.split(separator: "\n").first { $0.hasPrefix("\(name) ") })
            return try #require(Double(line.dropFirst(name.count + 1)))
        }
        #expect(text.contains("slipway_build_info{version=\"9.9\"} 1"))
        #expect(try value("process_cpu_seconds_total") > 0)
        #expect(try value("process_resident_memory_bytes") > 1_000_000)
        #expect(try (3..<10_000).contains(value("process_open_fds")))
        #expect(try value("process_max_fds") >= value("process_open_fds"))
        #expect(try value("process_start_time_seconds") > 1_600_000_000)
    }
}
