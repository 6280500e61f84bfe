import Benchmark
import Testing

@Suite struct SamplesTests {
    @Test(
        "a quantile is the value at its rank",
        arguments: [(0.5, 50.0), (0.99, 99), (1, 100), (0.001, 1), (0.07, 7), (0.071, 8)]
    )
    func ranks(share: Double, expected: Double) {
        #expect(Samples((1...100).map(Double.init).shuffled()).quantile(share) == expected)
    }

    @Test("one value is every quantile, and no values have none")
    func few() {
        #expect(Samples([3]).quantile(0.01) == 3)
        #expect(Samples([3]).quantile(1) == 3)
        #expect(Samples([]).quantile(0.5) == nil)
        #expect(Samples([]).maximum == nil)
    }
}
