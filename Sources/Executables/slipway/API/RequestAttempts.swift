/// Decides whether a request is sent again, and when.
struct RequestAttempts {
    /// Whether doing it twice does what doing it once does: reading, replacing, and what has an idempotency key.
    let isRepeatable: Bool

    private var refusals = 0
    private var losses = 0
    private var failures = 0
    private var waited = Duration.zero

    private static let mostRefusals = 5
    private static let mostFailures = 3
    /// The longest a person is kept waiting by an API that is busy.
    private static let longestWait = Duration.seconds(60)

    init(isRepeatable: Bool) { self.isRepeatable = isRepeatable }

    /// How long to wait before asking again; `nil`: the answer is taken as it is.
    ///
    /// A request that met a limit (429) was not carried out and can be sent again, whatever it is.
    mutating func pause(status: Int, retryAfterSeconds: Int?) -> Duration? {
        switch status {
        case 429 where refusals < Self.mostRefusals:
            refusals += 1
            return allowed(.seconds(max(1, retryAfterSeconds ?? refusals)))
        // What was sent before the connection was lost may still be under way, with the same key.
        case 409 where losses > 0 && failures < Self.mostFailures,
            503 where isRepeatable && failures < Self.mostFailures:
            failures += 1
            return allowed(.milliseconds(200 * (1 << failures)))
        default: return nil
        }
    }

    /// The same after a connection that was lost before the answer came.
    mutating func pauseAfterLoss() -> Duration? {
        guard isRepeatable, losses < 2 else { return nil }
        losses += 1
        return allowed(.milliseconds(200 * losses))
    }

    private mutating func allowed(_ pause: Duration) -> Duration? {
        guard waited + pause <= Self.longestWait else { return nil }
        waited += pause
        return pause
    }
}
