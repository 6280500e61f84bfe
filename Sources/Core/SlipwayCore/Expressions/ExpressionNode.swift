/// A part of an expression that has a value.
struct ExpressionNode: Sendable, Hashable {
    /// Where it begins, for errors.
    let offset: Int
    let kind: Kind

    init(_ offset: Int, _ kind: Kind) {
        self.offset = offset
        self.kind = kind
    }

    indirect enum Kind: Sendable, Hashable {
        case literal(JSONValue)
        case list([ExpressionNode])
        case variable(String)
        case task(String, TaskMember)
        case item
        case access(ExpressionNode, [Step])
        case not(ExpressionNode)
        /// `and`, of at least two.
        case all([ExpressionNode])
        /// `or`, of at least two.
        case any([ExpressionNode])
        case comparison(ExpressionNode, Comparison, ExpressionNode)
        case call(ExpressionFunction, [ExpressionNode])
    }

    /// A step into a value: `.name`, `["name"]` or `[0]`.
    enum Step: Sendable, Hashable {
        case member(String)
        case index(Int)
    }

    enum Comparison: String, Sendable, Hashable {
        case equal = "=="
        case unequal = "!="
        case less = "<"
        case lessOrEqual = "<="
        case greater = ">"
        case greaterOrEqual = ">="
        case isIn = "in"
        case isNotIn = "not in"
    }
}

/// The functions an expression can call.
enum ExpressionFunction: String, Sendable, Hashable, CaseIterable {
    case length, contains
    case startsWith = "starts_with"
    case endsWith = "ends_with"
    case matches, lower, upper, coalesce, number, text

    /// How many values it takes.
    var arity: ClosedRange<Int> {
        switch self {
        case .length, .lower, .upper, .number, .text: 1...1
        case .contains, .startsWith, .endsWith, .matches: 2...2
        case .coalesce: 1...64
        }
    }

    /// As it is written, for errors.
    var signature: String {
        switch self {
        case .length, .lower, .upper, .number, .text: "\(rawValue)(x)"
        case .contains: "contains(x, y)"
        case .startsWith, .endsWith: "\(rawValue)(text, part)"
        case .matches: "matches(text, pattern)"
        case .coalesce: "coalesce(x, …)"
        }
    }
}
