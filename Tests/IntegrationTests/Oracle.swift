import DevStack
import FoundationEssentials
import TestSupport

/// The files all query tests read, made once.
actor TPCHData {
    static let shared = TPCHData()
    private var making: Task<String, any Error>?

    func folder() async throws -> String {
        // why: several tests wait for the files, so their making belongs to none of them.
        let task = making ?? Task { try await Self.make() }
        making = task
        return try await task.value
    }

    private static func make() async throws -> String {
        let folder = try IntegrationFolder.shared.folder("tpch")
        let generator = try TestProcess(
            "\(Given.pythonEnvironment ?? "")/bin/tpchgen-cli",
            ["parquet", "-s", "0.01", "--output-dir", folder]
        )
        let exit = try await generator.waitForExit(within: .seconds(120))
        guard exit == .status(0) else { throw Unexpected(generator.output) }
        return folder
    }
}

/// DuckDB.
enum Oracle {
    /// A query's rows as text; a floating-point number has `~` in front.
    static func rows(of query: String, _ data: String) async throws -> [[String]] {
        let process = try TestProcess("\(Given.pythonEnvironment ?? "")/bin/python3", ["-c", script, data, query])
        let exit = try await process.waitForExit(within: .seconds(120))
        guard exit == .status(0) else { throw Unexpected(process.output) }
        return try JSONDecoder().decode([[String]].self, from: Data(process.output.utf8))
    }

    private static let script = """
        import duckdb, json, sys
        data, query = sys.argv[1:]
        database = duckdb.connect()
        for table in ["customer", "lineitem", "nation", "orders", "region", "supplier"]:
            database.execute(f"CREATE VIEW {table} AS SELECT * FROM read_parquet('{data}/{table}.parquet')")
        rows = database.execute(query).fetchall()
        print(json.dumps([[f"~{cell!r}" if isinstance(cell, float) else str(cell) for cell in row] for row in rows]))
        """

    /// Whether a row says the same: whole and decimal numbers exactly, floating-point ones to six digits after the point.
    static func agree(_ found: [String], _ expected: [String]) -> Bool {
        found.count == expected.count
            && zip(found, expected).allSatisfy { found, expected in
                guard expected.hasPrefix("~") else { return plain(found) == plain(expected) }
                guard let left = Double(found), let right = Double(expected.dropFirst()) else { return false }
                return abs(left - right) <= 1e-6
            }
    }

    /// A decimal number without zeros at its end; other text as it is.
    private static func plain(_ text: String) -> String {
        guard text.contains("."), Double(text) != nil else { return text }
        let digits = text[...(text.lastIndex { $0 != "0" } ?? text.startIndex)]
        return String(digits.hasSuffix(".") ? digits.dropLast() : digits)
    }

    static let pricingSummary = """
        SELECT l_returnflag, l_linestatus, sum(l_quantity), sum(l_extendedprice), sum(l_extendedprice * (1 - l_discount)),
            sum(l_extendedprice * (1 - l_discount) * (1 + l_tax)), avg(l_quantity), avg(l_extendedprice), avg(l_discount),
            count(*)
        FROM lineitem WHERE l_shipdate <= DATE '1998-12-01' - 90 GROUP BY ALL ORDER BY 1, 2
        """

    static let unshippedOrders = """
        SELECT l_orderkey, sum(l_extendedprice * (1 - l_discount)) AS revenue, o_orderdate, o_shippriority
        FROM customer JOIN orders ON c_custkey = o_custkey JOIN lineitem ON l_orderkey = o_orderkey
        WHERE c_mktsegment = 'BUILDING' AND o_orderdate < DATE '1995-03-15' AND l_shipdate > DATE '1995-03-15'
        GROUP BY ALL ORDER BY revenue DESC, o_orderdate, l_orderkey
        """

    static let revenueForecast = """
        SELECT sum(l_extendedprice * l_discount) FROM lineitem
        WHERE year(l_shipdate) = 1994 AND l_discount BETWEEN 0.05 AND 0.07 AND l_quantity < 24
        """

    static let lateLines = """
        SELECT l_shipmode, count(*) FILTER (o_orderpriority IN ('1-URGENT', '2-HIGH')),
            count(*) FILTER (o_orderpriority NOT IN ('1-URGENT', '2-HIGH'))
        FROM orders JOIN lineitem ON o_orderkey = l_orderkey
        WHERE l_shipmode IN ('MAIL', 'SHIP') AND l_commitdate < l_receiptdate AND l_shipdate < l_commitdate
            AND year(l_receiptdate) = 1994
        GROUP BY ALL ORDER BY 1
        """

    static let bestCustomers = """
        SELECT n_name, row_number() OVER (PARTITION BY n_name ORDER BY c_acctbal DESC, c_custkey) AS place, c_name, c_acctbal
        FROM customer JOIN nation ON c_nationkey = n_nationkey WHERE c_acctbal >= 0
        QUALIFY place <= 3 ORDER BY 1, 2
        """
}
