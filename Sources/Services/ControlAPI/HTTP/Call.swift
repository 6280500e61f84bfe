internal import FoundationEssentials
internal import Hummingbird
internal import SlipwayCore

/// One request on its way through an operation.
struct Call: Sendable {
    var request: Request
    let parameters: Parameters
    /// Who asks.
    let principal: Principal
    /// Looks again who asks: what they came with may have ended meanwhile.
    let lookAgain: @Sendable () async -> Result<Principal, Problem>
    /// What a browser that is logged in must send with every change; `nil` for anybody else.
    var csrfToken: String?
    /// Where the request comes from; `nil` if that is not known.
    let address: String?
    /// Unique to the request; answers, problems and log lines carry it.
    let requestID: String
    let limits: ControlAPILimits
    /// The id of the operation.
    let operation: String
    let installation: InstallationKey
    /// If the client may send the request again.
    var repeated: RepeatedCall?

    /// The run named by the path.
    func runID() throws(Problem) -> RunID {
        let text = parameters.get("id") ?? ""
        guard let id = RunID(text) else {
            throw Problem.invalidParameter(
                FieldError(
                    field: "id",
                    value: String(text.prefix(100)),
                    message: "is not a run's id",
                    allowed: ["a UUID such as 0192b1c4-7a2e-7c3d-9f00-5d1e2a3b4c5d"]
                )
            )
        }
        return id
    }

    /// A segment of the path, without percent encoding.
    func segment(_ name: String) -> String {
        let text = parameters.get(name) ?? ""
        guard text.utf8.contains(UInt8(ascii: "%")) else { return text }
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), rest.count >= 2,
                let decoded = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16), decoded != 0
            {
                bytes.append(decoded)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The query's parameters; any but these are refused.
    func query(_ allowed: String...) throws(Problem) -> QueryReader { try query(allowed) }

    func query(_ allowed: [String]) throws(Problem) -> QueryReader {
        try QueryReader(request.uri.queryParameters, allowed: allowed)
    }

    /// The body as text of one of these content types.
    func text(contentTypes allowed: [String]) async throws -> String {
        let given = request.headers[.contentType] ?? ""
        let type = given.prefix { $0 != ";" }.lowercased().filter { $0 != " " }
        guard type.isEmpty || allowed.contains(type) else {
            throw Problem.unsupportedMediaType(given, allowed: allowed)
        }
        let bytes = try await body()
        guard let text = String(validating: bytes.readableBytesView, as: UTF8.self) else { throw Problem.invalidJSON }
        return text
    }

    /// Who asks, for records. Where many share their credentials that is who they say they are, which grants nothing; `nil` if
    /// nothing is known of them but that they are on this machine.
    func actor() throws(Problem) -> String? {
        let said = try saidActor()
        guard principal.isShared else { return principal.name }
        return said ?? (principal.kind == .local ? nil : principal.name)
    }

    private func saidActor() throws(Problem) -> String? {
        guard let name = request.headers[HeaderNames.actor] else { return nil }
        guard (1...100).contains(name.count), name.unicodeScalars.allSatisfy(Self.isPrintable) else {
            throw Problem.invalidParameter(
                FieldError(
                    field: "Slipway-Actor",
                    value: String(name.prefix(100)),
                    message: "is not a name",
                    allowed: ["1 to 100 printable characters"]
                )
            )
        }
        return name
    }

    private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: false
        default: true
        }
    }

    /// The body as JSON; an empty object if there is no body.
    func optionalJSON() async throws -> JSONValue {
        let text = try await text(contentTypes: ["application/json"])
        return text.isEmpty ? .object([:]) : try Self.json(text)
    }

    /// The body as JSON.
    func json() async throws -> JSONValue {
        try Self.json(await text(contentTypes: ["application/json"]))
    }

    private static let depth = 64

    private static func json(_ text: String) throws(Problem) -> JSONValue {
        guard JSONDepth.isWithin(depth, text) else { throw Problem.tooDeep(limit: depth) }
        do {
            return try JSONDecoder().decode(JSONValue.self, from: Data(text.utf8))
        } catch {
            throw Problem.invalidJSON
        }
    }

    /// All of it, which has to come within a while.
    func body() async throws -> ByteBuffer {
        let limit = limits.bodyBytes
        if let length = request.headers[.contentLength].flatMap({ Int($0) }), length > limit {
            throw Problem.bodyTooLarge(limit: limit)
        }
        do {
            let (body, patience) = (request.body, limits.bodyPatience)
            return try await withThrowingTaskGroup(of: ByteBuffer?.self) { group in
                group.addTask { try await body.collect(upTo: limit) }
                group.addTask {
                    try await Task.sleep(for: patience)
                    return nil
                }
                defer { group.cancelAll() }
                guard let first = try await group.next(), let bytes = first else {
                    throw Problem.bodyTooSlow(patience)
                }
                return bytes
            }
        } catch let error as any HTTPResponseError where error.status == .contentTooLarge {
            throw Problem.bodyTooLarge(limit: limit)
        }
    }
}

extension Response {
    /// An answer in JSON.
    static func json(
        _ status: HTTPResponse.Status = .ok,
        headers: HTTPFields = [:],
        _ write: (inout JSONWriter) -> Void
    ) -> Response {
        let body = JSONWriter.text(write)
        var headers = headers
        headers[.contentType] = "application/json"
        headers[.contentLength] = String(body.count)
        return Response(status: status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: body)))
    }
}
