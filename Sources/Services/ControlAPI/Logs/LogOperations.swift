internal import Hummingbird
internal import RunStore
internal import SlipwayCore

/// What clients read of a run's logs: a page as JSON, the whole as text, or lines as they come.
struct LogOperations: Sendable {
    let store: RunStore
    let live: LiveRuns
    let limits: ControlAPILimits

    var all: [Operation] { [Operation("GetJobRunLogs", .get, "/runs/{id}/logs", logs)] }

    @Sendable private func logs(_ call: Call) async throws -> Response {
        let query = try call.query("stream", "after", "follow")
        let id = try call.runID()
        let reader = LogReader(
            store: store,
            run: id,
            stream: try query.text("stream"),
            chunksPerPage: limits.logChunksPerPage
        )
        let cursor = try Self.cursor(query, call.request)
        guard let run = try await store.run(id) else { throw Problem.runNotFound(id) }
        let accept = call.request.headers[.accept] ?? ""
        if try query.flag("follow") || accept.contains("text/event-stream") {
            return try follow(id, reader, from: cursor, requestID: call.requestID)
        }
        if accept.contains("text/plain") { return text(reader, from: cursor) }
        return try await page(reader, from: cursor, of: run)
    }

    private static func cursor(_ query: QueryReader, _ request: Request) throws(Problem) -> LogCursor {
        guard let text = try query.text("after") else {
            return request.headers[HeaderNames.lastEventID].flatMap(LogCursor.init) ?? LogCursor()
        }
        guard let cursor = LogCursor(text) else {
            throw Problem.invalidParameter(
                FieldError(
                    field: "after",
                    value: String(text.prefix(100)),
                    message: "is not a position in a log",
                    allowed: ["the member next of the page before", "the id of an event"]
                )
            )
        }
        return cursor
    }

    // MARK: Forms

    private func page(_ reader: LogReader, from cursor: LogCursor, of run: RunRecord) async throws -> Response {
        let page = try await reader.page(after: cursor)
        let streams = try await store.logStreams(run.id)
        return .json { json in
            json.object { json in
                json.array("lines", page.lines) { $0.line($1) }
                json.member("next", page.cursor.description)
                json.member("complete", run.state.isTerminal && !page.isFull)
                json.array("streams", streams) { json, stream in
                    json.object { json in
                        json.member("name", stream.stream)
                        json.member("lines", stream.lines)
                    }
                }
            }
        }
    }

    /// The lines alone. Read page by page as fast as the client takes them.
    private func text(_ reader: LogReader, from cursor: LogCursor) -> Response {
        Response(
            status: .ok,
            headers: [.contentType: "text/plain; charset=utf-8"],
            body: ResponseBody { writer in
                var cursor = cursor
                while true {
                    let page = try await reader.page(after: cursor)
                    cursor = page.cursor
                    var text = ByteBuffer()
                    for line in page.lines { text.writeString(line.line.text + "\n") }
                    if text.readableBytes > 0 { try await writer.write(text) }
                    if !page.isFull { break }
                }
                try await writer.finish(nil)
            }
        )
    }

    /// What there is, then each line as it is stored, until the run is over. An event's id is the position after it.
    private func follow(
        _ id: RunID,
        _ reader: LogReader,
        from cursor: LogCursor,
        requestID: String
    ) throws(Problem) -> Response {
        let pulses = try live.follow(id)
        return EventStream.response(requestID: requestID) { events in
            var cursor = cursor
            try await sendLines(of: reader, after: &cursor, to: &events)
            for await pulse in pulses {
                let before = cursor
                try await sendLines(of: reader, after: &cursor, to: &events)
                if pulse.state.isTerminal {
                    try await events.send("end") { json in
                        json.object { json in
                            json.member("id", id)
                            json.member("state", pulse.state)
                        }
                    }
                    return
                }
                if before == cursor { try await events.alive() }
            }
        }
    }

    @concurrent private func sendLines(
        of reader: LogReader,
        after cursor: inout LogCursor,
        to events: inout EventStream
    ) async throws {
        while true {
            let page = try await reader.page(after: cursor)
            var position = cursor
            var text = ByteBuffer()
            for line in page.lines {
                position.advance(past: line)
                text.writeString("id: \(position)\nevent: line\ndata: ")
                text.writeBytes(JSONWriter.text { $0.line(line) })
                text.writeString("\n\n")
            }
            try await events.send(text)
            cursor = page.cursor
            if !page.isFull { return }
        }
    }
}

extension LogCursor {
    fileprivate mutating func advance(past line: NamedLogLine) {
        let position = LogPosition(placement: line.placement, sequence: line.line.sequence)
        if line.stream == "sail" { sail = position } else { runner = position }
    }
}

extension JSONWriter {
    fileprivate mutating func line(_ line: NamedLogLine) {
        object { json in
            json.member("stream", line.stream)
            json.member("placement", line.placement)
            json.member("sequence", line.line.sequence)
            json.member("at", Timestamp(microsecondsSince1970: line.line.milliseconds * 1000))
            json.member("channel", line.line.channel)
            json.member("text", line.line.text)
        }
    }
}
