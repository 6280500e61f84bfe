import DevStack
import FoundationEssentials
import SlipwayCore
import TestSupport
import Testing

extension StackTests {
    /// Queries through the engine, against the answers of another database on the same files.
    @Suite(.enabled(if: Given.pythonEnvironment != nil, "SLIPWAY_TEST_PYTHON_ENV is not set")) struct QueryTests {
        @Test("TPC-H query 1 gives what DuckDB finds in the same files")
        func pricingSummary() async throws {
            let site = try Site.current()
            let data = try await TPCHData.shared.folder()
            try await site.apply(try Self.example("tpch-q1"))
            let run = try await succeeded("tpch-q1", data, on: site)
            let outputs = try await outputs(of: run, on: site)
            try await compare(outputs["q1.result"], with: Oracle.pricingSummary, data)
        }

        @Test("a report of three queries gives each result, and writes the largest as Parquet")
        func report() async throws {
            let site = try Site.current()
            let data = try await TPCHData.shared.folder()
            let results = "\(site.folder)/results"
            try await site.apply(try Self.example("tpch-report").replacing("/data/results", with: results))
            let run = try await succeeded("tpch-report", data, on: site)
            let outputs = try await outputs(of: run, on: site)
            try await compare(outputs["pricing_summary.result"], with: Oracle.pricingSummary, data)
            try await compare(outputs["unshipped_orders.result"], with: Oracle.unshippedOrders + " LIMIT 10", data)
            try await compare(outputs["revenue_forecast.result"], with: Oracle.revenueForecast, data)
            let written = try await Oracle.rows(
                of:
                    "SELECT * FROM read_parquet('\(results)/unshipped-orders/\(run)/*.parquet') ORDER BY revenue DESC, o_orderdate, l_orderkey",
                data
            )
            #expect(written.count > 10)
            #expect(written == (try await Oracle.rows(of: Oracle.unshippedOrders, data)))
        }

        @Test("a Python task on data frames gives DuckDB's rows, its count, and a warning")
        func dataFrame() async throws {
            let site = try Site.current()
            let data = try await TPCHData.shared.folder()
            try await site.apply(try Self.example("dataframe"))
            let run = try await succeeded("dataframe", data, on: site)
            let outputs = try await outputs(of: run, on: site)
            try await compare(outputs["best_customers.result"], with: Oracle.bestCustomers, data)
            let inDebt = try await Oracle.rows(of: "SELECT count(*) FROM customer WHERE c_acctbal < 0", data)
            #expect(outputs["best_customers.in_debt"]?["value"]?.text == inDebt.first?.first)
            #expect(try await site.run(run).text("warnings") == "1")
        }

        @Test("a query in a file beside the job file gives what DuckDB finds")
        func file() async throws {
            let site = try Site.current()
            let data = try await TPCHData.shared.folder()
            let applied = try await site.slipway(
                "job",
                "apply",
                "\(Given.repository)/deploy/examples/tpch-shipping.yaml"
            )
            #expect(applied.status == 0, "\(applied.notes)")
            let run = try await succeeded("tpch-shipping", data, on: site)
            try await compare(outputs(of: run, on: site)["late_lines.result"], with: Oracle.lateLines, data)
        }

        // MARK: Steps

        private static func example(_ name: String) throws -> String {
            try String(contentsOf: URL(filePath: "\(Given.repository)/deploy/examples/\(name).yaml"), encoding: .utf8)
        }

        /// Runs a job on the data to its end, which is success.
        private func succeeded(_ job: String, _ data: String, on site: Site) async throws -> String {
            let run = try await site.create(job, variables: ["data": data])[0]
            let answer = try await site.slipway("run", "wait", run, within: .seconds(180))
            if answer.status != 0 { throw Unexpected(try await site.slipway("run", "show", run).output) }
            return run
        }

        /// By task and name.
        private func outputs(of run: String, on site: Site) async throws -> [String: JSONValue] {
            let outputs = try await site.slipway.json("run", "output", run)["outputs"]?.elements ?? []
            return Dictionary(uniqueKeysWithValues: outputs.map { ("\($0.text("task")).\($0.text("name"))", $0) })
        }

        private func compare(_ output: JSONValue?, with query: String, _ data: String) async throws {
            let found = (output?["value"]?.elements ?? []).map { $0.elements.map(\.text) }
            let expected = try await Oracle.rows(of: query, data)
            #expect(!expected.isEmpty)
            #expect(found.count == expected.count)
            let wrong = zip(found, expected).filter { !Oracle.agree($0, $1) }
            #expect(wrong.isEmpty, "found and expected")
        }
    }
}
