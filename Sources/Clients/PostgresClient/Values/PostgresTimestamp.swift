/// A `timestamptz`: a moment in microseconds since 1970 in UTC.
package struct PostgresTimestamp: Sendable, Hashable, Comparable {
    /// `Int64.max` and `Int64.min` stand for `infinity` and `-infinity`.
    package let microsecondsSince1970: Int64

    package init(microsecondsSince1970: Int64) {
        self.microsecondsSince1970 = microsecondsSince1970
    }

    package static let infinity = PostgresTimestamp(microsecondsSince1970: .max)
    package static let negativeInfinity = PostgresTimestamp(microsecondsSince1970: .min)

    package static func < (left: PostgresTimestamp, right: PostgresTimestamp) -> Bool {
        left.microsecondsSince1970 < right.microsecondsSince1970
    }

    /// The wire counts from 2000.
    private static let microsecondsTo2000: Int64 = 946_684_800_000_000
}

extension PostgresTimestamp: PostgresCodable {
    package static var postgresType: PostgresType { .timestamptz }

    package func encode(into bytes: inout [UInt8]) -> Bool {
        switch self {
        case .infinity: Int64.max.appendBigEndian(to: &bytes)
        case .negativeInfinity: Int64.min.appendBigEndian(to: &bytes)
        default:
            let (wire, overflows) = microsecondsSince1970.subtractingReportingOverflow(Self.microsecondsTo2000)
            (overflows ? Int64.min : wire).appendBigEndian(to: &bytes)
        }
        return true
    }

    package init(from field: PostgresField) throws(PostgresError) {
        guard field.type == PostgresType.timestamptz.oid else { throw field.mismatch(PostgresTimestamp.self) }
        let wire = try field.fixedWidth(Int64.self)
        guard wire != .max, wire != .min else {
            self.init(microsecondsSince1970: wire)
            return
        }
        let (moment, overflows) = wire.addingReportingOverflow(Self.microsecondsTo2000)
        guard !overflows else { throw field.error("holds a moment too far away") }
        self.init(microsecondsSince1970: moment)
    }
}
