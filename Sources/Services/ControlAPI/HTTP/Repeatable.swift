internal import Hummingbird
internal import PostgresClient
internal import RunStore
internal import SlipwayCore

/// A request with the header `Idempotency-Key`, while it is carried out.
struct RepeatedCall: Sendable {
    let request: RepeatableRequest
    let signature: Signature
    let firstAt: Timestamp

    /// The same whenever the request is carried out: what was stored before is found rather than stored again.
    func identifier(_ index: Int) -> Identifier { signature.identifier(request, index: index, firstAt: firstAt) }
}

/// What an operation makes of the header `Idempotency-Key`.
enum Repetition: Sendable {
    /// The method says what a repetition does.
    case ignored
    /// The answer holds a secret, which is not kept.
    case refused
    /// Carried out again it finds what is done already.
    case found
    /// It is not carried out again unless it had no effect for certain.
    case once
}

/// Carries out a request with an `Idempotency-Key` once, and answers it as often as it comes.
///
/// What succeeded is answered with the same words for a day. What failed may be tried again. A process that dies in between leaves
/// the request to the next attempt, for which the ids of new runs are the same.
struct Repeatable: Sendable {
    /// After it a request whose process may have died can be taken over; longer than any takes.
    private static let patience = Duration.seconds(90)
    /// Answers longer than this are not kept: then the request is carried out again.
    private static let answerBytes = 4 << 20
    private static let kept: [HTTPFields.Element.Name] = [.contentType, .location, .eTag]

    let store: RunStore
    let operation: Operation

    func answer(_ call: Call) async throws -> Response {
        guard operation.repetition != .ignored, let key = call.request.headers[HeaderNames.idempotencyKey] else {
            return try await operation.handle(call)
        }
        guard operation.repetition != .refused else { throw Problem.idempotencyKeyNotTaken(operation.id) }
        guard (1...255).contains(key.utf8.count), key.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw Problem.invalidParameter(
                FieldError(
                    field: "Idempotency-Key",
                    value: String(key.prefix(100)),
                    message: "is not a key",
                    allowed: ["1 to 255 printable characters of ASCII without spaces"]
                )
            )
        }
        var call = call
        let body = try await call.body()
        call.request.body = RequestBody(buffer: body)
        let asked = Array("\(call.request.uri.string)\0\(call.request.headers[.contentType] ?? "")\0".utf8)
        let request = RepeatableRequest(
            scope: "\(call.operation) \(call.principal.identity)",
            key: key,
            digest: Signature.digest(asked + Array(body.readableBytesView))
        )
        switch try await store.take(request, patience: Self.patience) {
        case .answered(let answer): return Self.response(answer)
        case .underWay: throw Problem.idempotencyKeyInUse(key)
        case .otherRequest: throw Problem.idempotencyKeyReused(key)
        case .taken(let epoch, _) where epoch > 1 && operation.repetition == .once:
            // Of what a process began that died, or lost the database, nobody knows whether it took effect.
            try await store.letGo(of: request, epoch: epoch, hadNoEffect: false)
            throw Problem.outcomeUnknown(operation.id)
        case .taken(let epoch, let firstAt):
            call.repeated = RepeatedCall(
                request: request,
                signature: try await call.installation.signature(),
                firstAt: firstAt
            )
            return try await carryOut(call, request, epoch)
        }
    }

    private func carryOut(_ call: Call, _ request: RepeatableRequest, _ epoch: Int) async throws -> Response {
        let response: Response
        do {
            response = try await operation.handle(call)
        } catch {
            // What the client did wrong had no effect; of most else nobody knows.
            let hadNoEffect =
                Problem(error).status.kind == .clientError || (error as? PostgresError)?.isRetriable == true
            // why: if this fails too the request is free after a while.
            try? await store.letGo(of: request, epoch: epoch, hadNoEffect: hadNoEffect)
            throw error
        }
        guard let length = response.body.contentLength, length <= Self.answerBytes else {
            // why: as above; a repetition finds what was done.
            try? await store.letGo(of: request, epoch: epoch, hadNoEffect: false)
            return response
        }
        let (kept, body) = try await response.collected()
        var headers: [String: String] = [:]
        for name in Self.kept { headers[name.rawName] = kept.headers[name] }
        let answer = KeptAnswer(status: kept.status.code, headers: headers, body: Array(body.readableBytesView))
        // why: the effect is there; the next attempt finds it by its ids.
        try? await store.keep(answer, of: request, epoch: epoch)
        return kept
    }

    private static func response(_ answer: KeptAnswer) -> Response {
        var headers: HTTPFields = [.contentLength: String(answer.body.count), HeaderNames.idempotentReplay: "true"]
        for name in kept { headers[name] = answer.headers[name.rawName] }
        return Response(
            status: .init(code: answer.status),
            headers: headers,
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: answer.body))
        )
    }
}

extension Problem {
    static func idempotencyKeyNotTaken(_ operation: String) -> Problem {
        .invalidParameter(
            FieldError(
                field: "Idempotency-Key",
                message: "is not taken by \(operation): its answer holds a secret, which is not kept",
                allowed: ["a request without it"]
            )
        )
    }

    static func outcomeUnknown(_ operation: String) -> Problem {
        Problem(
            .conflict,
            .outcomeUnknown,
            title: "Nobody knows whether it was done",
            detail: "\(operation) was begun with this Idempotency-Key and lost; see what there is, then take a new key"
        )
    }

    static func idempotencyKeyInUse(_ key: String) -> Problem {
        var problem = Problem(
            .conflict,
            .idempotencyKeyInUse,
            title: "The request is being carried out",
            detail: "a request with the Idempotency-Key \"\(key.prefix(100))\" is under way; ask again for its answer"
        )
        problem.headers[.retryAfter] = "1"
        return problem
    }

    static func idempotencyKeyReused(_ key: String) -> Problem {
        Problem(
            .unprocessableContent,
            .idempotencyKeyReused,
            title: "The key belongs to another request",
            detail: "the Idempotency-Key \"\(key.prefix(100))\" came with another body or query before; take a new one"
        )
    }
}
