internal import NIOCore
internal import SlipwayCore

/// One event of a stream.
struct ServerEvent: Sendable {
    var name: String
    var data: Document
}

/// Takes a stream of server-sent events apart, however its bytes arrive.
struct ServerSentEvents {
    private var line: [UInt8] = []
    private var name = ""
    private var data = ""
    /// Of the event under way.
    private var id: String?
    /// From where the stream can be resumed.
    private(set) var lastID: String?

    /// A new stream begins; half of an event from the one before is dropped.
    mutating func resume() {
        line.removeAll()
        (name, data, id) = ("", "", nil)
    }

    mutating func feed(_ bytes: ByteBuffer, _ take: (ServerEvent) throws -> Void) rethrows {
        for byte in bytes.readableBytesView {
            guard byte == UInt8(ascii: "\n") else {
                line.append(byte)
                continue
            }
            if let event = finishLine() { try take(event) }
        }
    }

    private mutating func finishLine() -> ServerEvent? {
        defer { line.removeAll(keepingCapacity: true) }
        guard !line.isEmpty else {
            defer { (name, data, id) = ("", "", nil) }
            if let id { lastID = id }
            guard !data.isEmpty, let document = Document(json: data.utf8) else { return nil }
            return ServerEvent(name: name, data: document)
        }
        let text = String(decoding: line, as: UTF8.self)
        guard let colon = text.firstIndex(of: ":"), colon != text.startIndex else { return nil }
        let value = text[text.index(after: colon)...].drop { $0 == " " }
        switch text[..<colon] {
        case "event": name = String(value)
        case "data": data += value
        case "id": id = String(value)
        default: break
        }
        return nil
    }
}

extension APIClient {
    /// Follows a stream until its event `end`. A stream that breaks is resumed where it was.
    ///
    /// - Returns: what `end` said.
    func follow(
        _ path: String,
        _ query: [(String, String?)] = [],
        _ take: (ServerEvent) throws -> Void
    ) async throws -> Document {
        var events = ServerSentEvents()
        var failures = 0
        while true {
            var end: Document?
            // Pieces in which something was told, if only that the stream lives. The first one always comes.
            var pieces = 0
            do {
                let headers = events.lastID.map { [("last-event-id", $0)] } ?? []
                events.resume()
                var current = events
                try await stream(path, query, accept: "text/event-stream", headers: headers) { bytes in
                    defer { events = current }
                    pieces += 1
                    try current.feed(bytes) { event in
                        pieces += 1
                        switch event.name {
                        case "end": end = event.data
                        case "problem": throw StreamBroken()
                        default: try take(event)
                        }
                    }
                }
            } catch is StreamBroken {
            } catch let failure as Failure where events.lastID != nil && failure.isPassing {
                if failures >= 20 { throw failure }
            }
            if let end { return end }
            failures = pieces > 1 ? 0 : failures + 1
            guard failures <= 20 else {
                throw Failure(
                    .unreachable,
                    "\(base) ended the stream again and again",
                    advice: "Try again in a moment."
                )
            }
            // The API stops or restarts: it is back in a moment.
            try await Task.sleep(for: .milliseconds(min(100 * (1 << min(failures, 5)), 2000)))
        }
    }
}
