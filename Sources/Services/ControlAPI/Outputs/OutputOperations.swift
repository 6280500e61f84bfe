internal import Hummingbird
internal import RunStore
internal import SlipwayCore

/// What clients read of the results that tasks gave: a list with what is short, and each one whole.
struct OutputOperations: Sendable {
    let store: RunStore
    let limits: ControlAPILimits

    var all: [Operation] {
        [
            Operation("ListJobRunOutputs", .get, "/runs/{id}/outputs", allows: .team(.viewer), list),
            Operation("GetJobRunOutput", .get, "/runs/{id}/outputs/{task}/{name}", allows: .team(.viewer), download),
        ]
    }

    /// A value longer than `limits.listedOutputBytes` is left out; `links.self` has it.
    @Sendable private func list(_ call: Call) async throws -> Response {
        let query = try call.query("task", "limit", "after")
        let page = try await call.page(query, default: limits.pageRows)
        let after = try page.place { $0.count == 2 ? OutputName(task: $0[0], name: $0[1]) : nil }
        let run = try await call.run(.viewer, in: store)
        let outputs = try await store.outputs(
            run.id,
            task: query.text("task"),
            after: after,
            limit: page.limit,
            valueBytes: limits.listedOutputBytes
        )
        return .json { json in
            json.object { json in
                json.array("outputs", outputs) { $0.output($1, of: run.id) }
                json.member("next", page.next(outputs) { [$0.task, $0.name] })
            }
        }
    }

    @Sendable private func download(_ call: Call) async throws -> Response {
        let query = try call.query("form", "format", "rows")
        let form = try query.choice("form", default: OutputDocument.RowForm.objects)
        let asked = try query.text("format") == nil ? nil : query.choice("format", default: OutputDocument.Format.json)
        let rows = try query.integer("rows", default: Int.max, allowed: 0...Int.max)
        let name = OutputName(task: call.segment("task"), name: call.segment("name"))
        let run = try await call.run(.viewer, in: store)
        guard let output = try await store.output(run.id, name) else {
            let names = try await store.outputNames(run.id, limit: limits.pageRows)
            throw Problem.outputNotFound(run.id, name, there: names)
        }
        let document = OutputDocument(output: output, rows: rows, form: form)
        guard let format = asked ?? document.format(accepting: call.request.headers[.accept] ?? "") else {
            throw Problem.notAcceptable(call.request.headers[.accept] ?? "", allowed: OutputDocument.Format.types)
        }
        let path =
            output.kind == .path ? nil : try await store.output(run.id, OutputName(task: name.task, name: "path"))
        return Self.response(document, format, of: run, path: path?.value.string)
    }

    private static func response(
        _ document: OutputDocument,
        _ format: OutputDocument.Format,
        of run: RunRecord,
        path: String?
    ) -> Response {
        let body = document.bytes(format)
        var headers: HTTPFields = [
            .contentType: format.contentType(hasHeader: true), .contentLength: String(body.count),
        ]
        let words = [run.jobName, String(run.id.description.suffix(12)), document.output.task, document.output.name]
        headers[.contentDisposition] =
            "attachment; filename=\"\(words.map(fileWord).joined(separator: "-")).\(format.fileExtension)\""
        // Where all rows are, if the task wrote them to files.
        if let path, path.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) { headers[HeaderNames.outputPath] = path }
        return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: body)))
    }

    /// What every file system takes.
    private static func fileWord(_ text: String) -> String {
        String(text.map { $0.isASCII && ($0.isLetter || $0.isNumber || "._-".contains($0)) ? $0 : "_" })
    }
}

extension JSONWriter {
    fileprivate mutating func output(_ output: OutputRecord, of run: RunID) {
        object { json in
            json.member("task", output.task)
            json.member("name", output.name)
            json.member("kind", output.kind)
            if let columns = output.columns { json.columns(columns) }
            json.member("value", output.value)
            json.member("value_bytes", output.valueBytes)
            json.member("sample_count", output.sampleCount)
            json.member("row_count", output.rowCount)
            json.member("truncated", output.isTruncated)
            json.member("created_at", output.createdAt)
            json.object("links") { $0.member("self", Links.output(run, output.task, output.name)) }
        }
    }

    private mutating func columns(_ columns: [TaskOutput.Column]) {
        array("columns", columns) { json, column in
            json.object { json in
                json.member("name", column.name)
                json.member("type", column.type)
            }
        }
    }
}
