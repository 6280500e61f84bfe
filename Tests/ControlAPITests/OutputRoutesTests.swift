import ControlAPI
import RunStore
import SlipwayCore
import Testing

@Suite struct OutputRoutesTests {
    private static let rows = TaskOutput(
        task: "extract",
        name: "result",
        kind: .rows,
        columns: [
            .init(name: "n", type: "bigint"), .init(name: "text", type: "string"), .init(name: "n", type: "bigint"),
            .init(name: "list", type: "array<int>"),
        ],
        value: .array([
            .array([.integer(9_007_199_254_740_993), .string("a,\"b\""), .integer(2), .array([.integer(1)])]),
            .array([.null, .string(""), .null, .object(["k": .string("v")])]),
        ]),
        rowCount: 7,
        isTruncated: true
    )
    private static let path = TaskOutput(task: "extract", name: "path", kind: .path, value: .string("/data/x/1"))
    private static let count = TaskOutput(task: "count[0]", name: "n", kind: .scalar, value: .integer(3))
    private static let note = TaskOutput(task: "extract", name: "note", kind: .text, value: .string("two\nlines"))

    private func withOutputs(
        limits: ControlAPILimits = APIFixture.quick,
        _ body: @Sendable @escaping (APIFixture, RunID) async throws -> Void
    ) async throws {
        try await APIFixture.with(limits: limits) { api in
            try await api.applyJob()
            let fleet = try await TestFleet(api.store)
            let id = try await api.createRun()
            let claimed = try #require(try await fleet.place()[id])
            try await fleet.write(
                claimed,
                [("task/extract", "hello")],
                outputs: [Self.rows, Self.path, Self.count, Self.note]
            )
            try await body(api, id)
        }
    }

    @Test("rows are taken as objects, as arrays and as CSV, cut to a number of rows")
    func forms() async throws {
        try await withOutputs { api, id in
            let link = "/runs/\(id)/outputs/extract/result"
            let objects = try await api.client.get(link)
            #expect(objects.status == 200 && objects.headers["content-type"] == "application/json")
            #expect(
                objects.text == """
                    [{"list":[1],"n":9007199254740993,"n_2":2,"text":"a,\\"b\\""},\
                    {"list":{"k":"v"},"n":null,"n_2":null,"text":""}]

                    """
            )
            let name = "report-\(id.description.suffix(12))-extract-result"
            #expect(objects.headers["content-disposition"] == "attachment; filename=\"\(name).json\"")
            #expect(objects.headers["slipway-output-path"] == "/data/x/1")
            let arrays = try await api.client.get(link + "?form=arrays&rows=1")
            #expect(arrays.text == #"[[9007199254740993,"a,\"b\"",2,[1]]]"# + "\n")
            let csv = try await api.client.get(link, headers: [("accept", "text/csv")])
            #expect(csv.headers["content-type"] == "text/csv; charset=utf-8; header=present")
            #expect(csv.headers["content-disposition"]?.hasSuffix("\(name).csv\"") == true)
            #expect(
                csv.text
                    == "n,text,n,list\r\n9007199254740993,\"a,\"\"b\"\"\",2,\"[1]\"\r\n,\"\",,\"{\"\"k\"\":\"\"v\"\"}\"\r\n"
            )
            #expect(try await api.client.get(link + "?format=csv&rows=0").text == "n,text,n,list\r\n")
        }
    }

    @Test("an item's output, a text and a path have their forms too")
    func others() async throws {
        try await withOutputs { api, id in
            let count = try await api.client.get("/runs/\(id)/outputs/count%5B0%5D/n")
            #expect(count.text == "3\n" && count.headers["slipway-output-path"] == nil)
            let csv = try await api.client.get("/runs/\(id)/outputs/extract/note?format=csv")
            #expect(csv.text == "note\r\n\"two\nlines\"\r\n")
            let text = try await api.client.get("/runs/\(id)/outputs/extract/path", headers: [("accept", "text/plain")])
            #expect(text.text == "/data/x/1\n")
        }
    }

    @Test("what there is not, and a form that there is not, are refused with what there is")
    func refusals() async throws {
        try await withOutputs { api, id in
            let wrongName = try await api.client.get("/runs/\(id)/outputs/extract/total")
            #expect(wrongName.status == 404 && wrongName.code == "output_not_found")
            let names = try #require(wrongName.json["detail"]?.string)
            #expect(names.contains("extract/result") && names.contains("extract/note") && !names.contains("count"))
            let wrongTask = try await api.client.get("/runs/\(id)/outputs/load/result")
            #expect(wrongTask.json["detail"]?.string?.contains("count[0]/n") == true)
            let form = try await api.client.get(
                "/runs/\(id)/outputs/extract/result",
                headers: [("accept", "image/png, text/csv;q=0")]
            )
            #expect(form.status == 406 && form.code == "not_acceptable")
            #expect(form.json["detail"]?.string?.contains("application/json, text/csv") == true)
            for query in ["form=lines", "rows=-1", "format=parquet", "row=1"] {
                let answer = try await api.client.get("/runs/\(id)/outputs/extract/result?\(query)")
                #expect(answer.status == 400 && answer.code == "invalid_parameter", "\(query)")
            }
            let unknown = try await api.client.get("/runs/0192b1c4-7a2e-7c3d-9f00-5d1e2a3b4c5d/outputs/a/b")
            #expect(unknown.status == 404 && unknown.code == "run_not_found")
            for accept in ["text/csv;q=0.1, application/json;q=0.5", "*/*", "", "application/*, text/csv;q=0.2"] {
                let answer = try await api.client.get(
                    "/runs/\(id)/outputs/extract/result",
                    headers: [("accept", accept)]
                )
                #expect(answer.headers["content-type"] == "application/json", "\(accept)")
            }
        }
    }

    @Test("a list shows short values, the size of long ones, and where all of it is; it goes page by page")
    func list() async throws {
        var limits = APIFixture.quick
        limits.listedOutputBytes = 20
        try await withOutputs(limits: limits) { api, id in
            let all = try await api.client.get("/runs/\(id)/outputs").json.elements("outputs")
            let rows = try #require(all.first { $0["name"]?.string == "result" })
            #expect(rows["value"] == nil && rows.integer("sample_count") == 2 && rows.integer("row_count") == 7)
            #expect(rows["truncated"] == .bool(true) && (rows.integer("value_bytes") ?? 0) > 20)
            let count = try #require(all.first { $0["task"]?.string == "count[0]" })
            #expect(count["value"] == .integer(3) && count["sample_count"] == nil)
            let link = try #require(count["links"]?["self"]?.string)
            #expect(try await api.client.get(String(link.dropFirst("/api/v1".count))).text == "3\n")
            let first = try await api.client.get("/runs/\(id)/outputs?limit=3").json
            let next = try #require(first["next"]?.string)
            let second = try await api.client.get("/runs/\(id)/outputs?limit=3&after=\(next)").json
            #expect(first.elements("outputs").count == 3 && second.elements("outputs").count == 1)
            #expect(second["next"] == nil)
            #expect(try await api.client.get("/runs/\(id)/outputs?after=x").status == 400)
        }
    }
}
