/// A word or sign of an expression.
struct ExpressionToken: Hashable {
    enum Kind: Hashable {
        /// A name or a keyword; which of them, the place decides.
        case word(String)
        case text(String)
        case number(JSONValue)
        case sign(String)
        case end
    }

    let kind: Kind
    /// In Unicode scalars from the beginning.
    let offset: Int

    /// For "found …".
    var shown: String {
        switch kind {
        case .word(let word): word.cut(to: 40)
        case .text(let text): "the text \"\(text.cut(to: 40))\""
        case .number(let value): "the number \(value.canonicalText)"
        case .sign(let sign): "\"\(sign)\""
        case .end: "the end"
        }
    }
}

/// Cuts the text of an expression into tokens.
struct ExpressionLexer {
    private let scalars: [Unicode.Scalar]
    private var position = 0

    /// All tokens, the end among them.
    static func tokens(of text: String) throws(ExpressionProblem) -> [ExpressionToken] {
        let scalars = Array(text.unicodeScalars)
        guard scalars.count <= Expression.maximumCharacters else {
            let problem =
                "the expression has \(scalars.count) characters; at most \(Expression.maximumCharacters) are allowed"
            throw ExpressionProblem(0, problem)
        }
        var lexer = ExpressionLexer(scalars: scalars)
        var tokens: [ExpressionToken] = []
        while true {
            let token = try lexer.next()
            tokens.append(token)
            if token.kind == .end { return tokens }
        }
    }

    private init(scalars: [Unicode.Scalar]) { self.scalars = scalars }

    private func scalar(at index: Int) -> Unicode.Scalar? { index < scalars.count ? scalars[index] : nil }

    private mutating func next() throws(ExpressionProblem) -> ExpressionToken {
        while let scalar = scalar(at: position), scalar.properties.isWhitespace { position += 1 }
        let start = position
        guard let first = scalar(at: position) else { return ExpressionToken(kind: .end, offset: start) }
        let kind: ExpressionToken.Kind
        switch first {
        case _ where Self.isDigit(first), "-" where scalar(at: position + 1).map(Self.isDigit) == true:
            kind = .number(try number())
        case _ where Self.beginsName(first): kind = .word(name())
        case "'", "\"": kind = .text(try text(quote: first))
        default: kind = .sign(try sign(first))
        }
        return ExpressionToken(kind: kind, offset: start)
    }

    private mutating func name() -> String {
        var name = String.UnicodeScalarView()
        while let scalar = scalar(at: position), Self.beginsName(scalar) || Self.isDigit(scalar) || scalar == "-" {
            name.append(scalar)
            position += 1
        }
        return String(name)
    }

    private mutating func sign(_ first: Unicode.Scalar) throws(ExpressionProblem) -> String {
        let pair = String(first) + (scalar(at: position + 1).map { String($0) } ?? "")
        if ["==", "!=", "<=", ">="].contains(pair) {
            position += 2
            return pair
        }
        guard "()[],.<>".unicodeScalars.contains(first) else {
            let hint =
                switch first {
                case "=": "; equality is written =="
                case "!": "; negation is written not"
                case "&": "; write and"
                case "|": "; write or"
                case "+", "-", "*", "/", "%": "; there is no arithmetic"
                default: ""
                }
            throw ExpressionProblem(position, "\"\(String(first).cut(to: 1))\" has no meaning here\(hint)")
        }
        position += 1
        return String(first)
    }

    /// `-`, digits, a fraction, an exponent.
    private mutating func number() throws(ExpressionProblem) -> JSONValue {
        let start = position
        var isWhole = true
        if scalars[position] == "-" { position += 1 }
        skipDigits()
        if scalar(at: position) == ".", scalar(at: position + 1).map(Self.isDigit) == true {
            isWhole = false
            position += 1
            skipDigits()
        }
        if scalar(at: position) == "e" || scalar(at: position) == "E" {
            let sign = scalar(at: position + 1)
            let digits = position + (sign == "+" || sign == "-" ? 2 : 1)
            if scalar(at: digits).map(Self.isDigit) == true {
                isWhole = false
                position = digits
                skipDigits()
            }
        }
        if let follower = scalar(at: position), Self.beginsName(follower) {
            throw ExpressionProblem(start, "a number must not be followed by a letter; quote a text")
        }
        let text = String(String.UnicodeScalarView(scalars[start..<position]))
        if isWhole {
            guard let value = Int64(text) else { throw ExpressionProblem(start, "the number does not fit 64 bits") }
            return .integer(value)
        }
        guard let value = Double(text), value.isFinite else {
            throw ExpressionProblem(start, "the number is too large")
        }
        return .number(value)
    }

    private mutating func skipDigits() {
        while let scalar = scalar(at: position), Self.isDigit(scalar) { position += 1 }
    }

    private mutating func text(quote: Unicode.Scalar) throws(ExpressionProblem) -> String {
        let start = position
        var text = String.UnicodeScalarView()
        position += 1
        while let scalar = scalar(at: position) {
            position += 1
            if scalar == quote { return String(text) }
            text.append(scalar == "\\" ? try escape() : scalar)
        }
        throw ExpressionProblem(start, "the text has no closing \(quote)")
    }

    private mutating func escape() throws(ExpressionProblem) -> Unicode.Scalar {
        let start = position - 1
        let letter = scalar(at: position)
        position += 1
        switch letter {
        case "n": return "\n"
        case "r": return "\r"
        case "t": return "\t"
        case let letter? where "\\'\"/".unicodeScalars.contains(letter): return letter
        case "u":
            let end = position + 4
            guard end <= scalars.count, scalars[position..<end].allSatisfy(\.properties.isASCIIHexDigit),
                let value = UInt32(String(String.UnicodeScalarView(scalars[position..<end])), radix: 16),
                let scalar = Unicode.Scalar(value)
            else { throw ExpressionProblem(start, "\\u must be followed by the four digits of a character") }
            position = end
            return scalar
        default: throw ExpressionProblem(start, "an escape must be one of \\\\ \\' \\\" \\/ \\n \\r \\t \\u0000")
        }
    }

    private static func isDigit(_ scalar: Unicode.Scalar) -> Bool { ("0"..."9").contains(scalar) }

    private static func beginsName(_ scalar: Unicode.Scalar) -> Bool {
        ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar) || scalar == "_"
    }
}
