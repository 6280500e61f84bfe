/// A request as the transport sends it.
struct HTTPRequest: Sendable {
    /// How the answer is consumed, and when it is given up.
    enum Delivery: Sendable {
        /// At once, up to a size and within a time.
        case whole(maximumBytes: Int, timeout: Duration)
        /// Chunk by chunk without an end in sight. `headTimeout` runs until the answer begins, `inactivityLimit`
        /// from byte to byte; `nil` is no limit.
        case stream(headTimeout: Duration?, inactivityLimit: Duration?)
    }

    var method: String
    var target: String
    /// `Name: value` lines.
    var headers: [String]
    var body: [UInt8]?
    var clientCertificate: CertificateMaterial?
    var delivery: Delivery

    var isStream: Bool {
        if case .stream = delivery { true } else { false }
    }
}

/// The beginning of an answer.
struct HTTPHead: Hashable, Sendable {
    var status = 0
    var retryAfter: String?
    /// When the server answered, as it wrote it.
    var date: String?
}

/// A whole answer.
struct HTTPResponse: Sendable {
    var head: HTTPHead
    var body: [UInt8]

    var status: Int { head.status }
}

/// Why a transfer ended before its answer did.
struct TransferFailure: Error, Sendable {
    enum Cause: Hashable, Sendable {
        /// Resolving, connecting or the TLS handshake failed.
        case notConnected
        /// The URL is wrong or a certificate is unusable.
        case misconfigured
        /// The connection broke, or the answer was cut short.
        case broken
        case timedOut
        case tooLarge
        case cancelled
        case closed
    }

    var cause: Cause
    /// Whether any of the request left: if not, the server cannot have acted on it.
    var wasSent: Bool
    /// libcurl's words for its error code.
    var message: String
}
