/// A label selector as the query parameter `labelSelector` writes it: `a=b,c!=d,e in (f,g),h notin (i),j,!k`.
package struct LabelSelector: Sendable, Hashable {
    package enum Requirement: Sendable, Hashable {
        case isIn(String, Set<String>)
        case isNotIn(String, Set<String>)
        case exists(String)
        case doesNotExist(String)
    }

    package var requirements: [Requirement]

    package static let everything = LabelSelector(requirements: [])

    package init(requirements: [Requirement]) { self.requirements = requirements }

    package var isEverything: Bool { requirements.isEmpty }

    /// Whether an object's `metadata.labels` fulfil every requirement.
    package func matches(_ labels: JSONValue?) -> Bool {
        requirements.allSatisfy { requirement in
            switch requirement {
            case .isIn(let key, let values): labels?[key]?.text.map(values.contains) ?? false
            case .isNotIn(let key, let values): !(labels?[key]?.text.map(values.contains) ?? false)
            case .exists(let key): labels?[key] != nil
            case .doesNotExist(let key): labels?[key] == nil
            }
        }
    }

    /// - Throws: `APIError` 400 that quotes the part not understood.
    package init(parsing text: String) throws(APIError) {
        requirements = []
        for part in Self.parts(text) {
            requirements.append(try Self.requirement(part))
        }
    }

    /// Splits at commas outside parentheses.
    private static func parts(_ text: String) -> [String] {
        var parts: [String] = []
        var current = ""
        var depth = 0
        for character in text {
            if character == "(" { depth += 1 }
            if character == ")" { depth -= 1 }
            if character == ",", depth == 0 {
                parts.append(current)
                current = ""
            } else {
                current.append(character)
            }
        }
        parts.append(current)
        return parts.map(\.trimmed).filter { !$0.isEmpty }
    }

    private static func requirement(_ part: String) throws(APIError) -> Requirement {
        if part.hasPrefix("!") { return .doesNotExist(try key(part.dropFirst(), in: part)) }
        for (symbol, isNegative) in [("!=", true), ("==", false), ("=", false)] {
            guard let (left, right) = part.splitOnce(symbol) else { continue }
            let key = try key(left, in: part)
            if let problem = ObjectName.problem(labelValue: right.trimmed) { throw unreadable(part, problem) }
            return isNegative ? .isNotIn(key, [right.trimmed]) : .isIn(key, [right.trimmed])
        }
        for (word, isNegative) in [(" notin ", true), (" in ", false), (" notin(", true), (" in(", false)] {
            guard let (left, right) = part.splitOnce(word) else { continue }
            let list = (word.hasSuffix("(") ? "(" + right : String(right)).trimmed
            guard list.hasPrefix("("), list.hasSuffix(")") else {
                throw unreadable(part, "expected a list in parentheses")
            }
            let values = list.dropFirst().dropLast().split(separator: ",", omittingEmptySubsequences: false).map(
                \.trimmed
            )
            let key = try key(left, in: part)
            return isNegative ? .isNotIn(key, Set(values)) : .isIn(key, Set(values))
        }
        return .exists(try key(part[...], in: part))
    }

    private static func key(_ text: Substring, in part: String) throws(APIError) -> String {
        let key = text.trimmed
        if let problem = ObjectName.problem(qualifiedName: key) { throw unreadable(part, problem) }
        return key
    }

    private static func unreadable(_ part: String, _ problem: String) -> APIError {
        .badRequest("unable to parse requirement \"\(part)\" of the label selector: \(problem)")
    }
}

extension StringProtocol {
    /// Without the spaces around it.
    var trimmed: String {
        var text = Substring(self)
        while text.first?.isWhitespace == true { text.removeFirst() }
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text)
    }

    /// What stands before and after the first occurrence of a text.
    func splitOnce(_ separator: String) -> (Substring, Substring)? {
        let text = Substring(self)
        var index = text.startIndex
        while index < text.endIndex {
            if text[index...].hasPrefix(separator) {
                return (text[..<index], text[text.index(index, offsetBy: separator.count)...])
            }
            index = text.index(after: index)
        }
        return nil
    }
}
