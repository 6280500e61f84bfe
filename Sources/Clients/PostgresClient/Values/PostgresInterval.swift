/// An `interval`: months, days and time are kept apart, since their lengths vary.
package struct PostgresInterval: Sendable, Hashable {
    package let months: Int32
    package let days: Int32
    package let microseconds: Int64

    package init(months: Int32 = 0, days: Int32 = 0, microseconds: Int64 = 0) {
        self.months = months
        self.days = days
        self.microseconds = microseconds
    }

    /// A span of time alone, cut to microseconds; spans beyond 292 000 years become that.
    package init(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        let (whole, overflows) = seconds.multipliedReportingOverflow(by: 1_000_000)
        let (sum, overflowsToo) = whole.addingReportingOverflow(attoseconds / 1_000_000_000_000)
        let limit: Int64 = seconds < 0 ? .min : .max
        self.init(microseconds: overflows || overflowsToo ? limit : sum)
    }
}

extension PostgresInterval: PostgresCodable {
    package static var postgresType: PostgresType { .interval }

    package func encode(into bytes: inout [UInt8]) -> Bool {
        microseconds.appendBigEndian(to: &bytes)
        days.appendBigEndian(to: &bytes)
        months.appendBigEndian(to: &bytes)
        return true
    }

    package init(from field: PostgresField) throws(PostgresError) {
        let bytes = try field.bytes
        guard field.type == PostgresType.interval.oid, bytes.count == 16 else {
            throw field.mismatch(PostgresInterval.self)
        }
        self.init(
            months: Int32(bigEndianBytes: bytes.dropFirst(12)),
            days: Int32(bigEndianBytes: bytes.dropFirst(8).prefix(4)),
            microseconds: Int64(bigEndianBytes: bytes.prefix(8))
        )
    }
}
