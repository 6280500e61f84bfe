/// An amount of memory or disk, written as `64MiB`, `1.5GiB` or `10MB`; a bare number is bytes.
package struct ByteSize: Hashable, Comparable, Sendable {
    package let bytes: Int

    package init(bytes: Int) { self.bytes = bytes }

    package static func kibibytes(_ count: Int) -> ByteSize { ByteSize(bytes: count << 10) }
    package static func mebibytes(_ count: Int) -> ByteSize { ByteSize(bytes: count << 20) }
    package static func gibibytes(_ count: Int) -> ByteSize { ByteSize(bytes: count << 30) }

    package static func < (left: ByteSize, right: ByteSize) -> Bool { left.bytes < right.bytes }
}

extension ByteSize: SettingValue {
    package static var settingForm: String { "a size such as 512KiB, 64MiB or 2GiB" }

    /// Largest first within each family; the binary family is what sizes are written back in.
    private static let binaryUnits: [(name: String, bytes: Int)] = [
        ("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1),
    ]
    private static let otherUnits: [(name: String, bytes: Int)] = [
        ("", 1), ("KB", 1000), ("kB", 1000), ("MB", 1_000_000), ("GB", 1_000_000_000), ("TB", 1_000_000_000_000),
        ("Ki", 1 << 10), ("Mi", 1 << 20), ("Gi", 1 << 30), ("Ti", 1 << 40),
    ]

    package init?(settingText: String) {
        let digits = settingText.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        let suffix = String(settingText.dropFirst(digits.count)).trimmed
        guard let unit = (Self.binaryUnits + Self.otherUnits).first(where: { $0.name == suffix }) else { return nil }
        if let count = Int(digits) {
            let (product, overflows) = count.multipliedReportingOverflow(by: unit.bytes)
            guard !overflows else { return nil }
            bytes = product
        } else {
            guard let count = Double(digits), let whole = Int(exactly: (count * Double(unit.bytes)).rounded()) else {
                return nil
            }
            bytes = whole
        }
    }

    package var settingText: String {
        let unit = Self.binaryUnits.first { bytes >= $0.bytes && bytes.isMultiple(of: $0.bytes) }
        guard let unit else { return "\(bytes)B" }
        return "\(bytes / unit.bytes)\(unit.name)"
    }
}
