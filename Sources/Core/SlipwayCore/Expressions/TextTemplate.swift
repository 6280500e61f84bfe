/// A text with expressions in it, such as `load-${{ variables.region }}`, read and ready to be filled in.
package struct TextTemplate: Sendable, Hashable {
    private enum Part: Sendable, Hashable {
        case text(String)
        case expression(Expression)
    }

    private let parts: [Part]

    /// - Throws: if an expression is wrong or is not closed by `}}`.
    package init(_ text: String) throws(ExpressionError) {
        var parts: [Part] = []
        var rest = text[...]
        while let opening = rest.firstRange(of: "${{") {
            if opening.lowerBound > rest.startIndex { parts.append(.text(String(rest[..<opening.lowerBound]))) }
            let body = rest[opening.upperBound...]
            guard let closing = body.firstRange(of: "}}") else {
                let offset = text.unicodeScalars.distance(from: text.startIndex, to: opening.lowerBound)
                throw ExpressionError(ExpressionProblem(offset, "the expression is not closed by }}"), in: text)
            }
            parts.append(.expression(try Expression(String(body[..<closing.lowerBound]))))
            rest = body[closing.upperBound...]
        }
        if !rest.isEmpty { parts.append(.text(String(rest))) }
        self.parts = parts
    }

    /// What its expressions depend on, one entry an expression.
    package var references: [ExpressionReferences] {
        parts.compactMap { part in
            if case .expression(let expression) = part { expression.references } else { nil }
        }
    }

    /// Texts stand for themselves, `null` for nothing, and everything else for its JSON.
    ///
    /// - Throws: if the values do not fit what is done with them.
    package func text(variables: [String: JSONValue]) throws(ExpressionError) -> String {
        var result = ""
        for part in parts {
            switch part {
            case .text(let text): result += text
            case .expression(let expression):
                switch try expression.value(in: VariableScope(variables: variables)) {
                case .string(let text): result += text
                case .null: break
                case let value: result += value.canonicalText
                }
            }
        }
        return result
    }

    private struct VariableScope: ExpressionScope {
        let variables: [String: JSONValue]
        var item: JSONValue? { nil }
        func variable(_ name: String) -> JSONValue? { variables[name] }
        func member(_ member: TaskMember, ofTask name: String) -> JSONValue? { nil }
    }
}
