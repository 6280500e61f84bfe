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
    let access: AccessControl
    let crossOrigin: CrossOrigin

    /// - Parameters:
    ///   - token: what every request must carry; empty for an open API, which may only listen on loopback.
    ///   - crossOrigins: the other sites whose pages may use the API, such as `https://slipway.example.org`.
    /// - Throws: `OpenAPINotAllowed`.
    package init(
        host: String,
        port: Int,
        token: String,
        limits: ControlAPILimits = ControlAPILimits(),
        timeouts: JobSpec.Timeouts = JobSpec.Timeouts(),
        prices: ResourcePrices? = nil,
        crossOrigins: [String] = []
    ) throws(OpenAPINotAllowed) {
        guard !token.isEmpty || AccessControl.isLoopback(host: host) else { throw OpenAPINotAllowed(host: host) }
        self.host = host
        self.port = port
        self.limits = limits
        self.timeouts = timeouts
        self.prices = prices
        crossOrigin = CrossOrigin(origins: crossOrigins)
        access = token.isEmpty ? .open : .token(token)
    }

    /// Whether a text is the origin of a site's pages, such as `https://slipway.example.org`.
    package static func isOrigin(_ text: String) -> Bool { CrossOrigin.isOrigin(text) }
}

/// An API that everybody on the network could use.
package struct OpenAPINotAllowed: Error, CustomStringConvertible {
    package let host: String

    package var description: String {
        "api.token is empty and api.listen has the host \"\(host)\": without a token only a loopback address such as 127.0.0.1 is allowed"
    }
}
