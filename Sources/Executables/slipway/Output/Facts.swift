/// Named facts, one a line, the names aligned.
struct Facts {
    private var facts: [(title: String, value: String)] = []

    /// An empty value is left out.
    mutating func add(_ title: String, _ value: String) {
        if !value.isEmpty { facts.append((title, value)) }
    }

    var text: String {
        let width = facts.map(\.title.count).max() ?? 0
        return facts.map { title, value in
            let padding = String(repeating: " ", count: width - title.count)
            let lines = TextWidth.harmless(value).split(separator: "\n", omittingEmptySubsequences: false)
            let indent = "\n" + String(repeating: " ", count: width + 3)
            return "\(title): \(padding)\(lines.joined(separator: indent))"
        }.joined(separator: "\n")
    }
}
