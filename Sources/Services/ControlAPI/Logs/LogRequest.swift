internal import Hummingbird
internal import RunStore
internal import SlipwayCore

/// What a client asks of a run's logs.
struct LogRequest: Sendable {
    static let parameters = [
        "stream", "after", "follow", "since", "until", "contains", "ignore_case", "tail", "ansi", "prefix",
    ]
    /// The most lines from the end.
    static let tailLines = 10_000
    /// The longest text that is searched.
    private static let searchBytes = 1000

    var streams: LogStreams
    var filter: LogFilter
    /// `nil` if the client named none.
    var cursor: LogCursor?
    var tail: Int?
    var form: Form
    /// What stands before each line of the plain text.
    var prefix: Set<Prefix>

    enum Form: Sendable { case page, text, follow }
    enum Prefix: String, Sendable, CaseIterable { case stream, time }

    init(_ query: QueryReader, _ request: Request) throws(Problem) {
        streams = LogStreams(try Self.streams(query))
        filter = LogFilter(
            span: LogSpan(since: try query.time("since"), until: try query.time("until")),
            search: try Self.search(query),
            stripsANSI: try query.choice("ansi", default: "keep", of: ["keep", "strip"]) == "strip"
        )
        cursor = try Self.cursor(query, request)
        tail = try Self.tail(query)
        prefix = try Self.prefix(query)
        let accept = request.headers[.accept] ?? ""
        if try query.flag("follow") || accept.contains("text/event-stream") {
            form = .follow
        } else {
            form = accept.contains("text/plain") ? .text : .page
        }
    }

    private static func streams(_ query: QueryReader) throws(Problem) -> [String]? {
        let names = query.list("stream")
        if let name = names?.first(where: { !LogStreams.isName($0) }) {
            throw wrong(
                "stream",
                name,
                "is not the name of a stream",
                ["run", "sail", "runner", "task/ and a task's name"]
            )
        }
        return names
    }

    private static func search(_ query: QueryReader) throws(Problem) -> TextSearch? {
        let ignoresCase = try query.flag("ignore_case")
        guard let text = try query.text("contains") else { return nil }
        guard text.utf8.count <= searchBytes else {
            throw wrong("contains", text, "is too long", ["at most \(searchBytes) bytes"])
        }
        return TextSearch(text, ignoresCase: ignoresCase)
    }

    private static func tail(_ query: QueryReader) throws(Problem) -> Int? {
        guard let text = try query.text("tail") else { return nil }
        if try query.text("contains") != nil {
            throw wrong("tail", text, "cannot be combined with contains", ["one of the two"])
        }
        if try query.text("until") != nil {
            throw wrong("tail", text, "cannot be combined with until", ["one of the two"])
        }
        return try query.integer("tail", default: 0, allowed: 1...tailLines)
    }

    private static func prefix(_ query: QueryReader) throws(Problem) -> Set<Prefix> {
        var prefix: Set<Prefix> = []
        for name in query.list("prefix") ?? [] {
            guard let known = Prefix(rawValue: name) else {
                throw wrong("prefix", name, "is not allowed", Prefix.allCases.map(\.rawValue))
            }
            prefix.insert(known)
        }
        return prefix
    }

    private static func cursor(_ query: QueryReader, _ request: Request) throws(Problem) -> LogCursor? {
        guard let text = try query.text("after") else {
            return request.headers[HeaderNames.lastEventID].flatMap(LogCursor.init)
        }
        guard let cursor = LogCursor(text) else {
            throw wrong(
                "after",
                text,
                "is not a position in a log",
                ["the member next of the page before", "the id of an event"]
            )
        }
        return cursor
    }

    private static func wrong(_ name: String, _ value: String, _ message: String, _ allowed: [String]) -> Problem {
        .invalidParameter(
            FieldError(field: name, value: String(value.prefix(100)), message: message, allowed: allowed)
        )
    }
}
