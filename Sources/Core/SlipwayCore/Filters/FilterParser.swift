/// Reads a filter: the part of AIP-160's grammar that a database answers quickly.
///
/// Comparisons stand beside each other, or with `AND`, `OR` and `NOT` (or `-`) between them. As in AIP-160 `OR` binds closer than
/// `AND`: `a=1 AND b=2 OR b=3` is `a=1 AND (b=2 OR b=3)`.
package struct FilterParser {
    private let tokens: [FilterLexer.Token]
    private let end: Int
    private let schema: FilterSchema
    private let limits: FilterLimits
    private var index = 0
    private var depth = 0
    private var comparisons = 0

    /// - Returns: `nil` for a text without any comparison.
    /// - Throws: ``FilterError`` for the first mistake.
    package static func parse(
        _ text: String,
        _ schema: FilterSchema,
        limits: FilterLimits = .standard
    ) throws(FilterError) -> FilterCondition? {
        guard text.utf8.count <= limits.bytes else {
            throw FilterError(
                position: 1,
                message: "the filter is too long",
                allowed: ["at most \(limits.bytes) bytes"]
            )
        }
        guard !text.utf8.contains(0) else {
            throw FilterError(position: 1, message: "the filter has the character NUL")
        }
        let tokens = try FilterLexer.tokens(of: text)
        guard !tokens.isEmpty else { return nil }
        var parser = FilterParser(
            tokens: tokens,
            end: FilterLexer.end(of: text),
            schema: schema,
            limits: limits
        )
        let condition = try parser.conjunction()
        if let token = parser.current { throw FilterError(position: token.position, message: "is not expected here") }
        return condition
    }

    private init(tokens: [FilterLexer.Token], end: Int, schema: FilterSchema, limits: FilterLimits) {
        self.tokens = tokens
        self.end = end
        self.schema = schema
        self.limits = limits
    }

    private var current: FilterLexer.Token? { index < tokens.count ? tokens[index] : nil }

    private func isNext(_ word: String) -> Bool { current?.content == .word(word) }

    // MARK: Words between comparisons

    private mutating func conjunction() throws(FilterError) -> FilterCondition {
        var parts = [try disjunction()]
        while let token = current, token.content != .close {
            if isNext("AND") { index += 1 }
            parts.append(try disjunction())
        }
        return parts.count == 1 ? parts[0] : .and(parts)
    }

    private mutating func disjunction() throws(FilterError) -> FilterCondition {
        var parts = [try negation()]
        while isNext("OR") {
            index += 1
            parts.append(try negation())
        }
        return parts.count == 1 ? parts[0] : .or(parts)
    }

    private mutating func negation() throws(FilterError) -> FilterCondition {
        guard isNext("NOT") || current?.content == .minus else { return try operand() }
        try descend()
        defer { depth -= 1 }
        index += 1
        return .not(try negation())
    }

    private mutating func operand() throws(FilterError) -> FilterCondition {
        guard current?.content == .open else { return .compare(try comparison()) }
        try descend()
        defer { depth -= 1 }
        let opening = current?.position ?? end
        index += 1
        let inner = try conjunction()
        guard current?.content == .close else {
            throw FilterError(position: opening, message: "the parenthesis is not closed", allowed: [")"])
        }
        index += 1
        return inner
    }

    private mutating func descend() throws(FilterError) {
        depth += 1
        if depth > limits.depth {
            throw FilterError(
                position: current?.position ?? end,
                message: "is nested too deep",
                allowed: ["at most \(limits.depth) levels"]
            )
        }
    }

    // MARK: Comparisons

    private mutating func comparison() throws(FilterError) -> FilterComparison {
        comparisons += 1
        guard comparisons <= limits.comparisons else {
            throw FilterError(
                position: current?.position ?? end,
                message: "there are too many comparisons",
                allowed: ["at most \(limits.comparisons)"]
            )
        }
        guard let name = current, case .word(let text) = name.content else {
            throw FilterError(position: current?.position ?? end, message: "a field is expected", allowed: names)
        }
        index += 1
        let (field, key, kind) = try resolve(text, at: name.position)
        guard let token = current, case .relation(let relation) = token.content else {
            throw FilterError(
                position: current?.position ?? end,
                message: "a comparison is expected after \(text)",
                allowed: FilterComparison.Relation.allCases.map(\.rawValue)
            )
        }
        index += 1
        guard let given = current else {
            throw FilterError(position: end, message: "a value is expected after \(text)\(relation.rawValue)")
        }
        index += 1
        let literal: String
        var isQuoted = false
        switch given.content {
        case .word(let word): literal = word
        case .quoted(let text): (literal, isQuoted) = (text, true)
        default: throw FilterError(position: given.position, message: "a value is expected after \(text)")
        }
        let position = given.position
        if relation == .has, literal == "*", !isQuoted {
            return FilterComparison(field: field, key: key, relation: .has, value: .anything)
        }
        guard kind.relations.contains(relation) else {
            throw FilterError(
                position: token.position,
                message: "\(text) cannot be compared with \(relation.rawValue)",
                allowed: kind.relations.map(\.rawValue)
            )
        }
        guard let value = kind.value(of: literal) else {
            throw FilterError(
                position: position,
                message: "\(literal.prefix(100)) is not a value of \(text)",
                allowed: kind.allowed
            )
        }
        return FilterComparison(field: field, key: key, relation: relation, value: value)
    }

    private var names: [String] { schema.fields.map { $0.value == .map ? "\($0.key).NAME" : $0.key }.sorted() }

    private func resolve(
        _ text: String,
        at position: Int
    ) throws(FilterError) -> (field: String, key: String?, kind: FilterSchema.Kind) {
        if let kind = schema.fields[text] { return (text, nil, kind) }
        if let dot = text.firstIndex(of: ".") {
            let (field, key) = (String(text[..<dot]), String(text[text.index(after: dot)...]))
            if schema.fields[field] == .map, !key.isEmpty { return (field, key, .text) }
        }
        throw FilterError(position: position, message: "\(text.prefix(100)) is not a field", allowed: names)
    }
}

extension FilterSchema.Kind {
    var relations: [FilterComparison.Relation] {
        switch self {
        case .text: [.equal, .notEqual, .has]
        case .word, .flag, .identifier: [.equal, .notEqual]
        case .integer, .time, .duration: [.equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual]
        case .list, .map: [.has]
        }
    }

    var allowed: [String] {
        switch self {
        case .text, .list, .map: ["a text"]
        case .word(let words): words
        case .integer: ["a whole number"]
        case .flag: ["true", "false"]
        case .time: ["a time such as 2026-01-31T09:05:00Z", "a day such as 2026-01-31"]
        case .duration: ["a duration such as 90s, 10m or 1h30m"]
        case .identifier: ["a UUID"]
        }
    }

    func value(of text: String) -> FilterComparison.Value? {
        switch self {
        case .text, .list, .map: .text(text)
        case .word(let words): words.contains(text) ? .text(text) : nil
        case .integer: Int64(text).map { .integer($0) }
        case .flag: Bool(text).map { .flag($0) }
        case .time: (Timestamp(rfc3339: text) ?? Timestamp(rfc3339: "\(text)T00:00:00Z")).map { .time($0) }
        case .duration: DurationText.seconds(text).map { .seconds(Double($0)) }
        case .identifier: Identifier(text).map { .identifier($0) }
        }
    }
}
