internal import FoundationEssentials

extension KubernetesConfiguration {
    /// The cluster and user of a kubeconfig's context.
    ///
    /// - Parameter context: its name; `nil` takes the current one.
    /// - Throws: `KubernetesError` of kind `.configuration` that names the field.
    package static func kubeconfig(
        path: String,
        context: String? = nil
    ) throws(KubernetesError) -> KubernetesConfiguration {
        try Kubeconfig(paths: [path]).configuration(context: context)
    }

    /// What the surroundings offer: the files in `KUBECONFIG`, else the pod's service account, else
    /// `~/.kube/config`.
    package static func automatic() throws(KubernetesError) -> KubernetesConfiguration {
        let environment = ProcessInfo.processInfo.environment
        if let list = environment["KUBECONFIG"], !list.isEmpty {
            let named = list.split(separator: ":").map(String.init)
            let present = named.filter { FileManager.default.fileExists(atPath: $0) }
            guard !present.isEmpty else {
                throw KubernetesError(.configuration, message: "KUBECONFIG: no such file: \(list)")
            }
            return try Kubeconfig(paths: present).configuration(context: nil)
        }
        if environment["KUBERNETES_SERVICE_HOST"] != nil { return try inCluster() }
        guard let home = environment["HOME"] else {
            throw KubernetesError(
                .configuration,
                message: "no cluster: KUBECONFIG, KUBERNETES_SERVICE_HOST and HOME are not set"
            )
        }
        return try kubeconfig(path: "\(home)/.kube/config")
    }
}

extension Kubeconfig {
    func configuration(context wanted: String?) throws(KubernetesError) -> KubernetesConfiguration {
        guard let name = wanted ?? currentContext, !name.isEmpty else {
            throw invalid("current-context is not set; contexts are \(Self.list(contexts.keys))")
        }
        guard let context = contexts[name] else {
            throw invalid("context \(name) does not exist; contexts are \(Self.list(contexts.keys))")
        }
        guard let cluster = clusters[context.cluster] else {
            throw invalid("cluster \(context.cluster) does not exist; clusters are \(Self.list(clusters.keys))")
        }
        var configuration = KubernetesConfiguration(
            server: try server(of: cluster.entry, name: context.cluster),
            tls: try tls(of: cluster)
        )
        configuration.namespace = context.namespace
        configuration.proxy = cluster.entry.proxyURL
        guard let userName = context.user, !userName.isEmpty else { return configuration }
        guard let user = users[userName] else {
            throw invalid("user \(userName) does not exist; users are \(Self.list(users.keys))")
        }
        configuration.tls.clientCertificate = try clientCertificate(of: user, name: userName)
        configuration.credentials = try credentials(of: user, name: userName, cluster: cluster.entry)
        configuration.impersonatedUser = user.entry.impersonatedUser
        configuration.impersonatedGroups = user.entry.impersonatedGroups ?? []
        return configuration
    }

    private func server(of cluster: Cluster, name: String) throws(KubernetesError) -> String {
        guard let server = cluster.server, !server.isEmpty else { throw invalid("clusters.\(name).server is missing") }
        return server
    }

    private func tls(of cluster: Located<Cluster>) throws(KubernetesError) -> KubernetesConfiguration.TLS {
        let isInsecure = cluster.entry.insecureSkipTLSVerify ?? false
        let authorities = try content(
            data: cluster.entry.certificateAuthorityData,
            path: cluster.entry.certificateAuthority,
            folder: cluster.folder,
            field: "certificate-authority"
        )
        guard !(isInsecure && authorities != nil) else {
            throw invalid("insecure-skip-tls-verify and certificate-authority exclude each other")
        }
        return KubernetesConfiguration.TLS(
            certificateAuthorities: authorities,
            serverName: cluster.entry.tlsServerName,
            isInsecure: isInsecure
        )
    }

