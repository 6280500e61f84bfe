import FoundationEssentials
import Testing

@testable import KubernetesClient

/// Measures, and asserts nothing about time: set `SLIPWAY_TEST_SPEED` and build for release to get figures.
@Suite(
    "Decoding speed",
    .enabled(if: ProcessInfo.processInfo.environment["SLIPWAY_TEST_SPEED"] != nil, "SLIPWAY_TEST_SPEED is not set")
)
struct DecodingSpeedTests {
    @Test("A watch of pods of about 4 KB")
    func watch() throws {
        let line = Array(eventJSON("MODIFIED", PodDocuments.completedWithSidecar).utf8)
        let count = 2000
        let stream = Array(repeatElement(line, count: count).joined())
        try measure(PodSnapshot.self, stream, count)
        try measure(Pod.self, stream, count)
    }

    private func measure<Resource: KubernetesResource>(
        _ type: Resource.Type,
        _ stream: [UInt8],
        _ count: Int
    ) throws {
        var session = WatchSession<Resource>()
        var splitter = LineSplitter(maximumLineBytes: 1 << 20)
        let decoder = JSONDecoder()
        var told = 0
        let start = ContinuousClock.now
        splitter.append(stream)
        while let (events, ending) = session.read(&splitter, decoder, upTo: 512) {
            try #require(ending == nil)
            told += events.count
        }
        let microseconds = (ContinuousClock.now - start) / .microseconds(1) / Double(count)
        #expect(told == count)
        print("\(type): \(stream.count / count) bytes, \(microseconds) µs an event")
    }
}
