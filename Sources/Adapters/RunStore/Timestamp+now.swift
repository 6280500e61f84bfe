internal import FoundationEssentials
package import SlipwayCore

extension Timestamp {
    /// The time by this machine's clock.
    package static var now: Timestamp {
        Timestamp(microsecondsSince1970: Int64(Date().timeIntervalSince1970 * 1_000_000))
    }
}
