/// A statement and its parameters, which are always bound, never spliced into the text.
///
/// ```swift
/// let query: PostgresQuery = "SELECT name FROM teams WHERE id = \(id) AND state = ANY(\(states))"
/// ```
/// Each interpolated value becomes `$1`, `$2`… Queries with the same text and parameter types share a prepared statement.
package struct PostgresQuery: Sendable {
    /// The statement with its placeholders.
    package private(set) var sql: String
    var parameters: PostgresParameters
    /// How long it may run; the configuration's `statementTimeout` if `nil`.
    package var timeout: Duration?

    /// SQL kept as text, with `$1`, `$2`… for the parameters.
    package init(_ sql: String, _ parameters: [any PostgresEncodable] = []) {
        self.sql = sql
        self.parameters = PostgresParameters()
        for parameter in parameters {
            self.parameters.append(parameter)
        }
    }

    /// SQL kept as text, with parameters whose types are known where it is called.
    package init<each Parameter: PostgresEncodable>(_ sql: String, binding parameter: repeat each Parameter) {
        self.sql = sql
        parameters = PostgresParameters()
        for value in repeat each parameter {
            parameters.append(value)
        }
    }

    /// The same query with a deadline of its own.
    package func timeout(_ timeout: Duration) -> PostgresQuery {
        var copy = self
        copy.timeout = timeout
        return copy
    }

    /// A name written so that the server takes it as an identifier, whatever it contains.
    package static func quotedIdentifier(_ name: String) -> String {
        "\"" + name.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
    }
}

extension PostgresQuery: ExpressibleByStringInterpolation {
    package struct StringInterpolation: StringInterpolationProtocol {
        fileprivate var sql = ""
        fileprivate var parameters = PostgresParameters()

        package init(literalCapacity: Int, interpolationCount: Int) {
            sql.reserveCapacity(literalCapacity + 3 * interpolationCount)
        }

        package mutating func appendLiteral(_ literal: String) {
            sql += literal
        }

        /// A bound parameter.
        package mutating func appendInterpolation(_ value: some PostgresEncodable) {
            parameters.append(value)
            sql += "$\(parameters.count)"
        }

        /// A bound parameter that may be NULL. The label tells it from a forgotten unwrapping.
        package mutating func appendInterpolation<Value: PostgresEncodable>(nullable value: Value?) {
            parameters.append(value)
            sql += "$\(parameters.count)"
        }

        /// Text that becomes part of the statement: for identifiers and fixed fragments only, never for values.
        package mutating func appendInterpolation(unescaped text: String) {
            sql += text
        }
    }

    package init(stringInterpolation: StringInterpolation) {
        sql = stringInterpolation.sql
        parameters = stringInterpolation.parameters
    }

    package init(stringLiteral sql: String) {
        self.init(sql)
    }
}

extension PostgresQuery: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The statement's text; no values.
    package var description: String { sql }

    package var debugDescription: String { sql }

    package var customMirror: Mirror { Mirror(self, children: ["sql": sql]) }
}

/// Parameters already in the form the wire wants, one after the other in one buffer.
struct PostgresParameters: Sendable {
    struct Entry: Sendable {
        let type: PostgresType
        /// Where it begins in `bytes`.
        let offset: Int
        /// In bytes; -1 for NULL.
        let length: Int
    }

    private(set) var bytes: [UInt8] = []
    private(set) var entries: [Entry] = []
    /// The first text with a NUL character, counted from 1: the server's text cannot hold one and would lose the rest.
    private(set) var firstWithNUL: Int?

    var count: Int { entries.count }

    mutating func append<Value: PostgresEncodable>(_ value: Value) {
        let offset = bytes.count
        let type = Value.postgresType
        guard value.encode(into: &bytes) else {
            entries.append(Entry(type: type, offset: offset, length: -1))
            return
        }
        entries.append(Entry(type: type, offset: offset, length: bytes.count - offset))
        if type.format == .text {
            if firstWithNUL == nil, bytes[offset...].contains(0) { firstWithNUL = entries.count }
            bytes.append(0)
        }
    }
}
