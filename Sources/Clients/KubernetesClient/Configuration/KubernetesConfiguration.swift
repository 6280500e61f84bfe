package import FoundationEssentials

/// Where an API server is, how to trust it, who we are, and how hard we may press it.
package struct KubernetesConfiguration: Sendable {
    /// How the server's certificate is checked.
    package struct TLS: Sendable {
        /// PEM of the authorities to trust; `nil` trusts the system's.
        package var certificateAuthorities: Data?
        /// PEM of our certificate and its chain, with the key.
        package var clientCertificate: ClientCertificate?
        /// The name the server's certificate must bear, if not the host of `server`.
        package var serverName: String?
        /// Accepts any certificate. For tests only.
        package var isInsecure: Bool

        /// The system's authorities and no client certificate unless told otherwise.
        package init(
            certificateAuthorities: Data? = nil,
            clientCertificate: ClientCertificate? = nil,
            serverName: String? = nil,
            isInsecure: Bool = false
        ) {
            self.certificateAuthorities = certificateAuthorities
            self.clientCertificate = clientCertificate
            self.serverName = serverName
            self.isInsecure = isInsecure
        }
    }

    /// A certificate and its private key, both PEM.
    package struct ClientCertificate: Hashable, Sendable {
        package var certificate: Data
        package var key: Data

        /// A pair that belongs together.
        package init(certificate: Data, key: Data) {
            self.certificate = certificate
            self.key = key
        }
    }

    /// How requests prove who we are, besides a client certificate.
    package enum Credentials: Sendable {
        /// Not at all.
        case none
        /// A fixed bearer token.
        case token(String)
        /// A bearer token in a file that others rotate: read again once a minute and after a 401.
        case tokenFile(path: String)
        /// A command that prints an `ExecCredential`; run again before it expires and after a 401.
        case command(CredentialCommand)
    }

    /// An `https` or `http` URL, perhaps with a path prefix.
    package var server: String
    package var tls: TLS
    package var credentials: Credentials
    /// The namespace the context or the service account names.
    package var namespace: String?
    /// `http://host:port` of a proxy; `nil` takes the environment's, and none for a loopback server.
    package var proxy: String?
    /// Who to act as, if the credentials allow it.
    package var impersonatedUser: String?
    package var impersonatedGroups: [String]
    /// Requests allowed a second, on average. Watches are not counted.
    package var requestsPerSecond: Double
    /// Requests allowed at once after a quiet time.
    package var burst: Int
    /// Connections that short requests are spread over; as many again carry watches and logs.
    package var connections: Int
    /// From the call to the answer, with waiting for the budget and retries.
    package var requestTimeout: Duration
    /// A watch that says nothing for so long, no bookmark either, is opened anew.
    package var watchSilence: Duration
    /// The largest answer to a short request.
    package var maximumResponseBytes: Int
    /// Sent with each request.
    package var userAgent: String

    /// A server by URL, with everything else at its default.
    package init(
        server: String,
        tls: TLS = TLS(),
        credentials: Credentials = .none,
        namespace: String? = nil,
        proxy: String? = nil,
        impersonatedUser: String? = nil,
        impersonatedGroups: [String] = [],
        requestsPerSecond: Double = 100,
        burst: Int = 200,
        connections: Int = 4,
        requestTimeout: Duration = .seconds(30),
        watchSilence: Duration = .seconds(120),
        maximumResponseBytes: Int = 64 << 20,
        userAgent: String = "slipway"
    ) {
        self.server = server
        self.tls = tls
        self.credentials = credentials
        self.namespace = namespace
        self.proxy = proxy
        self.impersonatedUser = impersonatedUser
        self.impersonatedGroups = impersonatedGroups
        self.requestsPerSecond = requestsPerSecond
        self.burst = burst
        self.connections = connections
        self.requestTimeout = requestTimeout
        self.watchSilence = watchSilence
        self.maximumResponseBytes = maximumResponseBytes
        self.userAgent = userAgent
    }
}
