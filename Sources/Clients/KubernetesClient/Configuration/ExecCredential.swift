internal import FoundationEssentials

/// What a credential command prints.
struct ExecCredential: Codable {
    struct Status: Codable {
        var expirationTimestamp: KubernetesTime?
        var token: String?
        var clientCertificateData: String?
        var clientKeyData: String?
    }

    struct Spec: Codable {
        struct Cluster: Codable {
            var cluster: KubernetesValue
        }

        var cluster: KubernetesValue?
        var interactive: Bool
    }

    var apiVersion: String
    var kind: String
    var spec: Spec?
    var status: Status?

    var token: String? { status?.token.flatMap { $0.isEmpty ? nil : $0 } }
    var expirationTimestamp: KubernetesTime? { status?.expirationTimestamp }

    func certificate() throws(KubernetesError) -> KubernetesConfiguration.ClientCertificate? {
        switch (status?.clientCertificateData, status?.clientKeyData) {
        case (nil, nil): return nil
        case (let certificate?, let key?): return .init(certificate: Data(certificate.utf8), key: Data(key.utf8))
        default:
            throw KubernetesError(
                .credentials,
                message: "clientCertificateData and clientKeyData belong together"
            )
        }
    }
}

extension CredentialCommand {
    private static let maximumOutputBytes = 1 << 20

    /// Runs the command and reads what it prints.
    ///
    /// - Throws: `.credentials`; never with anything of the output, which is secret.
    func obtainCredential() async throws(KubernetesError) -> ExecCredential {
        let info = ExecCredential(
            apiVersion: apiVersion,
            kind: "ExecCredential",
            spec: .init(cluster: clusterInfo, interactive: false)
        )
        let encodedInfo: [UInt8]
        do {
            encodedInfo = try JSON.encode(info)
        } catch {
            throw failure("its input cannot be encoded")
        }
        var variables = ProcessInfo.processInfo.environment
        variables.merge(environment) { _, ours in ours }
        variables["KUBERNETES_EXEC_INFO"] = String(decoding: encodedInfo, as: UTF8.self)
        let child = ChildProcess(
            command: command,
            arguments: arguments,
            environment: variables,
            timeout: timeout,
            maximumOutputBytes: Self.maximumOutputBytes
        )
        switch await child.run() {
        case .notStarted(let reason): throw failure("it cannot be started: \(reason)")
        case .timedOut: throw failure("it took longer than \(timeout)")
        case .tooMuchOutput: throw failure("it printed more than \(Self.maximumOutputBytes) bytes")
        case .killed(let signal): throw failure("signal \(signal) ended it")
        case .exited(let code, _) where code != 0: throw failure("it exited with \(code)")
        case .exited(_, let output): return try decoded(output)
        }
    }

    private func decoded(_ output: [UInt8]) throws(KubernetesError) -> ExecCredential {
        // why: a decoding error quotes the text it failed on, which is secret.
        guard let credential = try? JSON.decode(ExecCredential.self, from: output) else {
            throw failure("it did not print an ExecCredential")
        }
        guard credential.apiVersion == apiVersion, credential.kind == "ExecCredential" else {
            throw failure("it printed another kind or version than \(apiVersion) ExecCredential")
        }
        return credential
    }

    private func failure(_ reason: String) -> KubernetesError {
        KubernetesError(.credentials, message: "credential command \(command): \(reason)")
    }
}
