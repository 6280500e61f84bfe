/// A Kubernetes quantity (`500m`, `2`, `1Gi`, `1e3`) in thousandths, saturating at the ends of its range.
package struct Quantity: Sendable, Hashable {
    package let thousandths: Int64

    package init(thousandths: Int64) { self.thousandths = thousandths }

    package static let zero = Quantity(thousandths: 0)

    /// - Returns: `nil` unless the text is a number with one of the suffixes `n u m k M G T P E Ki Mi Gi Ti Pi Ei`.
    package init?(_ text: String) {
        let digits = text.prefix { $0.isNumber || $0 == "." || $0 == "-" || $0 == "+" }
        guard !digits.isEmpty, let number = Double(digits) else { return nil }
        let suffix = text[digits.endIndex...]
        guard let factor = Self.factor(suffix) else { return nil }
        self.init(clamping: number * factor)
    }

    /// A text or a plain number.
    package init?(_ value: JSONValue) {
        switch value {
        case .string(let text): self.init(text)
        case .integer(let integer): self.init(clamping: Double(integer) * 1000)
        case .number(let number): self.init(clamping: number * 1000)
        default: return nil
        }
    }

    private init(clamping thousandths: Double) {
        // Rounded up, as Kubernetes does with what is finer than it keeps.
        let value = thousandths.rounded(.up)
        self.thousandths = value >= 9.2e18 ? .max : value <= -9.2e18 ? .min : Int64(value)
    }

    private static func factor(_ suffix: Substring) -> Double? {
        switch suffix {
        case "n": return 1e-6
        case "u": return 1e-3
        case "m": return 1
        case "": return 1e3
        case "k": return 1e6
        case "M": return 1e9
        case "G": return 1e12
        case "T": return 1e15
        case "P": return 1e18
        case "E": return 1e21
        case "Ki": return 1024e3
        case "Mi": return 1_048_576e3
        case "Gi": return 1_073_741_824e3
        case "Ti": return 1_099_511_627_776e3
        case "Pi": return 1_125_899_906_842_624e3
        case "Ei": return 1_152_921_504_606_846_976e3
        default:
            guard let exponent = suffix.dropFirst().isEmpty ? nil : Int(suffix.dropFirst()),
                suffix.first == "e" || suffix.first == "E", abs(exponent) < 19
            else { return nil }
            return (0..<abs(exponent)).reduce(1e3) { value, _ in exponent < 0 ? value / 10 : value * 10 }
        }
    }

    /// Whole units, rounded up: bytes for memory.
    package var units: Int64 { thousandths / 1000 + (thousandths % 1000 > 0 ? 1 : 0) }
}
