/// Works out the value of an expression.
///
/// Null stands for what is not there: a step into it is null, it equals only itself, and every other question about it is
/// answered with no. All other values must have the types that are asked for.
struct ExpressionEvaluation<Scope: ExpressionScope> {
    let scope: Scope

    func value(of node: ExpressionNode) throws(ExpressionProblem) -> JSONValue {
        switch node.kind {
        case .literal(let value): return value
        case .list(let elements):
            var values: [JSONValue] = []
            for element in elements { values.append(try value(of: element)) }
            return .array(values)
        case .variable(let name):
            guard let value = scope.variable(name) else {
                throw ExpressionProblem(node.offset, "there is no variable \(name.cut(to: 80))")
            }
            return value
        case .task(let name, let member):
            guard let value = scope.member(member, ofTask: name) else {
                throw ExpressionProblem(node.offset, "there is no task \(name.cut(to: 80))")
            }
            return value
        case .item:
            guard let item = scope.item else {
                throw ExpressionProblem(node.offset, "there is no item; only a task with for_each has one")
            }
            return item
        case .access(let base, let steps):
            var current = try value(of: base)
            for step in steps { current = try take(step, from: current, at: node.offset) }
            return current
        case .not(let operand): return .bool(try !isTrue(operand, of: "not"))
        case .all(let operands):
            for operand in operands where try !isTrue(operand, of: "and") { return .bool(false) }
            return .bool(true)
        case .any(let operands):
            for operand in operands where try isTrue(operand, of: "or") { return .bool(true) }
            return .bool(false)
        case .comparison(let left, let comparison, let right):
            let values = (try value(of: left), try value(of: right))
            return .bool(try compare(values.0, comparison, values.1, at: node.offset))
        case .call(let function, let arguments): return try call(function, arguments, at: node.offset)
        }
    }

    private func isTrue(_ node: ExpressionNode, of word: String) throws(ExpressionProblem) -> Bool {
        let value = try value(of: node)
        guard case .bool(let isTrue) = value else {
            throw ExpressionProblem(node.offset, "\(word) takes true or false, not \(value.typeName)")
        }
        return isTrue
    }

    private func take(_ step: ExpressionNode.Step, from value: JSONValue, at offset: Int) throws(ExpressionProblem)
        -> JSONValue
    {
        switch (step, value) {
        case (_, .null): return .null
        case (.member(let name), .object(let members)): return members[name] ?? .null
        case (.index(let index), .array(let elements)): return index < elements.count ? elements[index] : .null
        case (.member(let name), _):
            throw ExpressionProblem(offset, "\(value.typeName) has no member \(name.cut(to: 80))")
        case (.index(let index), _):
            throw ExpressionProblem(offset, "\(value.typeName) has no position [\(index)]")
        }
    }

    // MARK: Comparisons

    private func compare(
        _ left: JSONValue,
        _ comparison: ExpressionNode.Comparison,
        _ right: JSONValue,
        at offset: Int
    ) throws(ExpressionProblem) -> Bool {
        switch comparison {
        case .equal: return try isEqual(left, right, at: offset)
        case .unequal: return try !isEqual(left, right, at: offset)
        case .isIn: return try isContained(left, in: right, at: offset)
        case .isNotIn: return try !isContained(left, in: right, at: offset)
        case .less, .lessOrEqual, .greater, .greaterOrEqual:
            guard left != .null, right != .null else { return false }
            guard let order = ValueOrder.of(left, right) else {
                throw ExpressionProblem(
                    offset,
                    "\(comparison.rawValue) compares two numbers or two texts, not \(left.typeName) with \(right.typeName)"
                )
            }
            switch comparison {
            case .less: return order < 0
            case .lessOrEqual: return order <= 0
            case .greater: return order > 0
            default: return order >= 0
            }
        }
    }

