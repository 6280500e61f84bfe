/// Reads tokens by precedence, loosest first: `or`, `and`, `not`, comparisons, steps into a value.
struct ExpressionParser {
    private static let keywords: Set<String> = ["or", "and", "not", "in", "null", "true", "false"]
    private static let roots = ["variables", "tasks", "item"]
    private static let taskMembers = ["state", "attempt", "exit_code", "outputs"]

    private let tokens: [ExpressionToken]
    private var position = 0
    private var depth = 0

    static func parse(_ text: String) throws(ExpressionProblem) -> ExpressionNode {
        var parser = ExpressionParser(tokens: try ExpressionLexer.tokens(of: text))
        let root = try parser.alternatives()
        guard parser.next.kind == .end else { throw parser.unexpected("an operator or the end") }
        return root
    }

    private init(tokens: [ExpressionToken]) { self.tokens = tokens }

    /// The end is never passed, so there always is one.
    private var next: ExpressionToken { tokens[position] }

    private func unexpected(_ expected: String) -> ExpressionProblem {
        ExpressionProblem(next.offset, "expected \(expected), found \(next.shown)")
    }

    private mutating func take(_ kind: ExpressionToken.Kind) -> Bool {
        guard next.kind == kind else { return false }
        position += 1
        return true
    }

    private mutating func expect(_ sign: String, _ expected: String) throws(ExpressionProblem) {
        guard take(.sign(sign)) else { throw unexpected(expected) }
    }

    /// Everything that may contain itself passes through here.
    private mutating func deeper<Value>(
        _ body: (inout Self) throws(ExpressionProblem) -> Value
    ) throws(ExpressionProblem) -> Value {
        guard depth < Expression.maximumDepth else {
            throw ExpressionProblem(
                next.offset,
                "the expression is nested deeper than \(Expression.maximumDepth) levels"
            )
        }
        depth += 1
        defer { depth -= 1 }
        return try body(&self)
    }

    // MARK: Operators

    private mutating func alternatives() throws(ExpressionProblem) -> ExpressionNode {
        let first = try requirements()
        var operands = [first]
        while take(.word("or")) { operands.append(try requirements()) }
        return operands.count == 1 ? first : ExpressionNode(first.offset, .any(operands))
    }

    private mutating func requirements() throws(ExpressionProblem) -> ExpressionNode {
        let first = try negation()
        var operands = [first]
        while take(.word("and")) { operands.append(try negation()) }
        return operands.count == 1 ? first : ExpressionNode(first.offset, .all(operands))
    }

    private mutating func negation() throws(ExpressionProblem) -> ExpressionNode {
        let offset = next.offset
        guard take(.word("not")) else { return try comparison() }
        let operand = try deeper { parser throws(ExpressionProblem) in try parser.negation() }
        return ExpressionNode(offset, .not(operand))
    }

    private mutating func comparison() throws(ExpressionProblem) -> ExpressionNode {
        let left = try value()
        let offset = next.offset
        guard let comparison = try takeComparison() else { return left }
        let right = try value()
        let second = next.offset
        if try takeComparison() != nil {
            throw ExpressionProblem(second, "comparisons cannot be chained; join two of them with and")
        }
        return ExpressionNode(offset, .comparison(left, comparison, right))
    }

    private mutating func takeComparison() throws(ExpressionProblem) -> ExpressionNode.Comparison? {
        switch next.kind {
        case .sign(let sign):
            guard let comparison = ExpressionNode.Comparison(rawValue: sign) else { return nil }
            position += 1
            return comparison
        case .word("in"):
            position += 1
            return .isIn
        case .word("not"):
            position += 1
            guard take(.word("in")) else { throw unexpected("in after not") }
            return .isNotIn
        default: return nil
        }
    }

    // MARK: Values

    private mutating func value() throws(ExpressionProblem) -> ExpressionNode {
        let base = try primary()
        var steps: [ExpressionNode.Step] = []
        while let step = try step() { steps.append(step) }
        return steps.isEmpty ? base : ExpressionNode(base.offset, .access(base, steps))
    }

    private mutating func primary() throws(ExpressionProblem) -> ExpressionNode {
        let token = next
        switch token.kind {
        case .text(let text):
            position += 1
            return ExpressionNode(token.offset, .literal(.string(text)))
        case .number(let number):
            position += 1
            return ExpressionNode(token.offset, .literal(number))
        case .sign("("):
            position += 1
            let node = try deeper { parser throws(ExpressionProblem) in try parser.alternatives() }
            try expect(")", "an operator or \")\"")
            return node
        case .sign("["):
            position += 1
            return ExpressionNode(token.offset, .list(try operands(until: "]")))
        case .word(let word): return try named(word, token)
        case .sign, .end: throw unexpected("a value")
        }
    }

