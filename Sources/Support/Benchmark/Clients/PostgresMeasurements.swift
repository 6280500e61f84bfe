internal import EventLoop
internal import PostgresClient

/// Compares PostgresClient with `pgbench`, which asks the same server for the same.
struct PostgresMeasurements: Sendable {
    let url: String
    let seconds: Int

    private static let items = 10_000
    private static let batchRows = 500
    private static let payload = String(repeating: "x", count: 100)
    private var duration: Duration { .seconds(seconds) }

    func run(_ report: @Sendable (String) -> Void) async throws -> [Comparison] {
        let schema = ScratchName.fresh("_")
        let loop = EventLoop(name: "bench-postgres")
        defer { loop.shutdown() }
        return try await withPool(connections: 1, schema, loop) { pool in
            try await pool.query("CREATE SCHEMA \(unescaped: schema)")
            do {
                let comparisons = try await measure(pool, schema, loop, report)
                try await pool.query("DROP SCHEMA \(unescaped: schema) CASCADE")
                return comparisons
            } catch {
                try await pool.query("DROP SCHEMA \(unescaped: schema) CASCADE")
                throw error
            }
        }
    }

    private func measure(
        _ pool: PostgresPool,
        _ schema: String,
        _ loop: EventLoop,
        _ report: @Sendable (String) -> Void
    ) async throws -> [Comparison] {
        try await pool.query("CREATE TABLE items (id bigint PRIMARY KEY, payload text NOT NULL)")
        try await pool.query("CREATE TABLE inserted (id bigint NOT NULL, payload text NOT NULL)")
        try await pool.query(
            "INSERT INTO items SELECT id, \(Self.payload) FROM generate_series(1, \(Self.items)) AS id"
        )
        try await pool.query("ANALYZE items")
        let pgbench = try Pgbench(url: url, schema: schema, seconds: seconds)
        var comparisons: [Comparison] = []
        for (tasks, connections) in [(1, 1), (64, 1), (64, 8)] {
            report("PostgresClient: \(tasks) tasks, \(connections) connections")
            comparisons += try await withPool(connections: connections, schema, loop) { pool in
                [
                    try await selects(pool, tasks, connections, pgbench),
                    try await inserts(pool, tasks, connections, pgbench),
                ]
            }
        }
        report("PostgresClient: \(Self.batchRows) rows a statement")
        comparisons.append(try await batches(pool, pgbench))
        return comparisons
    }

    private func selects(
        _ pool: PostgresPool,
        _ tasks: Int,
        _ connections: Int,
        _ pgbench: Pgbench
    ) async throws -> Comparison {
        let ours = try await ClosedLoop.rate(tasks: tasks, for: duration) { _ in
            let id = Int.random(in: 1...Self.items)
            return try await pool.query("SELECT payload FROM items WHERE id = \(id)").rowCount
        }
        let script = "\\set id random(1, \(Self.items))\nSELECT payload FROM items WHERE id = :id;\n"
        let limit = try await pgbench.transactionsPerSecond(script, clients: connections)
        return comparison("select by key", tasks, connections, "selects", ours, limit)
    }

    private func inserts(
        _ pool: PostgresPool,
        _ tasks: Int,
        _ connections: Int,
        _ pgbench: Pgbench
    ) async throws -> Comparison {
        let ours = try await ClosedLoop.rate(tasks: tasks, for: duration) { task in
            try await pool.query("INSERT INTO inserted (id, payload) VALUES (\(task), \(Self.payload))").affectedRows
        }
        let script = "INSERT INTO inserted (id, payload) VALUES (1, :payload);\n"
        let limit = try await pgbench.transactionsPerSecond(
            script,
            clients: connections,
            variables: ["payload": Self.payload]
        )
        return comparison("insert and commit", tasks, connections, "commits", ours, limit)
    }

    private func batches(_ pool: PostgresPool, _ pgbench: Pgbench) async throws -> Comparison {
        let ids = (1...Self.batchRows).map(Int64.init)
        let payloads = Array(repeating: Self.payload, count: Self.batchRows)
        let ours = try await ClosedLoop.rate(tasks: 1, for: duration) { _ in
            try await pool.query("INSERT INTO inserted SELECT * FROM unnest(\(ids), \(payloads))").affectedRows
        }
        let variables = [
            "ids": "{\(ids.map(String.init).joined(separator: ","))}",
            "payloads": "{\(payloads.joined(separator: ","))}",
        ]
        let script = "INSERT INTO inserted SELECT * FROM unnest(:ids::bigint[], :payloads::text[]);\n"
        let limit = try await pgbench.transactionsPerSecond(script, clients: 1, variables: variables)
        return comparison("insert \(Self.batchRows) rows at once", 1, 1, "rows", ours, limit * Double(Self.batchRows))
    }

    private func comparison(
        _ what: String,
        _ tasks: Int,
        _ connections: Int,
        _ unit: String,
        _ ours: Double,
        _ limit: Double
    ) -> Comparison {
        Comparison(
            client: "PostgresClient",
            what:
                "\(what), \(tasks) task\(tasks == 1 ? "" : "s"), \(connections) connection\(connections == 1 ? "" : "s")",
            unit: unit,
            perSecond: ours,
            limitName: "pgbench -c \(connections)",
            limitPerSecond: limit
        )
    }

    private func withPool<Value>(
        connections: Int,
        _ schema: String,
        _ loop: EventLoop,
        _ body: (PostgresPool) async throws -> Value
    ) async throws -> Value {
        var configuration = try PostgresConfiguration(url: url)
        configuration.poolSize = connections
        configuration.searchPath = schema
        configuration.applicationName = "slipway-bench"
        let pool = PostgresPool(configuration: configuration, eventLoop: loop, logger: Quiet.logger)
        do {
            let value = try await body(pool)
            await pool.close()
            return value
        } catch {
            await pool.close()
            throw error
        }
    }
}