    /// Values of different types are not merely unequal: comparing them is a mistake, `"3"` with `3` for example.
    private func isEqual(_ left: JSONValue, _ right: JSONValue, at offset: Int) throws(ExpressionProblem) -> Bool {
        guard left != .null, right != .null else { return left == right }
        guard left.typeName == right.typeName else {
            let hint =
                Set([left.typeName, right.typeName]) == ["a number", "a text"] ? "; use number(x) or text(x)" : ""
            throw ExpressionProblem(offset, "\(left.typeName) is compared with \(right.typeName)\(hint)")
        }
        return ValueOrder.isEqual(left, right)
    }

    private func isContained(
        _ part: JSONValue,
        in whole: JSONValue,
        at offset: Int
    ) throws(ExpressionProblem) -> Bool {
        switch (part, whole) {
        case (_, .null): return false
        case (_, .array(let elements)): return elements.contains { ValueOrder.isEqual(part, $0) }
        case (.null, .string), (.null, .object): return false
        case (.string(let part), .string(let whole)):
            return TextSearch(part, ignoresCase: false)?.isFound(in: whole) ?? true
        case (.string(let name), .object(let members)): return members[name] != nil
        default:
            throw ExpressionProblem(
                offset,
                "a list, a text or an object may contain something, but not \(whole.typeName) \(part.typeName)"
            )
        }
    }

    // MARK: Functions

    private func call(
        _ function: ExpressionFunction,
        _ arguments: [ExpressionNode],
        at offset: Int
    ) throws(ExpressionProblem) -> JSONValue {
        let first = try value(of: arguments[0])
        switch function {
        case .coalesce:
            if first != .null { return first }
            for argument in arguments.dropFirst() {
                let value = try value(of: argument)
                if value != .null { return value }
            }
            return .null
        case .contains:
            return .bool(try isContained(try value(of: arguments[1]), in: first, at: offset))
        case .startsWith, .endsWith, .matches:
            let second = try value(of: arguments[1])
            guard first != .null, second != .null else { return .bool(false) }
            guard case .string(let text) = first, case .string(let part) = second else {
                let message = "\(function.signature) takes two texts, not \(first.typeName) and \(second.typeName)"
                throw ExpressionProblem(offset, message)
            }
            return .bool(try ask(function, text, part, at: offset))
        case .length, .lower, .upper, .number, .text:
            return first == .null ? .null : try convert(function, first, at: offset)
        }
    }

    private func ask(
        _ function: ExpressionFunction,
        _ text: String,
        _ part: String,
        at offset: Int
    ) throws(ExpressionProblem) -> Bool {
        switch function {
        case .startsWith: return text.utf8.starts(with: part.utf8)
        case .endsWith: return text.utf8.reversed().starts(with: part.utf8.reversed())
        default:
            guard text.utf8.count <= GlobPattern.maximumTextBytes, part.utf8.count <= GlobPattern.maximumPatternBytes
            else {
                let limits = "\(GlobPattern.maximumTextBytes) bytes and a pattern of \(GlobPattern.maximumPatternBytes)"
                let given = "\(text.utf8.count) and \(part.utf8.count)"
                throw ExpressionProblem(offset, "matches takes a text of at most \(limits), not \(given)")
            }
            return GlobPattern(part).matches(text)
        }
    }

    private func convert(
        _ function: ExpressionFunction,
        _ value: JSONValue,
        at offset: Int
    ) throws(ExpressionProblem) -> JSONValue {
        switch (function, value) {
        case (.length, .string(let text)): return .integer(Int64(text.unicodeScalars.count))
        case (.length, .array(let elements)): return .integer(Int64(elements.count))
        case (.length, .object(let members)): return .integer(Int64(members.count))
        case (.lower, .string(let text)): return .string(text.lowercased())
        case (.upper, .string(let text)): return .string(text.uppercased())
        case (.text, .string): return value
        case (.text, _): return .string(value.canonicalText)
        case (.number, .integer), (.number, .number): return value
        case (.number, .string(let text)):
            if let value = PlainScalar.integer(text) { return .integer(value) }
            if let value = PlainScalar.number(text) { return .number(value) }
            throw ExpressionProblem(offset, "the text \"\(text.cut(to: 80))\" is no number")
        default: throw ExpressionProblem(offset, "\(function.signature) does not take \(value.typeName)")
        }
    }
}
