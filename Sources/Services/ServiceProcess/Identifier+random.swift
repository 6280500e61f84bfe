internal import RunStore
package import SlipwayCore

extension Identifier {
    /// A new identifier from this machine's clock and random source.
    package static func random() -> Identifier {
        Identifier(
            millisecondsSince1970: UInt64(clamping: Timestamp.now.microsecondsSince1970 / 1000),
            randomHigh: .random(in: 0 ... .max),
            randomLow: .random(in: 0 ... .max)
        )
    }
}
