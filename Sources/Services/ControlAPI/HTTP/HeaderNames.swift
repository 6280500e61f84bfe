internal import Hummingbird

/// The headers that are no standard's, or not the HTTP library's.
enum HeaderNames {
    typealias Name = HTTPFields.Element.Name

    static let requestID = known("x-request-id")
    /// Who asks, where many share their credentials.
    static let actor = known("slipway-actor")
    /// Where all rows of an output are.
    static let outputPath = known("slipway-output-path")
    static let lastEventID = known("last-event-id")
    /// Tells a proxy to pass each event on at once.
    static let accelBuffering = known("x-accel-buffering")
    /// Whose request a proxy passes on.
    static let forwardedFor = known("x-forwarded-for")
    static let fetchSite = known("sec-fetch-site")
    static let referrerPolicy = known("referrer-policy")
    static let frameOptions = known("x-frame-options")
    static let openerPolicy = known("cross-origin-opener-policy")
    static let resourcePolicy = known("cross-origin-resource-policy")

    static let rateLimit = known("ratelimit")
    static let rateLimitPolicy = known("ratelimit-policy")
    static let csrfToken = known("x-csrf-token")
    /// What a client calls a request that it may send again.
    static let idempotencyKey = known("idempotency-key")
    /// Tells that an answer was given before.
    static let idempotentReplay = known("idempotent-replayed")

    private static func known(_ name: String) -> Name {
        guard let field = Name(name) else { preconditionFailure("not a header's name: \(name)") }
        return field
    }
}
