/// A command that obtains credentials: the `exec` part of a kubeconfig user.
package struct CredentialCommand: Hashable, Sendable {
    /// `client.authentication.k8s.io/v1` or `/v1beta1`.
    package var apiVersion: String
    /// A path, or a name looked up in `PATH`.
    package var command: String
    package var arguments: [String]
    /// Added to our own environment.
    package var environment: [String: String]
    /// What the command is told about the cluster, if it asked for that.
    package var clusterInfo: KubernetesValue?
    /// How long the command may take.
    package var timeout: Duration

    /// A command without arguments unless told otherwise.
    package init(
        apiVersion: String = "client.authentication.k8s.io/v1",
        command: String,
        arguments: [String] = [],
        environment: [String: String] = [:],
        clusterInfo: KubernetesValue? = nil,
        timeout: Duration = .seconds(60)
    ) {
        self.apiVersion = apiVersion
        self.command = command
        self.arguments = arguments
        self.environment = environment
        self.clusterInfo = clusterInfo
        self.timeout = timeout
    }
}
