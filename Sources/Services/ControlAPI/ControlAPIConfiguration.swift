package import SlipwayCore

/// Where the API listens and who may enter.
package struct ControlAPIConfiguration: Sendable {
    package let host: String
    package let port: Int
    package let limits: ControlAPILimits
    /// Of jobs that give none, as they are applied.
    package let timeouts: JobSpec.Timeouts
    /// `nil`: nothing costs anything, and no cost is told.
    package let prices: ResourcePrices?
    /// Whether webhooks may have addresses of `http:`.
    package let allowsPlainWebhooks: Bool
    let access: AccessControl

    /// - Parameter token: what every request must carry; empty for an open API, which may only listen on loopback.
    /// - Throws: `OpenAPINotAllowed`.
    package init(
        host: String,
        port: Int,
        token: String,
        limits: ControlAPILimits = ControlAPILimits(),
        timeouts: JobSpec.Timeouts = JobSpec.Timeouts(),
        prices: ResourcePrices? = nil,
        allowsPlainWebhooks: Bool = false
    ) throws(OpenAPINotAllowed) {
        guard !token.isEmpty || AccessControl.isLoopback(host: host) else { throw OpenAPINotAllowed(host: host) }
        self.host = host
        self.port = port
        self.limits = limits
        self.timeouts = timeouts
        self.prices = prices
        self.allowsPlainWebhooks = allowsPlainWebhooks
        access = token.isEmpty ? .open : .token(token)
    }
}

/// An API that everybody on the network could use.
package struct OpenAPINotAllowed: Error, CustomStringConvertible {
    package let host: String

    package var description: String {
        "api.token is empty and api.listen has the host \"\(host)\": without a token only a loopback address such as 127.0.0.1 is allowed"
    }
}
