internal import AsyncHTTPClient
internal import FoundationEssentials
internal import Glibc
internal import NIOCore
internal import NIOHTTP1
internal import SlipwayCore

/// Speaks to the API.
struct APIClient: Sendable {
    let base: String
    /// Who said that this is the address.
    let origin: String
    let token: String
    /// Who asks, told with each request; empty for nobody.
    var actor = ""
    /// With a format, changes are shown in it instead of being sent.
    var dryRunFormat: OutputFormat?

    /// Lives as long as the program.
    private static let plain = http(patience: nil)
    /// The same for streams, whose silence may mean that nobody is there any more.
    private static let streaming = StreamPatience.seconds.map { http(patience: .seconds(Int64($0))) }

    /// A refused connection is told at once rather than tried again until the deadline.
    private static func http(patience: TimeAmount?) -> HTTPClient {
        var configuration = HTTPClient.Configuration()
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.timeout.connect = .seconds(10)
        configuration.timeout.read = patience
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    /// The longest a plain answer may take.
    private static let timeout = TimeAmount.seconds(60)
    /// The largest answer that is read whole.
    private static let answerBytes = 256 << 20

    func get(_ path: String, _ query: [(String, String?)] = []) async throws -> Document {
        try await document(request(.GET, path, query), path, "")
    }

    func post(_ path: String, _ body: Document = .object([:])) async throws -> Document {
        try await post(path, [], contentType: "application/json", body: body.jsonText(isPretty: false))
    }

    /// Asks once for something whose answer holds a secret: the API keeps no such answer, so a lost one is not asked for again.
    func postOnce(_ path: String, _ body: Document) async throws -> Document {
        let text = body.jsonText(isPretty: false)
        return try await send(.POST, path, [], contentType: "application/json", body: text, isRepeatable: false)
    }

    /// - Parameter revision: the answer is a refusal if the thing has another one.
    func post(
        _ path: String,
        _ query: [(String, String?)],
        contentType: String,
        body: String,
        ifRevision revision: Int? = nil
    ) async throws -> Document {
        try await send(.POST, path, query, contentType: contentType, body: body, ifRevision: revision)
    }

    func put(_ path: String, _ body: Document, ifRevision revision: Int? = nil) async throws -> Document {
        try await send(.PUT, path, body, ifRevision: revision)
    }

    func patch(_ path: String, _ body: Document, ifRevision revision: Int? = nil) async throws -> Document {
        try await send(.PATCH, path, body, ifRevision: revision)
    }

    func delete(
        _ path: String,
        _ body: Document = .object([:]),
        ifRevision revision: Int? = nil
    ) async throws -> Document {
        try await send(.DELETE, path, body, ifRevision: revision)
    }

    func send(
        _ method: HTTPMethod,
        _ path: String,
        _ body: Document,
        ifRevision revision: Int?
    ) async throws -> Document {
        let text = body.jsonText(isPretty: false)
        return try await send(method, path, [], contentType: "application/json", body: text, ifRevision: revision)
    }

    private func send(
        _ method: HTTPMethod,
        _ path: String,
        _ query: [(String, String?)],
        contentType: String,
        body: String,
        ifRevision revision: Int? = nil,
        isRepeatable: Bool = true
    ) async throws -> Document {
        if let dryRunFormat {
            try await checkTarget(method.rawValue, path, revision)
            throw UnsentRequest(
                method: method.rawValue,
                base: base,
                path: path,
                query: Self.queryText(query),
                revision: revision,
                body: body,
                format: dryRunFormat
            )
        }
        var request = request(method, path, query)
        request.headers.add(name: "content-type", value: contentType)
        // The same key with each attempt: the API does it once, however often it is asked.
        if isRepeatable, method == .POST {
            request.headers.add(name: "idempotency-key", value: UUID().uuidString.lowercased())
        }
        if let revision { request.headers.add(name: "if-match", value: "\"\(revision)\"") }
        request.body = .bytes(ByteBuffer(string: body))
        return try await document(request, path, body, isRepeatable: isRepeatable)
    }

    /// The body of an answer in another form than JSON, piece by piece.
    func stream(
        _ path: String,
        _ query: [(String, String?)],
        accept: String,
        headers: [(String, String)] = [],
        _ take: (ByteBuffer) throws -> Void
    ) async throws {
        var request = request(.GET, path, query)
        request.headers.replaceOrAdd(name: "accept", value: accept)
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        // A stream lives as long as the run: only its silence has a bound.
        let response: HTTPClientResponse
        do {
            response = try await execute(request, .hours(24 * 30), by: Self.streaming.get())
        } catch let lost as LostAnswer {
            throw lost.failure
        }
        guard response.status.code < 300 else { throw try await failure(response) }
        do {
            for try await part in response.body { try take(part) }
        } catch let error as Failure {
            throw error
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            throw StreamBroken()
        }
    }

    // MARK: One request

    private func request(_ method: HTTPMethod, _ path: String, _ query: [(String, String?)]) -> HTTPClientRequest {
        let text = Self.queryText(query)
        var request = HTTPClientRequest(url: "\(base)/api/v1\(path)" + (text.isEmpty ? "" : "?\(text)"))
        request.method = method
        request.headers.add(name: "accept", value: "application/json")
        request.headers.add(name: "user-agent", value: "slipway/\(VersionCommand.own)")
        if !actor.isEmpty { request.headers.add(name: "slipway-actor", value: actor) }
        if !token.isEmpty { request.headers.add(name: "authorization", value: "Bearer \(token)") }
        return request
    }

    private static func queryText(_ query: [(String, String?)]) -> String {
        query.compactMap { name, value in value.map { "\(name)=\(encoded($0))" } }.joined(separator: "&")
    }

    /// Text as a part of a path or a query.
    static func encoded(_ text: String) -> String {
        let plain = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~,".utf8)
        let digits = Array("0123456789ABCDEF".utf8)
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            if plain.contains(byte) {
                bytes.append(byte)
            } else {
                bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private func document(
        _ request: HTTPClientRequest,
        _ path: String,
        _ sent: String,
        isRepeatable: Bool = true
    ) async throws -> Document {
        let response = try await answer(request, isRepeatable)
        guard response.status.code < 300 else {
            let failure = try await failure(response)
            guard failure.code == .notFound else { throw failure }
            throw await NearestNames(client: self, path: path, sent: sent).advise(failure)
        }
        let bytes = try await body(response)
        guard let document = Document(json: bytes.readableBytesView) else {
            throw Failure(
                .software,
                "\(base) answered with something that is not JSON",
                advice: "Is this the address of a Slipway API? It came from \(origin)."
            )
        }
        return document
    }

    /// The answer, asked for again where that is safe and may help.
    private func answer(_ request: HTTPClientRequest, _ isRepeatable: Bool) async throws -> HTTPClientResponse {
        let isSafe = ["GET", "PUT", "POST"].contains(request.method.rawValue)
        var attempts = RequestAttempts(isRepeatable: isRepeatable && isSafe)
        while true {
            do {
                let response = try await execute(request, Self.timeout, by: Self.plain)
                let asked = response.headers.first(name: "retry-after").flatMap { Int($0) }
                guard let pause = attempts.pause(status: Int(response.status.code), retryAfterSeconds: asked) else {
                    return response
                }
                if pause >= .seconds(1) { Terminal.note("The API asks to wait \(pause.components.seconds) s.") }
                // The connection is free again once the answer is read.
                _ = try await body(response)
                try await Task.sleep(for: pause)
            } catch let lost as LostAnswer {
                guard let pause = attempts.pauseAfterLoss() else { throw lost.failure }
                try await Task.sleep(for: pause)
            }
        }
    }

    /// - Throws: ``LostAnswer`` if the connection broke after the request may have been sent.
    private func execute(
        _ request: HTTPClientRequest,
        _ timeout: TimeAmount,
        by http: HTTPClient
    ) async throws -> HTTPClientResponse {
        do {
            return try await http.execute(request, timeout: timeout)
        } catch is CancellationError {
            throw CancellationError()
        } catch let error as HTTPClientError where error == .remoteConnectionClosed {
            throw LostAnswer(failure: unreachable)
        } catch let error as IOError where [ECONNRESET, EPIPE].contains(error.errnoCode) {
            throw LostAnswer(failure: unreachable)
        } catch {
            throw unreachable
        }
    }

    private func body(_ response: HTTPClientResponse) async throws -> ByteBuffer {
        do {
            return try await response.body.collect(upTo: Self.answerBytes)
        } catch is NIOTooManyBytesError {
            throw Failure(.software, "\(base) answered with more than \(Self.answerBytes >> 20) MiB")
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            throw unreachable
        }
    }

    private var unreachable: Failure {
        let isDefault = origin == "slipway dev" || origin == "the default"
        return Failure(
            .unreachable,
            "the API at \(base) cannot be reached (the address came from \(origin))",
            advice: isDefault
                ? "Start everything on this machine with `slipway dev up`, or name the API with --server URL."
                : "Check the address in \(origin) and that the API runs there."
        )
    }

    private func failure(_ response: HTTPClientResponse) async throws -> Failure {
        let bytes = try await body(response)
        let problem = Document(json: bytes.readableBytesView) ?? .null
        return Failure(status: Int(response.status.code), problem: problem, client: self)
    }
}

/// A stream ended before it was complete; it can be resumed.
struct StreamBroken: Error {}

/// The connection was lost between the request and its answer: whether it was carried out is not known.
private struct LostAnswer: Error {
    let failure: Failure
}
