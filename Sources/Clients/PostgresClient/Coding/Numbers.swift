extension Int: PostgresCodable {
    package static var postgresType: PostgresType { .int8 }

    package func encode(into bytes: inout [UInt8]) -> Bool { Int64(self).encode(into: &bytes) }

    package init(from field: PostgresField) throws(PostgresError) { self = try WholeNumber.decode(field) }
}

extension Int64: PostgresCodable {
    package static var postgresType: PostgresType { .int8 }

    package func encode(into bytes: inout [UInt8]) -> Bool {
        appendBigEndian(to: &bytes)
        return true
    }

    package init(from field: PostgresField) throws(PostgresError) { self = try WholeNumber.decode(field) }
}

extension Int32: PostgresCodable {
    package static var postgresType: PostgresType { .int4 }

    package func encode(into bytes: inout [UInt8]) -> Bool {
        appendBigEndian(to: &bytes)
        return true
    }

    package init(from field: PostgresField) throws(PostgresError) { self = try WholeNumber.decode(field) }
}

extension Int16: PostgresCodable {
    package static var postgresType: PostgresType { .int2 }

    package func encode(into bytes: inout [UInt8]) -> Bool {
        appendBigEndian(to: &bytes)
        return true
    }

    package init(from field: PostgresField) throws(PostgresError) { self = try WholeNumber.decode(field) }
}

extension Double: PostgresCodable {
    package static var postgresType: PostgresType { .float8 }

    package func encode(into bytes: inout [UInt8]) -> Bool {
        bitPattern.appendBigEndian(to: &bytes)
        return true
    }

    /// Reads `double precision`, `real`, and `numeric` rounded to the nearest double.
    package init(from field: PostgresField) throws(PostgresError) {
        switch field.type {
        case PostgresType.float8.oid: self.init(bitPattern: try field.fixedWidth(UInt64.self))
        case PostgresType.float4.oid: self.init(Float(bitPattern: try field.fixedWidth(UInt32.self)))
        case PostgresType.numeric.oid: self = try Numeric(field).double
        default: throw field.mismatch(Double.self)
        }
    }
}

extension Float: PostgresCodable {
    package static var postgresType: PostgresType { .float4 }

    package func encode(into bytes: inout [UInt8]) -> Bool {
        bitPattern.appendBigEndian(to: &bytes)
        return true
    }

    package init(from field: PostgresField) throws(PostgresError) {
        guard field.type == PostgresType.float4.oid else { throw field.mismatch(Float.self) }
        self.init(bitPattern: try field.fixedWidth(UInt32.self))
    }
}

extension Bool: PostgresCodable {
    package static var postgresType: PostgresType { .bool }

    package func encode(into bytes: inout [UInt8]) -> Bool {
        bytes.append(self ? 1 : 0)
        return true
    }

    package init(from field: PostgresField) throws(PostgresError) {
        guard field.type == PostgresType.bool.oid else { throw field.mismatch(Bool.self) }
        self = try field.fixedWidth(UInt8.self) != 0
    }
}

/// Reading whole numbers of any width into any width that holds them.
enum WholeNumber {
    /// The type of object identifiers, an unsigned number.
    private static let oid: UInt32 = 26

    static func decode<Number: FixedWidthInteger>(_ field: PostgresField) throws(PostgresError) -> Number {
        let value: Int64
        switch field.type {
        case PostgresType.int8.oid: value = try field.fixedWidth(Int64.self)
        case PostgresType.int4.oid: value = Int64(try field.fixedWidth(Int32.self))
        case PostgresType.int2.oid: value = Int64(try field.fixedWidth(Int16.self))
        case oid: value = Int64(try field.fixedWidth(UInt32.self))
        case PostgresType.numeric.oid: value = try Numeric(field).wholeNumber(field)
        default: throw field.mismatch(Number.self)
        }
        guard let number = Number(exactly: value) else {
            throw field.error("holds a number too large for \(Number.self)")
        }
        return number
    }
}

/// A `numeric` as it comes over the wire: digits to the base 10 000 and the weight of the first.
///
/// Sums of `bigint` and `extract(…)` are numeric, so numbers are read from it; nothing is sent as one.
private struct Numeric {
    private enum Sign: UInt16 {
        case positive = 0x0000
        case negative = 0x4000
        case notANumber = 0xC000
        case infinity = 0xD000
        case negativeInfinity = 0xF000
    }

    private let sign: Sign
    /// The power of 10 000 of the first digit.
    private let weight: Int
    private let digits: [Int]

    init(_ field: PostgresField) throws(PostgresError) {
        let bytes = try field.bytes
        func word(_ index: Int) -> UInt16 {
            UInt16(bigEndianBytes: bytes.dropFirst(2 * index).prefix(2))
        }
        guard bytes.count >= 8, bytes.count == 8 + 2 * Int(word(0)), let sign = Sign(rawValue: word(2)) else {
            throw field.mismatch(Double.self)
        }
        self.sign = sign
        weight = Int(Int16(bitPattern: word(1)))
        digits = (0..<Int(word(0))).map { Int(word(4 + $0)) }
    }

    var double: Double {
        switch sign {
        case .notANumber: return .nan
        case .infinity: return .infinity
        case .negativeInfinity: return -.infinity
        case .positive, .negative: break
        }
        var text = sign == .negative ? "-0" : "0"
        for digit in digits {
            let padded = String(digit)
            text += String(repeating: "0", count: 4 - padded.count) + padded
        }
        // The standard library rounds a decimal text correctly, which multiplying digit by digit would not.
        return Double("\(text)e\(4 * (weight - digits.count + 1))") ?? .nan
    }

    func wholeNumber(_ field: PostgresField) throws(PostgresError) -> Int64 {
        guard sign == .positive || sign == .negative, digits.dropFirst(max(0, weight + 1)).allSatisfy({ $0 == 0 })
        else {
            throw field.error("holds a number with a fraction")
        }
        var value: Int64 = 0
        for place in 0..<max(0, weight + 1) {
            let digit = Int64(place < digits.count ? digits[place] : 0)
            let (product, overflows) = value.multipliedReportingOverflow(by: 10_000)
            let (sum, overflowsToo) = product.subtractingReportingOverflow(digit)
            guard !overflows, !overflowsToo else { throw field.error("holds a number too large for a whole number") }
            value = sum
        }
        // Counted downwards, since the least number has no positive counterpart.
        guard sign == .positive else { return value }
        guard value != .min else { throw field.error("holds a number too large for a whole number") }
        return -value
    }
}
