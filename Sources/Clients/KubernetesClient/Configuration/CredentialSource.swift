internal import FoundationEssentials
internal import Logging

/// What one request presents.
struct Authorization: Sendable {
    var token: String?
    var clientCertificate: CertificateMaterial?
    /// Whether a 401 is a reason to obtain other credentials and try once more.
    var isRenewable = false
    /// Counts what the source handed out, so that one 401 renews once, however many requests met it.
    var generation = 0
}

/// Obtains credentials, keeps them while they are good, and obtains new ones after they were refused.
actor CredentialSource {
    private nonisolated let configured: KubernetesConfiguration.Credentials
    private nonisolated let fixed: Authorization
    private let logger: Logger
    private var held: (authorization: Authorization, goodUntil: ContinuousClock.Instant)?
    private var renewal: Task<Result<Authorization, KubernetesError>, Never>?
    private var generation = 0

    /// Projected tokens rotate long before they expire, so a minute of age does no harm.
    private static let fileLifetime = Duration.seconds(60)
    /// A command's credentials are renewed this long before they expire.
    private static let expiryMargin = Duration.seconds(30)

    init(_ configuration: KubernetesConfiguration, logger: Logger) {
        configured = configuration.credentials
        self.logger = logger
        var fixed = Authorization(clientCertificate: configuration.tls.clientCertificate.map(CertificateMaterial.init))
        if case .token(let token) = configuration.credentials { fixed.token = token }
        self.fixed = fixed
    }

    /// Credentials that should be accepted. Those that never change cost no hop.
    nonisolated func current() async throws(KubernetesError) -> Authorization {
        switch configured {
        case .none, .token: return fixed
        case .tokenFile, .command: return try await renewedIfDue()
        }
    }

    /// Tells that the server refused what an earlier `current` returned.
    func reject(_ authorization: Authorization) {
        if held?.authorization.generation == authorization.generation { held = nil }
    }

    private func renewedIfDue() async throws(KubernetesError) -> Authorization {
        if let held, held.goodUntil > .now { return held.authorization }
        if let renewal { return try await renewal.value.get() }
        // why: several requests wait for one renewal, and the cancellation of one must not fail the others.
        let task = Task { await self.renew() }
        renewal = task
        return try await task.value.get()
    }

    private func renew() async -> Result<Authorization, KubernetesError> {
        defer { renewal = nil }
        generation += 1
        do throws(KubernetesError) {
            switch configured {
            case .none, .token: return .success(fixed)
            case .tokenFile(let path): return .success(try readToken(path))
            case .command(let command): return .success(try await run(command))
            }
        } catch {
            logger.warning("Credentials cannot be obtained", metadata: ["error": "\(error)"])
            return .failure(error)
        }
    }

    private func readToken(_ path: String) throws(KubernetesError) -> Authorization {
        let content: Data
        do {
            content = try ConfigurationFile.read(path, field: "token file")
        } catch {
            throw KubernetesError(.credentials, message: error.message)
        }
        let token = ConfigurationFile.trimmed(String(decoding: content, as: UTF8.self))
        guard !token.isEmpty, token.utf8.allSatisfy({ (33...126).contains($0) }) else {
            throw KubernetesError(.credentials, message: "token file: \(path) does not hold one token")
        }
        return hold(token: token, certificate: nil, until: .now + Self.fileLifetime)
    }

    private func run(_ command: CredentialCommand) async throws(KubernetesError) -> Authorization {
        let credential = try await command.obtainCredential()
        let certificate = try credential.certificate()
        guard credential.token != nil || certificate != nil else {
            throw KubernetesError(
                .credentials,
                message: "\(command.command) printed neither a token nor a certificate"
            )
        }
        // Without an expiry the credentials are good until the server refuses them.
        let lifetime = credential.expirationTimestamp.map { time in
            let now = KubernetesTime(microsecondsSince1970: Int64(Date.now.timeIntervalSince1970 * 1_000_000))
            return Duration.microseconds(time.microsecondsSince1970 - now.microsecondsSince1970) - Self.expiryMargin
        }
        return hold(
            token: credential.token,
            certificate: certificate.map(CertificateMaterial.init),
            until: .now + (lifetime ?? .seconds(1_000_000_000))
        )
    }

    private func hold(
        token: String?,
        certificate: CertificateMaterial?,
        until goodUntil: ContinuousClock.Instant
    ) -> Authorization {
        let authorization = Authorization(
            token: token,
            clientCertificate: certificate ?? fixed.clientCertificate,
            isRenewable: true,
            generation: generation
        )
        held = (authorization, goodUntil)
        return authorization
    }
}
