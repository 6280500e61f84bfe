/// Cuts a filter's text into words, quoted texts, signs and relations.
struct FilterLexer {
    struct Token: Hashable {
        enum Content: Hashable {
            /// Without quotes: a field, a value, `AND`, `OR`, `NOT`.
            case word(String)
            case quoted(String)
            case relation(FilterComparison.Relation)
            case open
            case close
            case minus
        }

        var content: Content
        /// From 1.
        var position: Int
    }

    private let characters: [Character]
    private var index = 0

    init(_ text: String) {
        characters = Array(text)
    }

    static func tokens(of text: String) throws(FilterError) -> [Token] {
        var lexer = FilterLexer(text)
        var tokens: [Token] = []
        while let token = try lexer.next(after: tokens.last?.content) { tokens.append(token) }
        return tokens
    }

    /// Where the text ends, from 1.
    static func end(of text: String) -> Int { text.count + 1 }

    private mutating func next(after last: Token.Content?) throws(FilterError) -> Token? {
        while index < characters.count, characters[index].isWhitespace { index += 1 }
        guard index < characters.count else { return nil }
        let position = index + 1
        return Token(content: try content(after: last), position: position)
    }

    private mutating func content(after last: Token.Content?) throws(FilterError) -> Token.Content {
        switch characters[index] {
        case "(":
            index += 1
            return .open
        case ")":
            index += 1
            return .close
        case "\"", "'": return .quoted(try quoted(by: characters[index]))
        case "=", "<", ">", ":", "!": return .relation(try relation())
        // After a relation it is a number's sign.
        case "-" where !Self.isRelation(last):
            index += 1
            return .minus
        default: return .word(word(isValue: Self.isRelation(last)))
        }
    }

    private static func isRelation(_ content: Token.Content?) -> Bool {
        if case .relation? = content { true } else { false }
    }

    private mutating func relation() throws(FilterError) -> FilterComparison.Relation {
        let two = String(characters[index..<min(index + 2, characters.count)])
        if let relation = FilterComparison.Relation(rawValue: two), two.count == 2 {
            index += 2
            return relation
        }
        guard let relation = FilterComparison.Relation(rawValue: String(characters[index])) else {
            throw FilterError(
                position: index + 1,
                message: "is no comparison",
                allowed: FilterComparison.Relation.allCases.map(\.rawValue)
            )
        }
        index += 1
        return relation
    }

    /// - Parameter isValue: a value may hold colons, as times do.
    private mutating func word(isValue: Bool) -> String {
        let start = index
        while index < characters.count {
            let character = characters[index]
            if character.isWhitespace || "()\"'=<>!".contains(character) || (!isValue && character == ":") { break }
            index += 1
        }
        return String(characters[start..<index])
    }

    private mutating func quoted(by quote: Character) throws(FilterError) -> String {
        let start = index
        var text = ""
        index += 1
        while index < characters.count, characters[index] != quote {
            if characters[index] == "\\", index + 1 < characters.count { index += 1 }
            text.append(characters[index])
            index += 1
        }
        guard index < characters.count else {
            throw FilterError(position: start + 1, message: "the quote has no end", allowed: [String(quote)])
        }
        index += 1
        return text
    }
}
