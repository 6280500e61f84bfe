import Foundation
import SlipwayCore
import Testing

@Suite("SQL on Sail", .enabled(if: SailUnderTest.isAvailable))
struct SQLTaskTests {
    let sail: SailUnderTest

    init() throws { sail = try SailUnderTest() }

    private static let load = """
        spark.read.parquet(context.variables["data"] + "/lineitem.parquet").createOrReplaceTempView("lineitem")
        """

    private static let pricingSummary = """
        SELECT l_returnflag, l_linestatus, sum(l_quantity) AS sum_qty, sum(l_extendedprice) AS sum_base_price,
          sum(l_extendedprice * (1 - l_discount)) AS sum_disc_price,
          sum(l_extendedprice * (1 - l_discount) * (1 + l_tax)) AS sum_charge, count(*) AS count_order
        FROM lineitem WHERE l_shipdate <= date_sub(DATE '1998-12-01', :days)
        GROUP BY l_returnflag, l_linestatus ORDER BY l_returnflag, l_linestatus
        """

    /// What DuckDB answers to the same query over the same files.
    private static let pricingSummaryAnswer: [[JSONValue]] = [
        ["A", "F", "380456.00", "532348211.65", "505822441.4861", "526165934.000839"],
        ["N", "F", "8971.00", "12384801.37", "11798257.2080", "12282485.056933"],
        ["N", "O", "742802.00", "1041502841.45", "989737518.6346", "1029418531.523350"],
        ["R", "F", "381449.00", "534594445.35", "507996454.4067", "528524219.358903"],
    ].map { $0.map { .string($0) } }

    @Test("TPC-H query 1 gives the right answer, with a variable bound")
    func pricingSummary() throws {
        let data = try sail.makeTables()
        let outcome = try sail.run(
            [.python(Self.load, name: "load"), .sql(Self.pricingSummary, name: "q1")],
            variables: ["data": .string(data), "days": .integer(90)]
        ).outcome()
        #expect(outcome.exitCode == 0, "\(outcome.lines.suffix(3))")
        let output = try #require(outcome.output("result", of: "q1"))
        #expect(
            output.columns?.map(\.type) == [
                "string", "string", "decimal(25,2)", "decimal(25,2)", "decimal(38,4)", "decimal(38,6)", "bigint",
            ]
        )
        guard case .array(let rows) = output.value else { return #expect(Bool(false), "rows are an array") }
        let values = rows.map { row -> [JSONValue] in if case .array(let cells) = row { cells } else { [] } }
        #expect(values.map { Array($0.dropLast()) } == Self.pricingSummaryAnswer)
        #expect(values.map(\.last) == [.integer(14876), .integer(348), .integer(29181), .integer(14902)])
        #expect(output.rowCount == 4)
        #expect(!output.isTruncated)
        // A person sees the same in the log.
        #expect(outcome.log(of: "q1").contains { $0.contains("505822441.4861") })
        #expect(outcome.log(of: "q1").contains { $0.hasPrefix("[slipway] statement 1 of 1") })
    }

