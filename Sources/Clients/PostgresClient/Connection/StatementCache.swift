/// Which statements a connection has prepared, at most so many, the least recently used leaving first.
struct StatementCache {
    /// Statements with the same text but other parameter types are different ones.
    struct Key: Hashable {
        let sql: String
        let types: [UInt32]
    }

    private let capacity: Int
    private var statements: [Key: PreparedStatement] = [:]
    private var clock: UInt64 = 0
    private var namesGiven: UInt64 = 0

    init(capacity: Int) {
        precondition(capacity >= 1, "a statement cache holds one statement at least")
        self.capacity = capacity
    }

    var count: Int { statements.count }

    /// The statement if it is prepared; it counts as used now.
    mutating func find(_ key: Key) -> PreparedStatement? {
        guard let statement = statements[key] else { return nil }
        clock += 1
        statement.lastUse = clock
        return statement
    }

    /// Gives a new statement a name.
    ///
    /// - Returns: it, and the name of the one that had to make room, for the server to forget.
    mutating func insert(_ key: Key) -> (statement: PreparedStatement, evicted: String?) {
        var evicted: String?
        if statements.count >= capacity, let oldest = statements.min(by: { $0.value.lastUse < $1.value.lastUse }) {
            statements[oldest.key] = nil
            evicted = oldest.value.name
        }
        clock += 1
        namesGiven += 1
        let statement = PreparedStatement(name: "s\(namesGiven)", key: key)
        statement.lastUse = clock
        statements[key] = statement
        return (statement, evicted)
    }

    /// Forgets a statement, unless another has taken its place meanwhile.
    ///
    /// - Returns: whether it was known.
    @discardableResult
    mutating func remove(_ statement: PreparedStatement) -> Bool {
        guard statements[statement.key] === statement else { return false }
        statements[statement.key] = nil
        return true
    }
}

/// A statement prepared on one connection.
final class PreparedStatement {
    let name: String
    let key: StatementCache.Key
    /// Known since its first result.
    var columns: ResultColumns?
    fileprivate(set) var lastUse: UInt64 = 0

    init(name: String, key: StatementCache.Key) {
        self.name = name
        self.key = key
    }
}
