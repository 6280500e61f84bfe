import FoundationEssentials
import Testing

@testable import KubernetesClient

@Suite("Credentials", .timeLimit(.minutes(1)))
struct CredentialTests {
    private static let version = #"{"major":"1","minor":"33","gitVersion":"v"}"#

    /// A server that accepts one token, which may change.
    private func withGuardedServer(
        accepting token: @escaping @Sendable () -> String,
        credentials: KubernetesConfiguration.Credentials,
        _ body: (KubernetesClient, ScriptedServer) async throws -> Void
    ) async throws {
        try await withClient(configured: { $0.credentials = credentials }) { request, connection in
            if request.headers["authorization"] == "Bearer \(token())" {
                connection.respond(200, Self.version)
            } else {
                connection.respond(status: 401, reason: "Unauthorized")
            }
        } _: { client, server in
            try await body(client, server)
        }
    }

    @Test("A fixed token is sent, and a refusal is final")
    func fixedToken() async throws {
        let calls = Counter()
        try await withGuardedServer(accepting: { calls.increment() == 1 ? "one" : "two" }, credentials: .token("one")) {
            client,
            server in
            _ = try await client.serverVersion()
            let error = await failure { () throws(KubernetesError) in try await client.serverVersion() }
            #expect(error?.isUnauthorized == true)
            #expect(server.requests.count == 2)
        }
    }

    @Test("A token file is read again after a refusal, once")
    func tokenFile() async throws {
        try await withTemporaryFolder { folder in
            let path = "\(folder)/token"
            try write("one\n", to: path)
            let current = Collected<String>()
            current.append("one")
            try await withGuardedServer(accepting: { current.values.last ?? "" }, credentials: .tokenFile(path: path)) {
                client,
                server in
                _ = try await client.serverVersion()
                current.append("two")
                try write("two\n", to: path)
                _ = try await client.serverVersion()
                #expect(server.requests.count == 3)
                current.append("three")
                let error = await failure { () throws(KubernetesError) in try await client.serverVersion() }
                #expect(error?.isUnauthorized == true)
                #expect(server.requests.count == 5)
            }
        }
    }

    @Test("A missing token file is a matter of credentials")
    func missingTokenFile() async throws {
        try await withGuardedServer(accepting: { "" }, credentials: .tokenFile(path: "/nowhere/token")) {
            client,
            server in
            let error = await failure { () throws(KubernetesError) in try await client.serverVersion() }
            #expect(error?.kind == .credentials)
            #expect(server.requests.isEmpty)
        }
    }

    /// A command that counts its runs and prints a token with the number. The shell reads the script, since a fresh
    /// file cannot be executed while another test's child still holds it open.
    private func command(in folder: String, expiry: String?, version: String = "v1") throws -> CredentialCommand {
        let status = expiry.map { #","expirationTimestamp":"\#($0)""# } ?? ""
        try write(
            """
            #!/bin/sh
            echo run >> "$0.runs"
            number=$(wc -l < "$0.runs")
            test -n "$KUBERNETES_EXEC_INFO" || exit 3
            test "$1$EXTRA" = "onetwo" || exit 4
            echo '{"apiVersion":"client.authentication.k8s.io/\(version)","kind":"ExecCredential",'
            echo '"status":{"token":"token-'$number'"\(status)}}'
            """,
            to: "\(folder)/login"
        )
        return CredentialCommand(
            apiVersion: "client.authentication.k8s.io/\(version)",
            command: "sh",
            arguments: ["\(folder)/login", "one"],
            environment: ["EXTRA": "two"]
        )
    }

    @Test("A command runs once for many requests, and again after a refusal", arguments: ["v1", "v1beta1"])
    func command(version: String) async throws {
        try await withTemporaryFolder { folder in
            let accepted = Collected<String>()
            accepted.append("token-1")
            let command = try command(in: folder, expiry: "2999-01-01T00:00:00Z", version: version)
            try await withGuardedServer(accepting: { accepted.values.last ?? "" }, credentials: .command(command)) {
                client,
                server in
                try await withThrowingTaskGroup { group in
                    for _ in 0..<10 { group.addTask { _ = try await client.serverVersion() } }
                    try await group.waitForAll()
                }
                #expect(server.requests.count == 10)
                accepted.append("token-2")
                _ = try await client.serverVersion()
                #expect(server.requests.count == 12)
            }
        }
    }

    @Test("Expired credentials are obtained anew before they are sent")
    func expiry() async throws {
        try await withTemporaryFolder { folder in
            let command = try command(in: folder, expiry: "2001-01-01T00:00:00Z")
            let calls = Counter()
            try await withGuardedServer(
                accepting: { "token-\(calls.increment())" },
                credentials: .command(command)
            ) { client, server in
                _ = try await client.serverVersion()
                _ = try await client.serverVersion()
                #expect(server.requests.count == 2)
            }
        }
    }

    @Test(
        "A command that fails says how, without what it printed",
        arguments: [
            ("exit 7", "exited with 7"), ("kill -9 $$", "signal 9"), ("echo geheim", "did not print"),
            ("sleep 60", "took longer"), ("yes geheim", "printed more"),
            (#"echo '{"apiVersion":"other","kind":"ExecCredential"}'"#, "another kind or version"),
            (#"echo '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential"}'"#, "neither a token"),
        ]
    )
    func failingCommand(script: String, message: String) async throws {
        try await withTemporaryFolder { folder in
            try write("#!/bin/sh\nexec 2>/dev/null\n\(script)\n", to: "\(folder)/login")
            let command = CredentialCommand(command: "sh", arguments: ["\(folder)/login"], timeout: .seconds(1))
            try await withGuardedServer(accepting: { "" }, credentials: .command(command)) { client, _ in
                let error = try #require(
                    await failure { () throws(KubernetesError) in try await client.serverVersion() }
                )
                #expect(error.kind == .credentials)
                #expect(error.message.contains(message))
                #expect(!error.message.contains("geheim"))
            }
        }
    }
}
