package import Dashboard
package import SlipwayCore
internal import WebhookClient

/// Where the API listens and who may enter.
package struct ControlAPIConfiguration: Sendable {
    package let host: String
    package let port: Int
    package let limits: ControlAPILimits
    /// Of jobs that give none, as they are applied.
    package let timeouts: JobSpec.Timeouts
    /// `nil`: nothing costs anything, and no cost is told.
    package let prices: ResourcePrices?
    /// How many requests a caller may send; `nil`: any number.
    package let callerRate: RequestRate?
    /// How many all callers of a team may send together; `nil`: any number.
    package let teamRate: RequestRate?
    /// How many requests without valid credentials an address may send; `nil`: any number.
    package let refusalRate: RequestRate?
    /// The providers of identities whose word counts.
    package let issuers: [IdentityIssuer]
    /// Where browsers reach the API; `nil`: people do not log in.
    package let publicURL: String?
    /// `nil`: the API alone is served.
    package let dashboard: DashboardFiles?
    /// Whether webhooks may have addresses of `http:`.
    package let allowsPlainWebhooks: Bool
    let access: AccessControl
    let crossOrigin: CrossOrigin
    let proxies: TrustedProxies

    /// Whether requests need an identity.
    package enum Authentication: String, Sendable, CaseIterable {
        /// Unless the API has no token and listens on loopback.
        case auto
        case required
    }

    /// - Parameters:
    ///   - token: grants everything; empty: there is none, and an API that requires no identities may only listen on loopback.
    ///   - callerRate: `nil`: any number of requests.
    ///   - teamRate: `nil`: any number of requests.
    ///   - refusalRate: `nil`: any number of requests.
    ///   - trustedProxies: networks whose proxies tell where requests come from; others are not believed.
    ///   - issuers: the providers of identities whose word counts. With any of them an API never lets everyone in.
    ///   - publicURL: where browsers reach the API; `nil`: people do not log in.
    ///   - crossOrigins: the other sites whose pages may use the API, such as `https://slipway.example.org`.
    /// - Throws: `OpenAPINotAllowed`.
    package init(
        host: String,
        port: Int,
        token: String,
        authentication: Authentication = .auto,
        limits: ControlAPILimits = ControlAPILimits(),
        timeouts: JobSpec.Timeouts = JobSpec.Timeouts(),
        prices: ResourcePrices? = nil,
        callerRate: RequestRate? = nil,
        teamRate: RequestRate? = nil,
        refusalRate: RequestRate? = nil,
        trustedProxies: [String] = [],
        issuers: [IdentityIssuer] = [],
        publicURL: String? = nil,
        dashboard: DashboardFiles? = nil,
        crossOrigins: [String] = [],
        allowsPlainWebhooks: Bool = false
    ) throws(OpenAPINotAllowed) {
        guard !token.isEmpty || authentication == .required || !issuers.isEmpty || AccessControl.isLoopback(host: host)
        else {
            throw OpenAPINotAllowed(host: host)
        }
        self.host = host
        self.port = port
        self.limits = limits
        self.timeouts = timeouts
        self.prices = prices
        self.callerRate = callerRate
        self.teamRate = teamRate
        self.refusalRate = refusalRate
        proxies = TrustedProxies(trustedProxies.compactMap { NetworkRange($0) })
        self.issuers = issuers
        self.publicURL = publicURL.map { $0.hasSuffix("/") ? String($0.dropLast()) : $0 }
        self.dashboard = dashboard
        self.allowsPlainWebhooks = allowsPlainWebhooks
        crossOrigin = CrossOrigin(origins: crossOrigins, own: publicURL.map(CrossOrigin.origin))
        access = !token.isEmpty ? .token(token) : authentication == .required || !issuers.isEmpty ? .required : .open
    }

    /// Whether a text is a network, such as `10.1.0.0/16`, or an address.
    package static func isNetwork(_ text: String) -> Bool { NetworkRange(text) != nil }

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
