/// A duration is written as numbers with units, largest first: `500ms`, `15s`, `1h30m`, `7d`; `0` needs no unit.
extension Duration: SettingValue {
    package static var settingForm: String { "a duration such as 500ms, 15s, 2m, 1h30m or 7d" }

    private static let unitsInMilliseconds: [(name: String, milliseconds: Int64)] = [
        ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1),
    ]

    package init?(settingText: String) {
        guard settingText != "0" else {
            self = .zero
            return
        }
        var rest = Substring(settingText)
        var milliseconds: Int64 = 0
        var smallestSoFar = Int64.max
        repeat {
            let digits = rest.prefix { $0.isASCII && $0.isNumber }
            rest = rest.dropFirst(digits.count)
            let letters = rest.prefix { $0.isLetter }
            rest = rest.dropFirst(letters.count)
            guard let number = Int64(digits),
                let unit = Self.unitsInMilliseconds.first(where: { $0.name == letters }),
                unit.milliseconds < smallestSoFar
            else { return nil }
            let (product, productOverflows) = number.multipliedReportingOverflow(by: unit.milliseconds)
            let (sum, sumOverflows) = milliseconds.addingReportingOverflow(product)
            guard !productOverflows, !sumOverflows else { return nil }
            milliseconds = sum
            smallestSoFar = unit.milliseconds
        } while !rest.isEmpty
        self = .milliseconds(milliseconds)
    }

    package var settingText: String {
        let (seconds, attoseconds) = components
        var left = seconds * 1000 + attoseconds / 1_000_000_000_000_000
        guard left > 0 else { return "0s" }
        var text = ""
        for unit in Self.unitsInMilliseconds where left >= unit.milliseconds {
            text += "\(left / unit.milliseconds)\(unit.name)"
            left %= unit.milliseconds
        }
        return text
    }
}
