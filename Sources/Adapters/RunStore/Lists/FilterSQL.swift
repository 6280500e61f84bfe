internal import PostgresClient
internal import SlipwayCore

/// The conditions of a statement and their parameters, collected one by one.
struct SQLConditions {
    private(set) var texts: [String] = []
    private(set) var parameters: [any PostgresEncodable] = []

    /// All of them; what is always true if there are none.
    var text: String { texts.isEmpty ? "true" : texts.joined(separator: "\n    AND ") }

    /// A parameter's place in the statement.
    mutating func bind(_ value: some PostgresEncodable) -> String {
        parameters.append(value)
        return "$\(parameters.count)"
    }

    mutating func require(_ text: String) { texts.append(text) }

    /// A condition on a value, if there is one.
    mutating func require<Value: PostgresEncodable>(_ value: Value?, _ text: (String) -> String) {
        guard let value else { return }
        require(text(bind(value)))
    }
}

/// How a field of a filter is found in a statement.
enum FilterColumn {
    /// An expression of the field's kind.
    case value(String)
    /// An expression of an object in JSON.
    case map(String)
    /// An expression of an array of texts in JSON.
    case list(String)
}

extension SQLConditions {
    /// Adds a filter. Its values become parameters; only the expressions of `columns` become part of the text.
    mutating func require(_ filter: FilterCondition?, _ columns: [String: FilterColumn]) {
        guard let filter else { return }
        require(text(of: filter, columns))
    }

    private mutating func text(of condition: FilterCondition, _ columns: [String: FilterColumn]) -> String {
        switch condition {
        case .and(let parts): "(" + joined(parts, " AND ", columns) + ")"
        case .or(let parts): "(" + joined(parts, " OR ", columns) + ")"
        // What compares with nothing is not so, and its opposite is.
        case .not(let inner): "NOT coalesce(\(text(of: inner, columns)), false)"
        case .compare(let comparison): text(of: comparison, columns[comparison.field])
        }
    }

    private mutating func joined(
        _ parts: [FilterCondition],
        _ separator: String,
        _ columns: [String: FilterColumn]
    ) -> String {
        var texts: [String] = []
        for part in parts { texts.append(text(of: part, columns)) }
        return texts.joined(separator: separator)
    }

    private mutating func text(of comparison: FilterComparison, _ column: FilterColumn?) -> String {
        switch column {
        case .value(let expression): return text(of: comparison, expression)
        case .list(let expression):
            guard case .text(let text) = comparison.value else { return "coalesce(\(expression), '[]') <> '[]'" }
            return "\(expression) ? \(bind(text))"
        case .map(let expression):
            if let key = comparison.key {
                let name = bind(key)
                if comparison.value == .anything { return "\(expression) ? \(name)" }
                return text(of: comparison, Self.element(name, of: expression))
            }
            guard case .text(let text) = comparison.value else { return "\(expression) <> '{}'" }
            return "\(expression) ? \(bind(text))"
        case nil: preconditionFailure("the field \(comparison.field) has no column")
        }
    }

    /// A value of a map as text; a reference to a secret as `secret/key`.
    static func element(_ name: String, of expression: String) -> String {
        """
        (CASE jsonb_typeof(\(expression) -> \(name)::text) WHEN 'object'
            THEN concat_ws('/', \(expression) #>> ARRAY[\(name)::text, 'secret'], \(expression) #>> ARRAY[\(name)::text, 'key'])
            ELSE \(expression) ->> \(name)::text END)
        """
    }

    private mutating func text(of comparison: FilterComparison, _ expression: String) -> String {
        let value: String
        switch comparison.value {
        case .anything: return "\(expression) IS NOT NULL"
        case .text(let text): value = "\(bind(text))::text"
        case .integer(let number): value = "\(bind(number))::bigint"
        case .flag(let flag): value = "\(bind(flag))::boolean"
        case .time(let time): value = "\(bind(time))::timestamptz"
        case .seconds(let seconds): value = "\(bind(seconds))::double precision"
        case .identifier(let id): value = "\(bind(id))::uuid"
        }
        switch comparison.relation {
        case .has: return "strpos(lower(\(expression)), lower(\(value))) > 0"
        case .notEqual: return "\(expression) IS DISTINCT FROM \(value)"
        case .equal, .less, .lessOrEqual, .greater, .greaterOrEqual:
            return "\(expression) \(comparison.relation.rawValue) \(value)"
        }
    }
}
