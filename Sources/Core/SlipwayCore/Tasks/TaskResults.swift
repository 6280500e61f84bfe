/// What conditions and lists of items can ask for while a run executes.
struct TaskResults {
    struct Row {
        var state = TaskState.initial
        var attempt = 1
        var exitCode: Int?
        /// Of a task without items.
        var outputs: [String: JSONValue] = [:]
        /// Of each item that has any; `nil` for a task without items.
        var itemOutputs: [Int: [String: JSONValue]]?
        var itemCount = 0
        /// Outputs that there are and that were too large to be kept.
        var omittedOutputs: Set<String> = []
    }

    private let places: [String: Int]
    private let variables: [String: JSONValue]
    private(set) var keptBytes = 0
    var rows: [Row]

    init(_ graph: TaskGraph, variables: [String: JSONValue]) {
        places = graph.places
        self.variables = variables
        rows = [Row](repeating: Row(), count: graph.tasks.count)
    }

    /// Keeps an output, or at least that there is one. - Returns: whether there was room for it.
    mutating func keep(_ value: JSONValue, _ name: String, task: Int, item: Int?, bytes: Int) -> Bool {
        guard keptBytes + bytes <= TaskLimits.keptOutputBytes else {
            rows[task].omittedOutputs.insert(name)
            return false
        }
        keptBytes += bytes
        if let item {
            rows[task].itemOutputs?[item, default: [:]][name] = value
        } else {
            rows[task].outputs[name] = value
        }
        return true
    }

    /// What a failed attempt gave does not count for the next one.
    mutating func forgetOutputs(task: Int, item: Int?) {
        if let item { rows[task].itemOutputs?[item] = nil } else { rows[task].outputs = [:] }
    }

    /// Why an expression cannot be evaluated although it is right: what it asks for was too large to be kept.
    func obstacle(to expression: Expression) -> String? {
        for reference in expression.references.tasks {
            guard case .output(let name) = reference.member, let place = places[reference.name],
                rows[place].omittedOutputs.contains(name)
            else { continue }
            return "the output \(name) of \(reference.name) is too large to be asked for"
        }
        return nil
    }

    /// What expressions see, with an item if there is one.
    func scope(item: JSONValue? = nil) -> Scope { Scope(results: self, item: item) }

    struct Scope: ExpressionScope {
        fileprivate let results: TaskResults
        let item: JSONValue?

        func variable(_ name: String) -> JSONValue? { results.variables[name] }

        func member(_ member: TaskMember, ofTask name: String) -> JSONValue? {
            guard let place = results.places[name] else { return nil }
            let row = results.rows[place]
            switch member {
            case .state: return .string(row.state.rawValue)
            case .attempt: return .integer(Int64(row.attempt))
            case .exitCode: return row.exitCode.map { .integer(Int64($0)) } ?? .null
            case .output(let name):
                guard let items = row.itemOutputs else { return row.outputs[name] ?? .null }
                return .array((0..<row.itemCount).map { items[$0]?[name] ?? .null })
            }
        }
    }
}
