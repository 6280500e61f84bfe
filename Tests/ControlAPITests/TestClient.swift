import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import SlipwayCore
import Testing

import struct FoundationEssentials.Data
import class FoundationEssentials.JSONDecoder

/// An answer of the API.
struct Answer: Sendable {
    var status: Int
    var headers: [String: String]
    var text: String

    var json: JSONValue {
        // why: an answer that is not JSON has no members, and the expectation that reads one fails.
        (try? JSONDecoder().decode(JSONValue.self, from: Data(text.utf8))) ?? .null
    }

    /// The code of a problem.
    var code: String? { json["code"]?.string }

    /// The fields that a problem names.
    var fields: [String] { json.elements("errors").compactMap { $0["field"]?.string } }
}

/// Asks the API as a program would.
struct TestClient: Sendable {
    let base: String
    var token = ""

    func get(_ path: String, headers: [(String, String)] = []) async throws -> Answer {
        try await send("GET", path, headers: headers)
    }

    /// Every answer is held against the API's document.
    func send(
        _ method: String,
        _ path: String,
        _ body: String? = nil,
        contentType: String = "application/json",
        headers: [(String, String)] = []
    ) async throws -> Answer {
        let answer = try await exchange(method, path, body, contentType: contentType, headers: headers)
        if !path.hasPrefix("//"), let contract = try await KnownContract.shared.contract(self) {
            for mistake in contract.mistakes(method, "/api/v1\(path)", answer) { Issue.record("\(mistake)") }
        }
        return answer
    }

    func exchange(
        _ method: String,
        _ path: String,
        _ body: String?,
        contentType: String,
        headers: [(String, String)]
    ) async throws -> Answer {
        var request = request(method, path, headers)
        if let body {
            if !contentType.isEmpty { request.headers.replaceOrAdd(name: "content-type", value: contentType) }
            request.body = .bytes(ByteBuffer(string: body))
        }
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(30))
        let bytes = try await response.body.collect(upTo: 64 << 20)
        return Answer(
            status: Int(response.status.code),
            headers: Dictionary(response.headers.map { ($0.name.lowercased(), $0.value) }, uniquingKeysWith: { $1 }),
            text: String(decoding: bytes.readableBytesView, as: UTF8.self)
        )
    }

    /// The beginning of an answer that has no end: its first event. What is refused is answered whole.
    func opening(_ path: String) async throws -> Answer {
        let response = try await HTTPClient.shared.execute(request("GET", path, []), timeout: .seconds(30))
        var text = ""
        for try await part in response.body {
            text += String(decoding: part.readableBytesView, as: UTF8.self)
            if response.status == .ok, text.contains("event: "), text.hasSuffix("\n\n") { break }
        }
        return Answer(
            status: Int(response.status.code),
            headers: Dictionary(response.headers.map { ($0.name.lowercased(), $0.value) }, uniquingKeysWith: { $1 }),
            text: text
        )
    }

    /// The bytes of a body as they came.
    func bytes(_ path: String, headers: [(String, String)]) async throws -> [UInt8] {
        // The shared one unpacks what it gets.
        let client = HTTPClient(eventLoopGroupProvider: .singleton)
        let response = try await client.execute(request("GET", path, headers), timeout: .seconds(30))
        let bytes = Array(try await response.body.collect(upTo: 64 << 20).readableBytesView)
        try await client.shutdown()
        return bytes
    }

    /// A body that begins and does not end before the answer.
    func slowPost(_ path: String) async throws -> Answer {
        var request = request("POST", path, [("content-type", "application/json")])
        let (parts, part) = AsyncStream.makeStream(of: ByteBuffer.self)
        part.yield(ByteBuffer(string: "{"))
        request.body = .stream(parts, length: .unknown)
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(30))
        let bytes = try await response.body.collect(upTo: 1 << 20)
        part.finish()
        return Answer(
            status: Int(response.status.code),
            headers: [:],
            text: String(decoding: bytes.readableBytesView, as: UTF8.self)
        )
    }

    /// Reads server-sent events until `isEnough` or the stream's end, then leaves.
    func events(
        _ path: String,
        lastEventID: String? = nil,
        until isEnough: (StreamedEvent) -> Bool = { _ in false }
    ) async throws -> [StreamedEvent] {
        let request = request("GET", path, lastEventID.map { [("last-event-id", $0)] } ?? [])
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(60))
        try #require(response.status == .ok)
        var events: [StreamedEvent] = []
        var text = ""
        for try await part in response.body {
            text += String(decoding: part.readableBytesView, as: UTF8.self)
            while let end = text.firstRange(of: "\n\n") {
                let event = StreamedEvent(String(text[..<end.lowerBound]))
                text = String(text[end.upperBound...])
                guard let event else { continue }
                events.append(event)
                if isEnough(event) { return events }
            }
        }
        return events
    }

    private func request(_ method: String, _ path: String, _ headers: [(String, String)]) -> HTTPClientRequest {
        let url = path.hasPrefix("//") ? base + path.dropFirst() : "\(base)/api/v1\(path)"
        var request = HTTPClientRequest(url: url)
        request.method = HTTPMethod(rawValue: method)
        if !token.isEmpty { request.headers.add(name: "authorization", value: "Bearer \(token)") }
        for (name, value) in headers { request.headers.replaceOrAdd(name: name, value: value) }
        return request
    }
}

/// One server-sent event.
struct StreamedEvent: Sendable {
    var name: String
    var id: String?
    var data: JSONValue

    init?(_ text: String) {
        var fields: [String: String] = [:]
        for line in text.split(separator: "\n") {
            guard let colon = line.firstIndex(of: ":") else { continue }
            fields[String(line[..<colon])] = String(line[line.index(after: colon)...].drop { $0 == " " })
        }
        guard let name = fields["event"], let data = fields["data"] else { return nil }
        // why: data that are not JSON are as good as none, and the expectation that reads them fails.
        guard let value = try? JSONDecoder().decode(JSONValue.self, from: Data(data.utf8)) else { return nil }
        self.name = name
        self.data = value
        id = fields["id"]
    }
}

extension JSONValue {
    func elements(_ key: String) -> [JSONValue] {
        if case .array(let elements)? = self[key] { elements } else { [] }
    }

    func integer(_ key: String) -> Int? {
        if case .integer(let value)? = self[key] { Int(value) } else { nil }
    }
}