    @Test("values keep their types on the way")
    func types() throws {
        let outcome = try sail.run([
            .sql(
                """
                SELECT CAST(1.50 AS DECIMAL(15,2)) AS dec, DATE '2020-01-02' AS d, TIMESTAMP_NTZ '2020-01-02 03:04:05' AS tn,
                  TIMESTAMP '2020-01-02 03:04:05.678' AS ts, array(1, 2) AS a, map('k', 1) AS m, map(1, 2) AS pairs,
                  named_struct('x', 1, 'y', array('b')) AS s, CAST('abc' AS BINARY) AS b, double('NaN') AS nan,
                  double('-Infinity') AS inf, CAST(9223372036854775807 AS BIGINT) AS big, NULL AS nothing, true AS yes
                """
            )
        ]).outcome()
        let output = try #require(outcome.output("result", of: "task"))
        #expect(
            output.value
                == .array([
                    .array([
                        .string("1.50"), .string("2020-01-02"), .string("2020-01-02T03:04:05"),
                        .string("2020-01-02T03:04:05.678000Z"), .array([.integer(1), .integer(2)]),
                        .object(["k": .integer(1)]), .array([.array([.integer(1), .integer(2)])]),
                        .object(["x": .integer(1), "y": .array([.string("b")])]), .string("YWJj"), .string("NaN"),
                        .string("-Infinity"), .integer(.max), .null, .bool(true),
                    ])
                ])
        )
    }

    @Test("variables are bound, never pasted", arguments: ["it's", "'; DROP TABLE t; --", "\\", "ünï"])
    func binding(value: String) throws {
        let outcome = try sail.run(
            [
                .sql(
                    """
                    CREATE OR REPLACE TEMPORARY VIEW v AS SELECT :text AS kept, ':text' AS literal;
                    SELECT kept, literal, :text = kept, :number + 1, :flag FROM v WHERE :nothing IS NULL -- :text
                    """
                )
            ],
            variables: ["text": .string(value), "number": .integer(1 << 40), "flag": .bool(true), "nothing": .null]
        ).outcome()
        #expect(
            outcome.output("result", of: "task")?.value
                == .array([
                    .array([.string(value), .string(":text"), .bool(true), .integer(1 << 40 + 1), .bool(true)])
                ]),
            "\(outcome.lines.suffix(2))"
        )
    }

    @Test("a variable the job does not have is named")
    func unknownVariable() throws {
        let outcome = try sail.run([.sql("SELECT 1;\nSELECT :missing")], variables: ["known": .null]).outcome()
        #expect(
            outcome.failure(of: "task")?.message == "line 2: the job has no variable missing; its variables are: known"
        )
        #expect(outcome.exitCode == 1)
    }

    @Test("an unknown table is the job's error, told in Sail's words")
    func unknownTable() throws {
        let outcome = try sail.run([.sql("SELECT * FROM nowhere")]).outcome()
        let failure = try #require(outcome.failure(of: "task"))
        #expect(failure.failureClass == .user)
        #expect(failure.reason == .taskFailed)
        #expect(failure.errorName == "AnalysisException")
        #expect(failure.message.contains("[TABLE_OR_VIEW_NOT_FOUND]"))
        #expect(failure.message.contains("nowhere"))
        #expect(outcome.exitCode == 1)
    }

    @Test("only a sample of the rows is kept, and it says so")
    func truncated() throws {
        let outcome = try sail.run([.sql("SELECT * FROM range(100)", output: TaskSpec.OutputSettings(rowLimit: 3))])
            .outcome()
        let output = try #require(outcome.output("result", of: "task"))
        #expect(output.isTruncated)
        #expect(output.rowCount == nil)
        if case .array(let rows) = output.value { #expect(rows.count == 3) }
    }

    @Test("a sample that is too large fails with what to do")
    func tooLarge() throws {
        let outcome = try sail.run(
            [.sql("SELECT repeat('x', 1000) FROM range(100)")],
            limits: RunnerLimits(outputBytes: 5000)
        ).outcome()
        #expect(outcome.failure(of: "task")?.reason == .outputTooLarge)
        #expect(outcome.failure(of: "task")?.message.contains("output.path") == true)
        #expect(outcome.outputs.isEmpty)
    }

    @Test("a large result is written as Parquet with a manifest, and the sample keeps its order")
    func writtenResult() throws {
        let path = sail.folder.appending(path: "results").path + "/${run_id}"
        let outcome = try sail.run([
            .sql(
                "SELECT id, id % 7 AS r FROM range(50000) ORDER BY id DESC",
                output: TaskSpec.OutputSettings(rowLimit: 2, path: path)
            ),
            .sql(
                "SELECT 1 AS one WHERE false",
                name: "empty",
                output: TaskSpec.OutputSettings(path: path + "-empty")
            ),
        ]).outcome()
        #expect(outcome.exitCode == 0, "\(outcome.lines.suffix(3))")
        let written = try #require(outcome.output("path", of: "task"))
        let folder = try #require(written.value.string)
        #expect(folder.hasSuffix("/01900000-0000-7000-8000-000000000001"))
        #expect(written.rowCount == 50000)
        let manifest = try JSONDecoder().decode(
            JSONValue.self,
            from: Data(contentsOf: URL(filePath: folder).appending(path: "_MANIFEST.json"))
        )
        #expect(manifest["rows"] == .integer(50000))
        guard case .array(let files)? = manifest["files"] else { return #expect(Bool(false), "files are listed") }
        for file in files {
            let name = try #require(file["name"]?.string)
            #expect(FileManager.default.fileExists(atPath: "\(folder)/\(name)"))
        }
        let sample = try #require(outcome.output("result", of: "task"))
        #expect(sample.rowCount == 50000)
        #expect(sample.isTruncated)
        #expect(
            sample.value
                == .array([
                    .array([.integer(49999), .integer(49999 % 7)]), .array([.integer(49998), .integer(49998 % 7)]),
                ])
        )
        #expect(outcome.output("path", of: "empty")?.rowCount == 0)
    }

    @Test("Sail's death in the middle of a query is told within seconds, as infrastructure")
    func killedSail() throws {
        let runner = try sail.run([
            .python("spark.sql('select 1').collect(); print('ready')", name: "a"), .sql(Self.endless),
        ])
        let before = try runner.lines { $0.record == .task(TaskReport(name: "task", state: .running)) }
        let start = ContinuousClock.now
        sail.kill()
        let outcome = try runner.outcome(after: before)
        #expect(ContinuousClock.now - start < .seconds(10))
        #expect(outcome.exitCode == 2)
        #expect(outcome.failure(of: "task")?.failureClass == .infrastructure)
        #expect([.sailCrashed, .sailUnreachable].contains(outcome.failure(of: "task")?.reason))
    }

    private static let endless = """
        SELECT count(*) FROM range(100000000) a CROSS JOIN range(1000000) b WHERE (a.id * b.id) % 7 = 3
        """

    @Test("a query that takes too long is interrupted, and the session goes on")
    func queryTimeout() throws {
        let outcome = try sail.run([
            .sql("CREATE OR REPLACE TEMPORARY VIEW kept AS SELECT 5 AS n", name: "before"),
            .sql(Self.endless, name: "slow", timeoutSeconds: 2, allowFailure: true),
            .sql("SELECT n FROM kept", name: "after"),
        ]).outcome()
        #expect(outcome.states == ["before": .succeeded, "slow": .failed, "after": .succeeded])
        #expect(outcome.failure(of: "slow")?.message == "the task took longer than its timeout of 2 s")
    }

    @Test("cancelling interrupts the query")
    func cancelledQuery() throws {
        let runner = try sail.run([.sql("SELECT 1;" + Self.endless)])
        let before = try runner.lines { line in
            if case .log(_, _, let text) = line.record { text.contains("statement 1 of 2") } else { false }
        }
        let start = ContinuousClock.now
        runner.send(SIGTERM)
        let outcome = try runner.outcome(after: before)
        #expect(outcome.exitCode == 143)
        #expect(outcome.states["task"] == .cancelled)
        #expect(ContinuousClock.now - start < .seconds(8))
    }

    @Test("without Sail at its address the run fails as infrastructure")
    func noSail() throws {
        let outcome = try RunnerUnderTest(
            .test([.sql("SELECT 1")], sailAddress: "sc://127.0.0.1:1"),
            environment: SailUnderTest.runnerEnvironment
        ).outcome()
        #expect(outcome.failure(of: "task")?.reason == .sailUnreachable)
        #expect(outcome.exitCode == 2)
    }
}
