internal import Hummingbird
internal import SlipwayCore

/// Writes an answer of server-sent events.
///
/// Its functions run where the server writes, off any caller's actor, since the server's writer belongs there.
struct EventStream {
    private var writer: any ResponseBodyWriter

    init(_ writer: any ResponseBodyWriter) { self.writer = writer }

    /// An answer whose events `body` writes. An error ends the stream with the event `problem`; the client resumes with
    /// `Last-Event-ID`.
    static func response(
        requestID: String,
        _ body: @escaping @Sendable @concurrent (inout EventStream) async throws -> Void
    ) -> Response {
        let headers: HTTPFields = [
            .contentType: "text/event-stream", .cacheControl: "no-store", HeaderNames.accelBuffering: "no",
        ]
        return Response(
            status: .ok,
            headers: headers,
            body: ResponseBody { writer in
                var events = EventStream(writer)
                do {
                    try await events.alive()
                    try await body(&events)
                } catch is CancellationError {
                } catch let error as Problem {
                    try await events.send("problem", data: error, requestID: requestID)
                } catch {
                    // A client that left is no problem worth a word, and cannot hear one.
                    try await events.send("problem", data: Problem(error), requestID: requestID)
                }
                try await events.writer.finish(nil)
            }
        )
    }

    /// - Parameter id: from where the client resumes.
    @concurrent mutating func send(_ event: String, id: String? = nil, _ data: (inout JSONWriter) -> Void) async throws
    {
        var text = ByteBuffer()
        if let id { text.writeString("id: \(id)\n") }
        text.writeString("event: \(event)\ndata: ")
        text.writeBytes(JSONWriter.text(data))
        text.writeString("\n\n")
        try await writer.write(text)
    }

    /// Several events in one write.
    @concurrent mutating func send(_ text: ByteBuffer) async throws {
        if text.readableBytes > 0 { try await writer.write(text) }
    }

    /// A comment: keeps proxies from closing a silent stream, and notices a client that left.
    @concurrent mutating func alive() async throws {
        try await writer.write(ByteBuffer(string: ": alive\n\n"))
    }

    @concurrent private mutating func send(_ event: String, data problem: Problem, requestID: String) async throws {
        try await send(event) { json in
            json.object { json in
                json.member("code", problem.code)
                json.member("title", problem.title)
                json.member("status", problem.status.code)
                json.member("detail", problem.detail)
                json.member("request_id", requestID)
            }
        }
    }
}
