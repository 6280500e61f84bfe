/// Figures as people read them, always with their unit.
package enum FigureText {
    /// `12.3 ms`, `1.84 s`, `215 s`: about three digits.
    package static func seconds(_ value: Double?) -> String {
        guard let value else { return "-" }
        if value < 0.000_999_5 { return "\(threeDigits(value * 1e6)) µs" }
        if value < 0.999_5 { return "\(threeDigits(value * 1000)) ms" }
        return "\(threeDigits(value)) s"
    }

    /// `312 /s`, `38.4k /s`.
    package static func rate(_ value: Double?) -> String {
        guard let value else { return "-" }
        return value < 9999.5 ? "\(threeDigits(value)) /s" : "\(threeDigits(value / 1000))k /s"
    }

    /// `26.4 MiB`.
    package static func bytes(_ value: Double?) -> String {
        guard let value else { return "-" }
        var amount = value
        var unit = "B"
        for larger in ["KiB", "MiB", "GiB", "TiB"] where amount >= 1024 {
            amount /= 1024
            unit = larger
        }
        return "\(threeDigits(amount)) \(unit)"
    }

    /// At least three digits if there are as many: `0.123`, `12.3`, `1234`.
    package static func threeDigits(_ value: Double) -> String {
        switch abs(value) {
        case ..<0.999_5: decimal(value, places: 3)
        case ..<9.995: decimal(value, places: 2)
        case ..<99.95: decimal(value, places: 1)
        default: decimal(value, places: 0)
        }
    }

    /// - Parameter places: after the point, 0 to 6.
    package static func decimal(_ value: Double, places: Int) -> String {
        guard value.isFinite, abs(value) < 1e12 else { return "\(value)" }
        let scale = (0..<places).reduce(1.0) { power, _ in power * 10 }
        let scaled = Int64((abs(value) * scale).rounded())
        let sign = value < 0 && scaled > 0 ? "-" : ""
        guard places > 0 else { return "\(sign)\(scaled)" }
        let fraction = String(scaled % Int64(scale))
        let zeros = String(repeating: "0", count: places - fraction.count)
        return "\(sign)\(scaled / Int64(scale)).\(zeros)\(fraction)"
    }

    /// Seconds from `2s`, `1.5s`, `250ms` or `10m`; `nil` for anything else.
    package static func parseSeconds(_ text: String) -> Double? {
        let units: [(name: String, seconds: Double)] = [("ms", 0.001), ("s", 1), ("m", 60), ("h", 3600)]
        let number = text.prefix { $0.isNumber || $0 == "." }
        guard let unit = units.first(where: { $0.name == text.dropFirst(number.count) }), let value = Double(number),
            value > 0
        else { return nil }
        return value * unit.seconds
    }
}

extension Duration {
    package var inSeconds: Double { self / .seconds(1) }
}