    private mutating func named(_ word: String, _ token: ExpressionToken) throws(ExpressionProblem) -> ExpressionNode {
        switch word {
        case "null", "true", "false":
            position += 1
            return ExpressionNode(token.offset, .literal(word == "null" ? .null : .bool(word == "true")))
        case "variables":
            position += 1
            return ExpressionNode(token.offset, .variable(try name(after: "variables", of: "the name of a variable")))
        case "tasks":
            position += 1
            let task = try name(after: "tasks", of: "the name of a task")
            return ExpressionNode(token.offset, .task(task, try taskMember(task)))
        case "item":
            position += 1
            return ExpressionNode(token.offset, .item)
        case _ where Self.keywords.contains(word): throw unexpected("a value")
        default: return try call(word, token)
        }
    }

    private mutating func call(_ word: String, _ token: ExpressionToken) throws(ExpressionProblem) -> ExpressionNode {
        let names = ExpressionFunction.allCases.map(\.rawValue)
        guard let function = ExpressionFunction(rawValue: word) else {
            let nearest = NearestName.of(word, among: names + Self.roots).map { "; did you mean \($0)?" } ?? ""
            throw ExpressionProblem(
                token.offset,
                "\(token.shown) is not known; allowed are variables.…, tasks.…, item, texts in quotes, and the functions "
                    + names.joined(separator: ", ") + nearest
            )
        }
        position += 1
        try expect("(", "\"(\" after \(word)")
        let arguments = try operands(until: ")")
        guard function.arity.contains(arguments.count) else {
            throw ExpressionProblem(token.offset, "\(function.signature) does not take \(arguments.count) values")
        }
        return ExpressionNode(token.offset, .call(function, arguments))
    }

    private mutating func operands(until end: String) throws(ExpressionProblem) -> [ExpressionNode] {
        if take(.sign(end)) { return [] }
        var operands: [ExpressionNode] = []
        repeat {
            operands.append(try deeper { parser throws(ExpressionProblem) in try parser.alternatives() })
        } while take(.sign(","))
        try expect(end, "\",\" or \"\(end)\"")
        return operands
    }

    // MARK: Paths

    private mutating func taskMember(_ task: String) throws(ExpressionProblem) -> TaskMember {
        let place = next
        let expected = "one of .\(Self.taskMembers.joined(separator: ", ."))"
        guard take(.sign(".")), case .word(let word) = next.kind else {
            throw ExpressionProblem(place.offset, "expected \(expected) after the task, found \(place.shown)")
        }
        let token = next
        position += 1
        switch word {
        case "state": return .state
        case "attempt": return .attempt
        case "exit_code": return .exitCode
        case "outputs": return .output(try name(after: "outputs", of: "the name of an output"))
        default:
            let nearest = NearestName.of(word, among: Self.taskMembers).map { "; did you mean \($0)?" } ?? ""
            throw ExpressionProblem(token.offset, "expected \(expected), found \(token.shown)\(nearest)")
        }
    }

    /// `.name` or `["name"]`, which must be there.
    private mutating func name(after word: String, of what: String) throws(ExpressionProblem) -> String {
        let place = next
        switch try step() {
        case .member(let name): return name
        case .index, nil:
            throw ExpressionProblem(place.offset, "expected .\(what) after \(word), found \(place.shown)")
        }
    }

    private mutating func step() throws(ExpressionProblem) -> ExpressionNode.Step? {
        if take(.sign(".")) {
            guard case .word(let name) = next.kind else {
                throw unexpected("a name; other names are written [\"name\"], positions [0]")
            }
            position += 1
            return .member(name)
        }
        guard next.kind == .sign("[") else { return nil }
        position += 1
        let step: ExpressionNode.Step
        switch next.kind {
        case .text(let name): step = .member(name)
        case .number(.integer(let index)) where index >= 0:
            // A list that long does not exist, so the position may as well be the last one there is.
            step = .index(Int(clamping: index))
        default: throw unexpected("a name in quotes or a position from 0")
        }
        position += 1
        try expect("]", "\"]\"")
        return step
    }
}