    private func clientCertificate(
        of user: Located<User>,
        name: String
    ) throws(KubernetesError) -> KubernetesConfiguration.ClientCertificate? {
        let certificate = try content(
            data: user.entry.clientCertificateData,
            path: user.entry.clientCertificate,
            folder: user.folder,
            field: "client-certificate"
        )
        let key = try content(
            data: user.entry.clientKeyData,
            path: user.entry.clientKey,
            folder: user.folder,
            field: "client-key"
        )
        switch (certificate, key) {
        case (nil, nil): return nil
        case (let certificate?, let key?): return .init(certificate: certificate, key: key)
        default: throw invalid("users.\(name): client-certificate and client-key belong together")
        }
    }

    private func credentials(
        of user: Located<User>,
        name: String,
        cluster: Cluster
    ) throws(KubernetesError) -> KubernetesConfiguration.Credentials {
        let entry = user.entry
        guard entry.username == nil else {
            throw invalid("users.\(name): username and password are not supported; use a token or a certificate")
        }
        guard entry.authProvider == nil else {
            throw invalid("users.\(name): auth-provider was removed from Kubernetes; use exec")
        }
        // The file wins over the token beside it, since it is the one that is renewed.
        if let path = entry.tokenFile, !path.isEmpty {
            return .tokenFile(path: Self.resolved(path, in: user.folder))
        }
        if let token = entry.token, !token.isEmpty { return .token(token) }
        if let exec = entry.exec {
            return .command(try command(exec, folder: user.folder, name: name, cluster: cluster))
        }
        return .none
    }

    private func command(
        _ exec: Exec,
        folder: String,
        name: String,
        cluster: Cluster
    ) throws(KubernetesError) -> CredentialCommand {
        let version = exec.apiVersion ?? ""
        guard CredentialCommand.supportedVersions.contains(version) else {
            throw invalid(
                "users.\(name).exec.apiVersion is \(version); allowed are \(Self.list(CredentialCommand.supportedVersions))"
            )
        }
        // A bare name is looked up in PATH, anything with a slash is relative to the file.
        let command = exec.command.contains("/") ? Self.resolved(exec.command, in: folder) : exec.command
        let variables = (exec.env ?? []).map { ($0.name, $0.value) }
        return CredentialCommand(
            apiVersion: version,
            command: command,
            arguments: exec.args ?? [],
            environment: Dictionary(variables) { _, last in last },
            clusterInfo: exec.provideClusterInfo == true ? clusterInfo(cluster) : nil
        )
    }

    private func clusterInfo(_ cluster: Cluster) -> KubernetesValue {
        var info: [String: KubernetesValue] = ["server": .string(cluster.server ?? "")]
        if let data = cluster.certificateAuthorityData { info["certificate-authority-data"] = .string(data) }
        if let name = cluster.tlsServerName { info["tls-server-name"] = .string(name) }
        if let insecure = cluster.insecureSkipTLSVerify { info["insecure-skip-tls-verify"] = .bool(insecure) }
        if let proxy = cluster.proxyURL { info["proxy-url"] = .string(proxy) }
        return .object(info)
    }

    /// Inline base64 wins over a path.
    private func content(
        data: String?,
        path: String?,
        folder: String,
        field: String
    ) throws(KubernetesError) -> Data? {
        if let data, !data.isEmpty {
            guard let decoded = Data(base64Encoded: data, options: .ignoreUnknownCharacters), !decoded.isEmpty else {
                throw invalid("\(field)-data is not base64")
            }
            return decoded
        }
        guard let path, !path.isEmpty else { return nil }
        return try ConfigurationFile.read(Self.resolved(path, in: folder), field: field)
    }

    private static func resolved(_ path: String, in folder: String) -> String {
        path.hasPrefix("/") ? path : "\(folder)/\(path)"
    }

    private static func list(_ names: some Sequence<String>) -> String { names.sorted().joined(separator: ", ") }

    private func invalid(_ message: String) -> KubernetesError {
        KubernetesError(.configuration, message: "kubeconfig: \(message)")
    }
}

extension CredentialCommand {
    static let supportedVersions = ["client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"]
}
