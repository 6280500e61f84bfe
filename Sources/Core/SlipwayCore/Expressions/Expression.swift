/// A condition or another small computation in a job file, read and ready to be evaluated any number of times.
///
/// The language has `or`, `and`, `not`, comparisons, `in`, literals, lists, functions, and paths into the run's
/// variables, the results of its tasks and the current item. It has no loops and no effects, so evaluating it always ends.
package struct Expression: Sendable, Hashable {
    /// Unicode scalars of the longest text.
    package static let maximumCharacters = 4000
    /// Parentheses, lists, calls and `not` inside each other.
    package static let maximumDepth = 64

    package let text: String
    package let references: ExpressionReferences
    let root: ExpressionNode

    /// - Throws: `ExpressionError` with the place and what was expected there.
    package init(_ text: String) throws(ExpressionError) {
        self.text = text
        do throws(ExpressionProblem) {
            root = try ExpressionParser.parse(text)
        } catch {
            throw ExpressionError(error, in: text)
        }
        references = ExpressionReferences(of: root)
    }

    /// - Throws: `ExpressionError` if the values do not fit what is done with them.
    package func value(in scope: some ExpressionScope) throws(ExpressionError) -> JSONValue {
        do throws(ExpressionProblem) {
            return try ExpressionEvaluation(scope: scope).value(of: root)
        } catch {
            throw ExpressionError(error, in: text)
        }
    }

    /// Whether a condition is met.
    ///
    /// - Throws: `ExpressionError` also for anything but true and false.
    package func isMet(in scope: some ExpressionScope) throws(ExpressionError) -> Bool {
        let value = try value(in: scope)
        guard case .bool(let isMet) = value else {
            let problem = ExpressionProblem(
                root.offset,
                "the condition must be true or false, but gives \(value.typeName)"
            )
            throw ExpressionError(problem, in: text)
        }
        return isMet
    }

    /// Its value if it depends on nothing: neither on variables nor on tasks nor on an item.
    package func constant() throws(ExpressionError) -> JSONValue? {
        references.isEmpty ? try value(in: EmptyScope()) : nil
    }

    /// What a constant sees.
    private struct EmptyScope: ExpressionScope {
        var item: JSONValue? { nil }
        func variable(_ name: String) -> JSONValue? { nil }
        func member(_ member: TaskMember, ofTask name: String) -> JSONValue? { nil }
    }
}

/// What an expression can ask for.
package protocol ExpressionScope {
    /// The item that a task with `for_each` is executed for; `nil` outside one.
    var item: JSONValue? { get }
    /// `nil` if there is no such variable.
    func variable(_ name: String) -> JSONValue?
    /// `.null` for what the task does not have; `nil` if there is no such task.
    func member(_ member: TaskMember, ofTask name: String) -> JSONValue?
}

/// What can be asked of a task.
package enum TaskMember: Sendable, Hashable {
    case state
    case attempt
    case exitCode
    case output(String)
}

/// What an expression depends on.
package struct ExpressionReferences: Sendable, Hashable {
    package struct TaskReference: Sendable, Hashable {
        package var name: String
        package var member: TaskMember
    }

    /// In the order of the text, each once.
    package private(set) var variables: [String] = []
    /// In the order of the text, each once.
    package private(set) var tasks: [TaskReference] = []
    package private(set) var usesItem = false

    package var isEmpty: Bool { variables.isEmpty && tasks.isEmpty && !usesItem }

    init(of root: ExpressionNode) { add(root) }

    private mutating func add(_ node: ExpressionNode) {
        switch node.kind {
        case .literal: break
        case .variable(let name):
            if !variables.contains(name) { variables.append(name) }
        case .task(let name, let member):
            let task = TaskReference(name: name, member: member)
            if !tasks.contains(task) { tasks.append(task) }
        case .item: usesItem = true
        case .access(let base, _): add(base)
        case .not(let operand): add(operand)
        case .comparison(let left, _, let right):
            add(left)
            add(right)
        case .list(let operands), .all(let operands), .any(let operands), .call(_, let operands):
            for operand in operands { add(operand) }
        }
    }
}
