internal import FoundationEssentials
package import SlipwayCore

extension Timestamp {
    /// The time by this machine's clock.
    package static var now: Timestamp {
        Timestamp(microsecondsSince1970: Int64(Date().timeIntervalSince1970 * 1_000_000))
    }
}

extension TimeSource {
    /// This machine's.
    package static let system = TimeSource(
        instant: { ContinuousClock.now },
        now: { Timestamp.now },
        sleep: { try await Task.sleep(for: $0) },
        random: { Double.random(in: 0..<1) }
    )
}
