internal import Hummingbird
internal import RunStore
internal import SlipwayCore

/// What clients read of a run's logs: a page as JSON, the whole as text, or lines as they come.
struct LogOperations: Sendable {
    let store: RunStore
    let live: LiveRuns
    let limits: ControlAPILimits

    var all: [Operation] { [Operation("GetJobRunLogs", .get, "/runs/{id}/logs", allows: .team(.viewer), logs)] }

    @Sendable private func logs(_ call: Call) async throws -> Response {
        let request = try LogRequest(try call.query(LogRequest.parameters), call.request)
        // Read before the lines: if it is over, they are all there.
        let run = try await call.run(.viewer, in: store)
        let id = run.id
        let reader = LogReader(
            store: store,
            run: id,
            streams: request.streams,
            filter: request.filter,
            chunksPerPage: limits.logChunksPerPage,
            tailBytes: limits.logTailBytes
        )
        switch request.form {
        case .follow: return try follow(run, reader, request, call)
        case .text: return text(reader, request)
        case .page: return try await page(reader, request, of: run)
        }
    }

    // MARK: Forms

    private func page(_ reader: LogReader, _ request: LogRequest, of run: RunRecord) async throws -> Response {
        let page = try await first(reader, request)
        let streams = try await store.logStreams(run.id)
        return .json { json in
            json.object { json in
                json.array("lines", page.lines) { $0.line($1) }
                json.member("next", page.cursor.description)
                json.member("more", page.isFull)
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

    /// The lines that are asked for first: a page from a position, or the last ones. Where few lines are wanted several pages
    /// are looked through.
    private func first(_ reader: LogReader, _ request: LogRequest) async throws -> LogPage {
        if let tail = request.tail, request.cursor == nil { return try await reader.tail(tail).page }
        let cursor = request.cursor ?? LogCursor()
        guard request.filter.isSelective else { return try await reader.page(after: cursor) }
        return try await reader.page(after: cursor, enough: limits.logSearchLines, pages: limits.logSearchPages)
    }

    /// The lines alone, with stream and time before them if the client wants that. Read page by page as fast as the client
    /// takes them.
    private func text(_ reader: LogReader, _ request: LogRequest) -> Response {
        Response(
            status: .ok,
            headers: [.contentType: "text/plain; charset=utf-8"],
            body: ResponseBody { writer in
                var page = try await first(reader, request)
                while true {
                    var text = ByteBuffer()
                    for line in page.lines { text.writeString(request.text(line)) }
                    if text.readableBytes > 0 { try await writer.write(text) }
                    if !page.isFull { break }
                    page = try await reader.page(after: page.cursor)
                }
                try await writer.finish(nil)
            }
        )
    }

    /// What there is, then each line as it is stored, until the run is over. An event's id is the position after it.
    private func follow(
        _ run: RunRecord,
        _ reader: LogReader,
        _ request: LogRequest,
        _ call: Call
    ) throws(Problem) -> Response {
        let id = run.id
        let pulses = try live.follow(id)
        return EventStream.response(requestID: call.requestID) { events in
            var cursor = request.cursor ?? LogCursor()
            if request.cursor == nil, let tail = request.tail {
                let (start, page) = try await reader.tail(tail)
                cursor = start
                try await send(page, after: &cursor, to: &events)
            } else {
                try await sendLines(of: reader, after: &cursor, to: &events)
            }
            for await pulse in pulses {
                guard let pulse else {
                    try await events.alive()
                    continue
                }
                try await call.requireStill(.viewer, in: run.team, orElse: Problem.runNotFound(id))
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
            try await send(page, after: &cursor, to: &events)
            if !page.isFull { return }
        }
    }

    @concurrent private func send(
        _ page: LogPage,
        after cursor: inout LogCursor,
        to events: inout EventStream
    ) async throws {
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
    }
}

extension LogRequest {
    /// A line of the plain text.
    fileprivate func text(_ line: NamedLogLine) -> String {
        var text = ""
        if prefix.contains(.time) {
            text += "\(Timestamp(microsecondsSince1970: line.line.milliseconds * 1000)) "
        }
        if prefix.contains(.stream) { text += "\(line.stream) │ " }
        return text + line.line.text + "\n"
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
