internal import Hummingbird
internal import RunStore
internal import SlipwayCore

/// Lines of one stream by their number, for who scrolls through a long log: `GetJobRunLogs` goes through it in order.
struct LogLinesOperation: Sendable {
    private static let maximumLines = 2000

    let store: RunStore

    var all: [Operation] {
        [Operation("ListJobRunLogLines", .get, "/runs/{id}/logs/lines", allows: .team(.viewer), lines)]
    }

    /// `from` is the number of the first line, from 0; without it the last lines are given. `at` is the position of a line,
    /// placement and number with a full stop between them: then the lines around it.
    @Sendable private func lines(_ call: Call) async throws -> Response {
        let query = try call.query("stream", "from", "at", "count")
        let stream = try Self.stream(query)
        let count = try query.integer("count", default: 500, allowed: 1...Self.maximumLines)
        let at = try Self.position(query)
        let given = try query.text("from") == nil ? nil : query.integer("from", default: 0, allowed: 0...Int.max / 2)
        let run = try await call.run(.viewer, in: store)
        let id = run.id
        var found: Int?
        if let at { found = try await store.logLineNumber(id, stream: stream, at: at) }
        var from = given ?? found.map { max(0, $0 - count / 2) }
        if from == nil {
            let total = try await store.logLines(id, stream: stream, from: 0, count: 0).total
            from = max(0, total - count)
        }
        let answer = try await store.logLines(id, stream: stream, from: from ?? 0, count: count)
        return .json { json in
            json.object { json in
                json.member("stream", stream)
                json.member("total", answer.total)
                json.member("from", answer.first)
                json.member("found", found)
                json.member("complete", run.state.isTerminal)
                json.array("lines", answer.lines) { json, numbered in
                    json.object { json in
                        json.member("placement", numbered.placement)
                        json.member("sequence", numbered.line.sequence)
                        json.member("at", Timestamp(microsecondsSince1970: numbered.line.milliseconds * 1000))
                        json.member("channel", numbered.line.channel)
                        json.member("text", numbered.line.text)
                    }
                }
            }
        }
    }

    private static func stream(_ query: QueryReader) throws(Problem) -> String {
        let name = try query.text("stream") ?? ""
        guard LogStreams.isName(name), name != LogStreams.events else {
            throw Problem.invalidParameter(
                FieldError(
                    field: "stream",
                    value: name.isEmpty ? nil : String(name.prefix(100)),
                    message: name.isEmpty ? "is required" : "is not a stream with numbered lines",
                    allowed: ["sail", "runner", "task/ and a task's name"]
                )
            )
        }
        return name
    }

    private static func position(_ query: QueryReader) throws(Problem) -> LogPosition? {
        guard let text = try query.text("at") else { return nil }
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, let placement = Int32(parts[0]), let sequence = Int64(parts[1]), placement >= 0,
            sequence >= 0
        else {
            throw Problem.invalidParameter(
                FieldError(
                    field: "at",
                    value: String(text.prefix(100)),
                    message: "is not a line's position",
                    allowed: ["placement and sequence of a line, such as 1.532"]
                )
            )
        }
        return LogPosition(placement: Int(placement), sequence: sequence)
    }
}
