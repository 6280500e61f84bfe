/// Durations in whole seconds as people write them: `90s`, `10m`, `2h`, `1d`, and sums of them such as `1h30m`.
package enum DurationText {
    private static let units: [(letter: Character, seconds: Int)] = [("d", 86_400), ("h", 3600), ("m", 60), ("s", 1)]

    /// The seconds; `nil` if the text is anything else. Units stand in descending order, each at most once.
    package static func seconds(_ text: String) -> Int? {
        var rest = Substring(text)
        var remaining = units[...]
        var total = 0
        guard !rest.isEmpty else { return nil }
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isASCII && $0.isNumber }
            guard !digits.isEmpty, digits.count <= 9, let count = Int(digits),
                let letter = rest.dropFirst(digits.count).first,
                let position = remaining.firstIndex(where: { $0.letter == letter })
            else { return nil }
            total += count * remaining[position].seconds
            remaining = remaining[(position + 1)...]
            rest = rest.dropFirst(digits.count + 1)
        }
        return total
    }

    /// The shortest such text, `1h30m` for 5400; `0s` for zero and less.
    package static func text(seconds: Int) -> String {
        var rest = seconds
        var text = ""
        for unit in units where rest >= unit.seconds {
            text += "\(rest / unit.seconds)\(unit.letter)"
            rest %= unit.seconds
        }
        return text.isEmpty ? "0s" : text
    }
}
