/// A refusal in the words of the Kubernetes API: what becomes a `Status` object.
package struct APIError: Error, Equatable, CustomStringConvertible {
    package struct Cause: Equatable, Sendable {
        package var reason: String
        package var message: String
        package var field: String
    }

    package var code: Int
    package var reason: String
    package var message: String
    package var name = ""
    package var kind = ""
    package var group = ""
    package var uid = ""
    package var causes: [Cause] = []
    package var retryAfterSeconds: Int?

    package var description: String { "\(code) \(reason): \(message)" }

    package init(code: Int, reason: String, message: String) {
        self.code = code
        self.reason = reason
        self.message = message
    }

    package var status: JSONValue {
        var details = JSONObject()
        if !name.isEmpty { details["name"] = .string(name) }
        if !group.isEmpty { details["group"] = .string(group) }
        if !kind.isEmpty { details["kind"] = .string(kind) }
        if !uid.isEmpty { details["uid"] = .string(uid) }
        if !causes.isEmpty {
            details["causes"] = .array(
                causes.map {
                    ["reason": .string($0.reason), "message": .string($0.message), "field": .string($0.field)]
                }
            )
        }
        if let retryAfterSeconds { details["retryAfterSeconds"] = JSONValue(retryAfterSeconds) }
        var status: JSONObject = [
            "kind": "Status", "apiVersion": "v1", "metadata": [:], "status": "Failure",
            "message": .string(message), "reason": .string(reason),
        ]
        if !details.isEmpty { status["details"] = .object(details) }
        status["code"] = JSONValue(code)
        return .object(status)
    }
}

extension APIError {
    private init(_ code: Int, _ reason: String, _ kind: ResourceKind, _ name: String, _ message: String) {
        self.init(code: code, reason: reason, message: message)
        self.name = name
        self.kind = kind.plural
        group = kind.group
    }

    package static func notFound(_ kind: ResourceKind, _ name: String) -> APIError {
        APIError(404, "NotFound", kind, name, "\(kind.qualifiedPlural) \"\(name)\" not found")
    }

    /// A path that no resource answers.
    package static let noSuchPath = APIError(
        code: 404,
        reason: "NotFound",
        message: "the server could not find the requested resource"
    )

    package static func alreadyExists(_ kind: ResourceKind, _ name: String) -> APIError {
        APIError(409, "AlreadyExists", kind, name, "\(kind.qualifiedPlural) \"\(name)\" already exists")
    }

    package static func conflict(_ kind: ResourceKind, _ name: String, _ message: String) -> APIError {
        APIError(
            409,
            "Conflict",
            kind,
            name,
            "Operation cannot be fulfilled on \(kind.qualifiedPlural) \"\(name)\": \(message)"
        )
    }

    package static func staleVersion(_ kind: ResourceKind, _ name: String) -> APIError {
        conflict(
            kind,
            name,
            "the object has been modified; please apply your changes to the latest version and try again"
        )
    }

    package static func forbidden(_ kind: ResourceKind, _ name: String, _ message: String) -> APIError {
        APIError(403, "Forbidden", kind, name, "\(kind.qualifiedPlural) \"\(name)\" is forbidden: \(message)")
    }

    package static func invalid(_ kind: ResourceKind, _ name: String, _ causes: [Cause]) -> APIError {
        let problems = causes.map { "\($0.field): \($0.message)" }
        let list = problems.count == 1 ? problems[0] : "[\(problems.joined(separator: ", "))]"
        var error = APIError(
            422,
            "Invalid",
            kind,
            name,
            "\(kind.qualifiedKind) \"\(name)\" is invalid: \(list)"
        )
        error.kind = kind.kind
        error.causes = causes
        return error
    }

    package static func badRequest(_ message: String) -> APIError {
        APIError(code: 400, reason: "BadRequest", message: message)
    }

    package static let methodNotAllowed = APIError(
        code: 405,
        reason: "MethodNotAllowed",
        message: "the server does not allow this method on the requested resource"
    )

    package static func unsupportedMediaType(_ type: String, supported: [String]) -> APIError {
        APIError(
            code: 415,
            reason: "UnsupportedMediaType",
            message: "the body of the request was in an unknown format (\(type)) - accepted media types include: "
                + supported.joined(separator: ", ")
        )
    }

    /// The history no longer reaches back to a version.
    package static func expired(_ version: UInt64, oldest: UInt64) -> APIError {
        APIError(code: 410, reason: "Expired", message: "too old resource version: \(version) (\(oldest))")
    }

    package static let continuationExpired = APIError(
        code: 410,
        reason: "Expired",
        message: "The provided continue parameter is too old to display a consistent list result. Start a new list "
            + "without the continue parameter."
    )

    package static let unauthorized = APIError(code: 401, reason: "Unauthorized", message: "Unauthorized")
}

extension APIError.Cause {
    package static func required(_ field: String, _ detail: String = "") -> Self {
        Self(
            reason: "FieldValueRequired",
            message: detail.isEmpty ? "Required value" : "Required value: \(detail)",
            field: field
        )
    }

    package static func invalid(_ field: String, _ value: String, _ detail: String) -> Self {
        Self(reason: "FieldValueInvalid", message: "Invalid value: \"\(value)\": \(detail)", field: field)
    }

    package static func duplicate(_ field: String, _ value: String) -> Self {
        Self(reason: "FieldValueDuplicate", message: "Duplicate value: \"\(value)\"", field: field)
    }

    package static func notSupported(_ field: String, _ value: String, _ supported: [String]) -> Self {
        Self(
            reason: "FieldValueNotSupported",
            message: "Unsupported value: \"\(value)\": supported values: "
                + supported.map { "\"\($0)\"" }.joined(separator: ", "),
            field: field
        )
    }

    package static func forbidden(_ field: String, _ detail: String) -> Self {
        Self(reason: "FieldValueForbidden", message: "Forbidden: \(detail)", field: field)
    }
}
