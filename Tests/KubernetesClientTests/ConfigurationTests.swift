import FoundationEssentials
import Testing

@testable import KubernetesClient

/// A folder that is removed at the end.
func withTemporaryFolder(_ body: (String) async throws -> Void) async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "kube-\(UUID().uuidString)").path()
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }  // why: a leftover temporary folder harms nobody
    try await body(folder)
}

func write(_ text: String, to path: String) throws {
    try Data(text.utf8).write(to: URL(filePath: path), options: .atomic)
}

@Suite("Kubeconfig files")
struct KubeconfigTests {
    private static let file = """
        apiVersion: v1
        kind: Config
        current-context: first
        clusters:
        - name: plain
          cluster: {server: "https://10.0.0.1:6443/prefix", certificate-authority: ca.pem, tls-server-name: api.test}
        - name: open
          cluster: {server: "https://10.0.0.2:6443", insecure-skip-tls-verify: true, proxy-url: "http://proxy:3128"}
        contexts:
        - name: first
          context: {cluster: plain, user: certificate, namespace: jobs}
        - name: second
          context: {cluster: open, user: token}
        - name: third
          context: {cluster: open, user: file}
        - name: fourth
          context: {cluster: open, user: exec}
        - name: basic
          context: {cluster: open, user: basic}
        - name: half
          context: {cluster: open, user: half}
        - name: old
          context: {cluster: open, user: old}
        - name: nobody
          context: {cluster: open, user: missing}
        users:
        - name: certificate
          user: {client-certificate-data: Y2VydA==, client-key: key.pem, as: someone, as-groups: [a, b]}
        - name: token
          user: {token: abc}
        - name: file
          user: {token: abc, tokenFile: token}
        - name: exec
          user:
            exec:
              apiVersion: client.authentication.k8s.io/v1
              command: ./login
              args: [--cluster, one]
              env: [{name: A, value: b}]
              provideClusterInfo: true
              interactiveMode: Never
        - name: basic
          user: {username: admin, password: geheim}
        - name: half
          user: {client-key-data: a2V5}
        - name: old
          user: {exec: {apiVersion: client.authentication.k8s.io/v1alpha1, command: x}}
        """

    private func load(_ context: String?) async throws -> (KubernetesConfiguration, folder: String) {
        var result: (KubernetesConfiguration, String)?
        try await withTemporaryFolder { folder in
            try write(Self.file, to: "\(folder)/config")
            try write("authority", to: "\(folder)/ca.pem")
            try write("key", to: "\(folder)/key.pem")
            result = (try KubernetesConfiguration.kubeconfig(path: "\(folder)/config", context: context), folder)
        }
        return try #require(result)
    }

    @Test("The current context, with files relative to the kubeconfig")
    func current() async throws {
        let (configuration, _) = try await load(nil)
        #expect(configuration.server == "https://10.0.0.1:6443/prefix")
        #expect(configuration.namespace == "jobs")
        #expect(configuration.tls.certificateAuthorities == Data("authority".utf8))
        #expect(configuration.tls.serverName == "api.test")
        #expect(!configuration.tls.isInsecure)
        let pair = KubernetesConfiguration.ClientCertificate(
            certificate: Data("cert".utf8),
            key: Data("key".utf8)
        )
        #expect(configuration.tls.clientCertificate == pair)
        #expect(configuration.impersonatedUser == "someone")
        #expect(configuration.impersonatedGroups == ["a", "b"])
    }

    @Test("A named context with a token")
    func token() async throws {
        let (configuration, _) = try await load("second")
        #expect(configuration.tls.isInsecure)
        #expect(configuration.proxy == "http://proxy:3128")
        guard case .token("abc") = configuration.credentials else { return #expect(Bool(false)) }
    }

    @Test("A token file wins over a token")
    func tokenFile() async throws {
        let (configuration, folder) = try await load("third")
        guard case .tokenFile(let path) = configuration.credentials else { return #expect(Bool(false)) }
        #expect(path == "\(folder)/token")
    }

    @Test("A command is found beside the file and told about the cluster")
    func command() async throws {
        let (configuration, folder) = try await load("fourth")
        guard case .command(let command) = configuration.credentials else { return #expect(Bool(false)) }
        #expect(command.command == "\(folder)/./login")
        #expect(command.arguments == ["--cluster", "one"])
        #expect(command.environment == ["A": "b"])
        #expect(
            command.clusterInfo == [
                "server": "https://10.0.0.2:6443", "insecure-skip-tls-verify": true, "proxy-url": "http://proxy:3128",
            ]
        )
    }

    @Test(
        "What is wrong is named, and no secret with it",
        arguments: [
            ("basic", "username and password are not supported"), ("half", "client-certificate and client-key"),
            ("old", "allowed are client.authentication.k8s.io/v1"), ("nobody", "user missing does not exist"),
            ("fifth", "context fifth does not exist; contexts are basic, first"),
        ]
    )
    func mistakes(context: String, message: String) async throws {
        do {
            _ = try await load(context)
            Issue.record("\(context) was accepted")
        } catch let error as KubernetesError {
            #expect(error.kind == .configuration)
            #expect(error.message.contains(message))
            #expect(!error.message.contains("geheim"))
        }
    }

    @Test("Of several files the first to name an entry wins")
    func merging() async throws {
        try await withTemporaryFolder { folder in
            try write("current-context: a\nusers: [{name: u, user: {token: one}}]", to: "\(folder)/1")
            try write(
                """
                current-context: b
                clusters: [{name: c, cluster: {server: "http://127.0.0.1:1"}}]
                contexts: [{name: a, context: {cluster: c, user: u}}]
                users: [{name: u, user: {token: two}}]
                """,
                to: "\(folder)/2"
            )
            let configuration = try Kubeconfig(paths: ["\(folder)/1", "\(folder)/2"]).configuration(context: nil)
            guard case .token("one") = configuration.credentials else { return #expect(Bool(false)) }
        }
    }

    @Test(
        "A file that is not a kubeconfig is refused without its content",
        arguments: ["", "a: [", "clusters: geheim"]
    )
    func nonsense(text: String) async throws {
        try await withTemporaryFolder { folder in
            try write(text, to: "\(folder)/config")
            let error = #expect(throws: KubernetesError.self) {
                try KubernetesConfiguration.kubeconfig(path: "\(folder)/config")
            }
            #expect(error?.kind == .configuration)
            #expect(error?.message.contains("geheim") == false)
        }
    }
}

@Suite("Configuration inside a pod")
struct InClusterTests {
    @Test("The service account's files and the environment make a configuration")
    func mounted() async throws {
        try await withTemporaryFolder { folder in
            try write("ca", to: "\(folder)/ca.crt")
            try write("token", to: "\(folder)/token")
            try write("jobs\n", to: "\(folder)/namespace")
            let configuration = try KubernetesConfiguration.inCluster(
                environment: ["KUBERNETES_SERVICE_HOST": "fd00::1", "KUBERNETES_SERVICE_PORT": "443"],
                folder: folder
            )
            #expect(configuration.server == "https://[fd00::1]:443")
            #expect(configuration.namespace == "jobs")
            #expect(configuration.tls.certificateAuthorities == Data("ca".utf8))
        }
    }

    @Test("Elsewhere it says that this is not a pod")
    func elsewhere() {
        let error = #expect(throws: KubernetesError.self) {
            try KubernetesConfiguration.inCluster(environment: [:], folder: "/nowhere")
        }
        #expect(error?.message.contains("not a pod") == true)
    }
}
