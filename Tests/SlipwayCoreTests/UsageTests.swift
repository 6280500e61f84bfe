import Testing

@testable import SlipwayCore

@Suite struct UsageTests {
    private static func series(_ count: Int, everySeconds: Int = 15) -> [UsagePoint] {
        (0..<count).map { index in
            UsagePoint(
                at: Timestamp(microsecondsSince1970: Int64(index * everySeconds) * 1_000_000),
                millicores: index % 7 * 100,
                memoryBytes: index == count / 3 ? 9000 : 1000 + index
            )
        }
    }

    @Test("a thinned series has no more points than asked for, keeps its end, its order and its peak of memory")
    func thinning() {
        for count in [1, 2, 3, 10, 719, 720, 721, 5000] {
            for limit in [1, 2, 7, 360, 720] {
                let points = Self.series(count)
                let thinned = UsageSeries.thinned(points, to: limit)
                #expect(thinned.count <= limit && !thinned.isEmpty, "\(count) to \(limit)")
                #expect(thinned.last?.at == points.last?.at)
                #expect(thinned.map(\.at) == thinned.map(\.at).sorted())
                #expect(thinned.map(\.memoryBytes).max() == points.map(\.memoryBytes).max())
                if count <= limit { #expect(thinned == points) }
            }
        }
        #expect(UsageSeries.thinned(Self.series(10), to: 0).isEmpty)
        #expect(UsageSeries.thinned([], to: 5).isEmpty)
    }

    @Test("a series that is thinned again and again stays evenly spread over its whole time")
    func evenness() throws {
        var points: [UsagePoint] = []
        for point in Self.series(20_000) {
            points.append(point)
            if points.count >= 720 { points = UsageSeries.thinned(points, to: 360) }
        }
        let first = try #require(points.first).at
        let span = try #require(points.last).at - first
        // The older half of the time still has its share of the points.
        #expect(points.filter { $0.at - first < span / 2 }.count > 100)
        let gaps = zip(points, points.dropFirst()).map { $1.at - $0.at }
        #expect(try #require(gaps.max()) < span / 50)
    }

    @Test("equal moments fall into one point with the average of the processor")
    func average() {
        let at = Timestamp(microsecondsSince1970: 5)
        let points = [100, 201].map { UsagePoint(at: at, millicores: $0, memoryBytes: $0) }
        #expect(UsageSeries.thinned(points, to: 1) == [UsagePoint(at: at, millicores: 151, memoryBytes: 201)])
    }

    // MARK: Cost

    private static let stays: [(state: RunState, seconds: Double)] = [
        (.pending, 5), (.ready, 5), (.starting, 100), (.creatingRunner, 600), (.ready, 50), (.starting, 50),
        (.creatingSail, 600), (.waitingForSail, 600), (.creatingRunner, 600), (.running, 1000), (.cancelling, 200),
        (.cancelled, 0),
    ]

    @Test("a node keeps room from its assignment to the end, in every placement")
    func reservedTime() {
        #expect(RunCost.reservedSeconds(Self.stays) == 3600)
        #expect(RunCost.reservedSeconds([(.pending, 9), (.starting, 9), (.cancelling, 9)]) == 0)
        #expect(RunCost.reservedSeconds([]) == 0)
    }

    @Test("the cost is requests times time, and beside it what was used")
    func cost() throws {
        let prices = try #require(ResourcePrices(cpuHour: 0.04, memoryGiBHour: 0.005, currency: "EUR"))
        let resources = JobSpec.PodResources(
            runner: .init(cpuMillicores: 500, memoryBytes: 1 << 30),
            sail: .init(cpuMillicores: 1500, memoryBytes: 3 << 30)
        )
        let task = TaskSpec(name: "only", action: .command(["true"]))
        let withSail = JobSpec(name: "a", resources: resources, tasks: [task])
        let alone = JobSpec(name: "a", engine: .none, resources: resources, tasks: [task])
        let usage = UsageSummary(
            container: "runner",
            samples: 4,
            firstAt: Timestamp(microsecondsSince1970: 0),
            lastAt: Timestamp(microsecondsSince1970: 60_000_000),
            coveredSeconds: 1800,
            cpuSeconds: 900,
            peakMillicores: 700,
            averageMemoryBytes: 1 << 29,
            peakMemoryBytes: 1 << 30
        )
        #expect(usage.averageMillicores == 500)
        let cost = RunCost(withSail, stays: Self.stays, usage: [usage], prices: prices)
        #expect(abs(cost.reserved - (2 * 0.04 + 4 * 0.005)) < 1e-12 && cost.reservedSeconds == 3600)
        #expect(abs(try #require(cost.used) - (0.25 * 0.04 + 0.25 * 0.005)) < 1e-12)
        #expect(cost.currency == "EUR")
        let small = RunCost(alone, stays: Self.stays, usage: [], prices: prices)
        #expect(abs(small.reserved - (0.5 * 0.04 + 0.005)) < 1e-12 && small.used == nil)
        #expect(ResourcePrices(cpuHour: 0, memoryGiBHour: 0, currency: "EUR") == nil)
    }

    // MARK: CSV

    @Test(arguments: [
        (JSONValue.null, ""), (.string(""), "\"\""), (.string("a"), "a"), (.string("a,b"), "\"a,b\""),
        (.string("say \"x\""), "\"say \"\"x\"\"\""), (.string("a\nb"), "\"a\nb\""), (.string("a\r\nb"), "\"a\r\nb\""),
        (.string(" a "), " a "), (.integer(9_007_199_254_740_993), "9007199254740993"), (.number(0.5), "0.5"),
        (.bool(true), "true"), (.array([.integer(1), .string("x")]), "\"[1,\"\"x\"\"]\""),
        (.object(["a": .null]), "\"{\"\"a\"\":null}\""), (.string("日本"), "日本"),
    ])
    func fieldsOfCSV(value: JSONValue, text: String) { #expect(CSVText.field(value) == text) }

    @Test func recordsEndWithBothCharacters() {
        #expect(CSVText.record([.integer(1), .null, .string("x")]) == "1,,x\r\n")
    }
}
