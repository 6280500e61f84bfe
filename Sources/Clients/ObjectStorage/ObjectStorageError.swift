/// Why a request to an object storage failed.
package struct ObjectStorageError: Error, Sendable, Hashable, CustomStringConvertible {
    package enum Code: Sendable, Hashable {
        /// A setting is wrong, or libcurl refuses the request.
        case configuration
        /// The server could not be reached, or the connection broke.
        case unavailable
        case timedOut
        /// The server asks for patience, or failed itself: statuses 429 and 5xx.
        case busy
        case notFound
        /// The key, its secret or its rights are wrong.
        case denied
        /// Any other answer than success.
        case refused
        /// The answer exceeds `answerBytes`.
        case tooLarge
        case cancelled
    }

    package let code: Code
    /// The server's status; 0 if it did not answer.
    package let status: Int
    /// Safe to log: holds no secret.
    package let message: String

    init(_ code: Code, status: Int = 0, _ message: String) {
        self.code = code
        self.status = status
        self.message = message
    }

    static func configuration(_ message: String) -> ObjectStorageError { ObjectStorageError(.configuration, message) }

    /// Whether the same request may succeed later.
    package var isRetriable: Bool {
        switch code {
        case .unavailable, .timedOut, .busy: true
        case .configuration, .notFound, .denied, .refused, .tooLarge, .cancelled: false
        }
    }

    package var description: String {
        status == 0 ? "object storage: \(message)" : "object storage: \(message) (status \(status))"
    }

    /// What an answer without success means.
    static func answer(status: Int, body: [UInt8]) -> ObjectStorageError {
        let text = AnswerText(body)
        let name = text.first("Code") ?? "no code"
        let message = text.first("Message").map { "\(name): \($0.prefix(200))" } ?? name
        let code: Code =
            switch status {
            case 404: .notFound
            case 401, 403: .denied
            case 429, 500...599: .busy
            default: .refused
            }
        return ObjectStorageError(code, status: status, message)
    }
}
