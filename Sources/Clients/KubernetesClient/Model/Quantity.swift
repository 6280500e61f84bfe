/// A resource quantity such as `250m`, `1.5Gi` or `2e3`, read exactly.
///
/// Suffixes: `n u m` (fractions), none, `k M G T P E` (powers of 1000), `Ki Mi Gi Ti Pi Ei` (powers of 1024), or a
/// decimal exponent. Source of the rules: the Kubernetes API conventions on quantities.
package struct Quantity: Hashable, Sendable {
    private var digits: Int128
    private var decimalExponent: Int
    private var binaryExponent: Int

    /// Parses a quantity; `nil` if the text is not one.
    package init?(_ text: String) {
        var mantissa: Int128 = 0
        var exponent = 0
        var digitCount = 0
        var isFraction = false
        var rest = Substring(text)
        let isNegative = rest.first == "-"
        if isNegative || rest.first == "+" { rest.removeFirst() }
        while let character = rest.first {
            if character == ".", !isFraction {
                isFraction = true
            } else if character.isASCII, let digit = character.wholeNumberValue {
                digitCount += 1
                guard digitCount <= 30 else { return nil }
                mantissa = mantissa * 10 + Int128(digit)
                if isFraction { exponent -= 1 }
            } else {
                break
            }
            rest.removeFirst()
        }
        guard digitCount > 0, let scale = Self.scale(suffix: rest) else { return nil }
        digits = isNegative ? -mantissa : mantissa
        decimalExponent = exponent + scale.decimal
        binaryExponent = scale.binary
    }

    /// Thousandths, for CPU: `1.5` is 1500 millicores. Rounded up; `nil` if it does not fit.
    package var millicores: Int? { scaled(byPowerOfTen: 3) }

    /// Whole units, for memory: `1Ki` is 1024 bytes. Rounded up; `nil` if it does not fit.
    package var bytes: Int? { scaled(byPowerOfTen: 0) }

    /// The millicores of a CPU quantity's text; `nil` if it is not a quantity or does not fit.
    package static func millicores(_ text: String) -> Int? { Quantity(text)?.millicores }

    /// The bytes of a memory quantity's text; `nil` if it is not a quantity or does not fit.
    package static func bytes(_ text: String) -> Int? { Quantity(text)?.bytes }

    private static func scale(suffix: Substring) -> (decimal: Int, binary: Int)? {
        switch suffix {
        case "n": return (-9, 0)
        case "u": return (-6, 0)
        case "m": return (-3, 0)
        case "": return (0, 0)
        case "k": return (3, 0)
        case "M": return (6, 0)
        case "G": return (9, 0)
        case "T": return (12, 0)
        case "P": return (15, 0)
        case "E": return (18, 0)
        case "Ki": return (0, 10)
        case "Mi": return (0, 20)
        case "Gi": return (0, 30)
        case "Ti": return (0, 40)
        case "Pi": return (0, 50)
        case "Ei": return (0, 60)
        default:
            guard suffix.first == "e" || suffix.first == "E", let exponent = Int(suffix.dropFirst()),
                (-30...30).contains(exponent)
            else { return nil }
            return (exponent, 0)
        }
    }

    private func scaled(byPowerOfTen power: Int) -> Int? {
        var value = digits
        for _ in 0..<binaryExponent {
            let (product, overflow) = value.multipliedReportingOverflow(by: 2)
            guard !overflow else { return nil }
            value = product
        }
        let exponent = decimalExponent + power
        for _ in 0..<max(0, exponent) {
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            guard !overflow else { return nil }
            value = product
        }
        var divisor: Int128 = 1
        for _ in 0..<max(0, -exponent) {
            // A divisor beyond the range leaves less than one unit of any value that fits.
            guard divisor <= Int128.max / 10 else { return value > 0 ? 1 : 0 }
            divisor *= 10
        }
        let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
        return Int(exactly: remainder > 0 ? quotient + 1 : quotient)
    }
}
