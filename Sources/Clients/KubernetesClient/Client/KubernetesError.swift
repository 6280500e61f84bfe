/// Why a request has no result.
///
/// `kind` says what may be concluded: above all `.outcomeUnknown`, where the server may or may not have done what was
/// asked. Never contains bodies, tokens or secret values; `message` may contain what the API server wrote.
package struct KubernetesError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What may be concluded about the request.
    package enum Kind: String, Hashable, Sendable {
        /// The API server answered with an error; nothing was done. See `code` and `reason`.
        case refused
        /// A change was sent and no answer came: it may have been made. Read the object before trying again.
        case outcomeUnknown
        /// The request never reached the server.
        case unreachable
        /// A read was cut short: the connection broke or the answer was incomplete.
        case interrupted
        /// A read got no answer before its deadline, or the request was still waiting for its turn.
        case deadlineExceeded
        /// The server answered with something that is not what was asked for.
        case unexpectedAnswer
        /// Credentials could not be obtained.
        case credentials
        /// The configuration is wrong.
        case configuration
        /// The task was cancelled before the request was sent, or it was a read.
        case cancelled
        /// The client is closed.
        case closed
    }

    package var kind: Kind
    /// The HTTP status, or the code of an error event inside a watch.
    package var code: Int?
    /// The API server's reason, for example `AlreadyExists`.
    package var reason: String?
    package var message: String
    package var details: Status.Details?
    /// How long the server asked to wait.
    package var retryAfter: Duration?

    /// An error made by hand, for tests of what handles errors.
    package init(
        _ kind: Kind,
        code: Int? = nil,
        reason: String? = nil,
        message: String,
        details: Status.Details? = nil,
        retryAfter: Duration? = nil
    ) {
        self.kind = kind
        self.code = code
        self.reason = reason
        self.message = message
        self.details = details
        self.retryAfter = retryAfter
    }

    /// The same name exists already.
    package var isAlreadyExists: Bool { kind == .refused && code == 409 && reason == "AlreadyExists" }

    /// The API server itself says that the object does not exist. A bare 404 may be a proxy's, or that of a server that does
    /// not know all its paths yet, and proves nothing.
    package var isProvenAbsent: Bool { isNotFound && reason == "NotFound" }

    /// The object does not exist (or its namespace).
    package var isNotFound: Bool { kind == .refused && code == 404 }

    /// A precondition failed or the object was changed meanwhile.
    package var isConflict: Bool { kind == .refused && code == 409 && reason != "AlreadyExists" }

    /// The resource version or continue token is too old.
    package var isGone: Bool {
        kind == .refused && (code == 410 || reason == "Expired" || reason == "Gone")
    }

    /// The credentials do not allow it, or a quota or admission rule forbids it.
    package var isForbidden: Bool { kind == .refused && code == 403 }

    /// The credentials are not accepted.
    package var isUnauthorized: Bool { kind == .refused && code == 401 }

    /// The server asks for fewer requests.
    package var isTooManyRequests: Bool { kind == .refused && code == 429 }

    /// The API server or something it needs failed.
    package var isServerFailure: Bool { kind == .refused && (500..<600).contains(code ?? 0) }

    /// The object failed validation.
    package var isInvalid: Bool { kind == .refused && (code == 422 || code == 400) }

    /// Whether the change may have been made without an answer.
    package var isOutcomeUnknown: Bool { kind == .outcomeUnknown }

    /// Whether the same request may succeed later without anyone changing anything.
    ///
    /// An unknown outcome counts: repeating a create by name or a delete with a uid is safe.
    package var isRetriable: Bool {
        switch kind {
        case .outcomeUnknown, .unreachable, .interrupted, .deadlineExceeded, .credentials: true
        case .unexpectedAnswer, .configuration, .cancelled, .closed: false
        case .refused:
            switch code {
            case 401, 408, 429, 500, 502, 503, 504: true
            default: reason == "ServerTimeout" || reason == "Timeout"
            }
        }
    }

    /// One line for a log.
    package var description: String {
        var text = kind.rawValue
        if let code { text += " \(code)" }
        if let reason { text += " \(reason)" }
        return "\(text): \(message)"
    }
}
