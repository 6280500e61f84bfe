internal import FoundationEssentials

extension KubernetesConfiguration {
    /// The service account that Kubernetes mounts into a pod.
    ///
    /// - Throws: `KubernetesError` of kind `.configuration` when this is not a pod.
    package static func inCluster() throws(KubernetesError) -> KubernetesConfiguration {
        try inCluster(
            environment: ProcessInfo.processInfo.environment,
            folder: "/var/run/secrets/kubernetes.io/serviceaccount"
        )
    }

    static func inCluster(
        environment: [String: String],
        folder: String
    ) throws(KubernetesError) -> KubernetesConfiguration {
        guard let host = environment["KUBERNETES_SERVICE_HOST"], let port = environment["KUBERNETES_SERVICE_PORT"]
        else {
            throw KubernetesError(
                .configuration,
                message: "KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set: this is not a pod"
            )
        }
        let authorities = try ConfigurationFile.read("\(folder)/ca.crt", field: "service account certificate")
        let tokenPath = "\(folder)/token"
        _ = try ConfigurationFile.read(tokenPath, field: "service account token")
        // A namespace is a convenience, so a missing file is not an error.
        let namespace = try? ConfigurationFile.read("\(folder)/namespace", field: "namespace")  // why: optional file
        let literalHost = host.contains(":") ? "[\(host)]" : host
        return KubernetesConfiguration(
            server: "https://\(literalHost):\(port)",
            tls: TLS(certificateAuthorities: authorities),
            credentials: .tokenFile(path: tokenPath),
            namespace: namespace.map { ConfigurationFile.trimmed(String(decoding: $0, as: UTF8.self)) }
        )
    }
}

/// Files that configuration names.
enum ConfigurationFile {
    /// The content of a file of at most 4 MiB.
    static func read(_ path: String, field: String) throws(KubernetesError) -> Data {
        do {
            let data = try Data(contentsOf: URL(filePath: path))
            guard data.count <= 4 << 20 else {
                throw KubernetesError(
                    .configuration,
                    message: "\(field): \(path) has \(data.count) bytes, allowed are 4194304"
                )
            }
            return data
        } catch let error as KubernetesError {
            throw error
        } catch {
            throw KubernetesError(.configuration, message: "\(field): cannot read \(path)")
        }
    }

    /// Without white space at both ends.
    static func trimmed(_ text: String) -> String {
        let isSpace: (Character) -> Bool = { $0.isWhitespace || $0.isNewline }
        guard let first = text.firstIndex(where: { !isSpace($0) }), let last = text.lastIndex(where: { !isSpace($0) })
        else { return "" }
        return String(text[first...last])
    }
}
