/// Kubernetes quantities of CPU and memory, as far as a job needs them: `100m`, `1.5`, `512Mi`, `2G`.
package enum ResourceQuantity {
    private static let memoryUnits: [String: Int64] = [
        "": 1, "k": 1000, "M": 1_000_000, "G": 1_000_000_000, "T": 1_000_000_000_000,
        "Ki": 1 << 10, "Mi": 1 << 20, "Gi": 1 << 30, "Ti": 1 << 40,
    ]

    /// Thousandths of a core; `nil` if the text is no CPU quantity or is finer than a thousandth.
    package static func millicores(_ text: String) -> Int? {
        let (number, suffix) = split(text)
        switch suffix {
        case "": return scaled(number, by: 1000)
        case "m": return scaled(number, by: 1)
        default: return nil
        }
    }

    /// Bytes; `nil` if the text is no memory quantity or not a whole number of bytes.
    package static func bytes(_ text: String) -> Int? {
        let (number, suffix) = split(text)
        guard let unit = memoryUnits[String(suffix)] else { return nil }
        return scaled(number, by: unit)
    }

    private static func split(_ text: String) -> (number: Substring, suffix: Substring) {
        let number = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        return (number, text[number.endIndex...])
    }

    /// The exact product of a decimal number and a unit, if it is whole and not absurdly long.
    private static func scaled(_ number: Substring, by unit: Int64) -> Int? {
        let parts = number.split(separator: ".", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), parts.allSatisfy({ !$0.isEmpty && $0.count <= 15 }) else { return nil }
        let fraction = parts.count == 2 ? parts[1] : ""
        guard let digits = Int128(parts[0] + fraction) else { return nil }
        let divisor = fraction.reduce(Int128(1)) { power, _ in power * 10 }
        let (quotient, remainder) = (digits * Int128(unit)).quotientAndRemainder(dividingBy: divisor)
        return remainder == 0 ? Int(exactly: quotient) : nil
    }
}
