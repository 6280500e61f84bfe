internal import Hummingbird
internal import SlipwayCore

/// The API described as OpenAPI 3.1 says it, from the operations that are served and what is said of each.
struct OpenAPIDocument: Sendable {
    let text: String
    /// The ids of operations of which nothing is said.
    let undescribed: [String]
    /// The ids of which something is said and that are not served.
    let unserved: [String]

    /// What is said of operations, by their ids: an area a file.
    static let descriptions: [String: OperationDescription] = [
        runDescriptions, actionDescriptions, jobDescriptions, scheduleDescriptions, teamDescriptions, fleetDescriptions,
        accessDescriptions, notificationDescriptions,
    ].reduce(into: [:]) { $0.merge($1) { first, _ in first } }

    init(of operations: [Operation], under root: String, version: String) {
        var paths: [String: [String: JSONValue]] = [:]
        var seen: Set<String> = []
        var undescribed: [String] = []
        for operation in operations {
            guard let description = Self.descriptions[operation.id] else {
                undescribed.append(operation.id)
                continue
            }
            let isFirst = seen.insert(operation.id).inserted
            let value = Self.value(operation, description, isAlias: !isFirst)
            paths[root + operation.path, default: [:]][operation.method.rawValue.lowercased()] = value
        }
        self.undescribed = undescribed
        unserved = Self.descriptions.keys.filter { !seen.contains($0) }.sorted()
        let document = JSONValue.object([
            "openapi": .string("3.1.0"),
            "info": .object([
                "title": .string("Slipway"), "version": .string(version),
                "description": .string("Jobs, runs, schedules, teams and clusters of a Slipway installation."),
                "license": .object(["name": .string("Apache-2.0"), "identifier": .string("Apache-2.0")]),
            ]),
            "servers": .array([.object(["url": .string("/")])]),
            "paths": .object(paths.mapValues(JSONValue.object)),
            "components": .object([
                "schemas": .object(APISchemas.named.mapValues(\.value)),
                "securitySchemes": .object([
                    "bearer": .object(["type": .string("http"), "scheme": .string("bearer")])
                ]),
            ]),
            "security": .array([.object(["bearer": .array([])]), .object([:])]),
        ])
        text = String(decoding: JSONWriter.text { $0.value(document) }, as: UTF8.self)
    }

    // MARK: One operation

    /// - Parameter isAlias: another path of an operation that has one.
    private static func value(_ operation: Operation, _ described: OperationDescription, isAlias: Bool) -> JSONValue {
        let complete = described.completed(for: operation)
        var members: [String: JSONValue] = [
            "operationId": .string(isAlias ? operation.id + "Alias" : operation.id),
            "summary": .string(complete.summary),
            "parameters": .array(pathParameters(operation.path) + complete.parameters.map(value)),
            "responses": .object(responses(complete)),
        ]
        if isAlias { members["deprecated"] = .bool(true) }
        if let body = complete.body {
            members["requestBody"] = .object([
                "required": .bool(body.isRequired), "content": content(body.content, example: body.example),
            ])
        }
        return .object(members)
    }

    private static func content(_ content: [String: APISchema], example: JSONValue? = nil) -> JSONValue {
        .object(
            content.reduce(into: [:]) { contents, entry in
                var members: [String: JSONValue] = ["schema": entry.value.value]
                if entry.key == "application/json" { members["example"] = example }
                contents[entry.key] = .object(members)
            }
        )
    }

    private static func value(_ parameter: APIParameter) -> JSONValue {
        var members: [String: JSONValue] = [
            "name": .string(parameter.name), "in": .string(parameter.place.rawValue),
            "schema": parameter.schema.value, "description": .string(parameter.about),
        ]
        if parameter.place == .path { members["required"] = .bool(true) }
        return .object(members)
    }

    private static func pathParameters(_ path: String) -> [JSONValue] {
        path.split(separator: "{").dropFirst().map { part in
            let name = String(part.prefix { $0 != "}" })
            let schema: APISchema =
                name == "id" ? .id : name == "version" ? .integer(1...Int(Int32.max)) : .text(1...200)
            return value(APIParameter(name, schema, "The \(name) that the path names.", in: .path))
        }
    }

    private static func responses(_ described: OperationDescription) -> [String: JSONValue] {
        var responses: [String: JSONValue] = [:]
        for answer in described.answers {
            var members: [String: JSONValue] = [
                "description": .string(answer.status == 304 ? "It is as known." : "Done.")
            ]
            if !answer.content.isEmpty { members["content"] = content(answer.content) }
            responses[String(answer.status)] = .object(members)
        }
        for (status, codes) in Dictionary(grouping: described.problems, by: \.status) {
            let words = Set(codes).map(\.rawValue).sorted()
            let form = JSONValue.object([
                "allOf": .array([
                    APISchema.named("Problem").value,
                    .object([
                        "properties": .object([
                            "code": .object(["enum": .array(words.map(JSONValue.string))]),
                            "status": .object(["const": .integer(Int64(status))]),
                        ])
                    ]),
                ])
            ])
            responses[String(status)] = .object([
                "description": .string("A problem: " + words.joined(separator: ", ") + "."),
                "content": .object(["application/problem+json": .object(["schema": form])]),
            ])
        }
        return responses
    }
}

extension OperationDescription {
    /// With what every operation of its kind takes and answers.
    fileprivate func completed(for operation: Operation) -> OperationDescription {
        var complete = self
        complete.problems += [
            .invalidParameter, .unauthorized, .forbidden, .forbiddenOrigin, .tooManyRequests, .internalError,
            .overloaded,
            .databaseUnavailable, .identityProviderUnavailable,
        ]
        if operation.method != .get { complete.problems.append(.missingCSRFToken) }
        if body != nil {
            complete.problems += [
                .invalidJSON, .bodyTooLarge, .unsupportedMediaType, .requestTimeout, .invalidRequest,
            ]
        }
        let about = "Names whoever asks; recorded with what is changed."
        if operation.method != .get {
            complete.parameters.append(APIParameter("Slipway-Actor", .text(1...100), about, in: .header))
        }
        if operation.method == .post { complete.problems += [.requestTimeout, .bodyTooLarge] }
        if [.found, .once].contains(operation.repetition) {
            let about =
                "A new text for each request that may be sent again: however often it comes, it takes effect once."
            complete.parameters.append(APIParameter("Idempotency-Key", .text(1...255), about, in: .header))
            complete.problems += [.idempotencyKeyInUse, .idempotencyKeyReused]
            if operation.repetition == .once { complete.problems.append(.outcomeUnknown) }
        }
        if operation.method == .get, answers.contains(where: { $0.status == 200 }) {
            let about = "An ETag: the answer is 304 if it is still the one."
            complete.parameters.append(APIParameter("If-None-Match", .text, about, in: .header))
            complete.answers.append(APIAnswer(status: 304, content: [:]))
        }
        return complete
    }
}
