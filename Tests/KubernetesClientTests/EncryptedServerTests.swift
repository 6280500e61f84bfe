import Foundation
import Testing

@testable import KubernetesClient

/// `nghttpd` (Debian: nghttp2-server) serving files over HTTP/2 with TLS, with certificates made for the occasion.
///
/// The tests are skipped where `nghttpd` or `openssl` is missing.
struct EncryptedServer {
    static let isAvailable = [nghttpd, openssl].allSatisfy { FileManager.default.isExecutableFile(atPath: $0) }
    private static let nghttpd = "/usr/sbin/nghttpd"
    private static let openssl = "/usr/bin/openssl"

    let folder: String
    let port: Int

    func url(_ host: String) -> String { "https://\(host):\(port)" }
    func file(_ name: String) throws -> Data { try Data(contentsOf: URL(filePath: "\(folder)/\(name)")) }

    /// Certificates, a server that demands one of its clients, and its end.
    static func run(_ body: (EncryptedServer) async throws -> Void) async throws {
        try await withTemporaryFolder { folder in
            try makeCertificates(in: folder)
            try FileManager.default.createDirectory(atPath: "\(folder)/www", withIntermediateDirectories: true)
            try write(#"{"major":"1","minor":"33","gitVersion":"v1.33.1"}"#, to: "\(folder)/www/version")
            let pods = (0..<2000).map { podJSON("p\($0)", version: $0) }
            try FileManager.default.createDirectory(atPath: "\(folder)/www/api/v1", withIntermediateDirectories: true)
            try write(listJSON(pods, version: 9), to: "\(folder)/www/api/v1/pods")
            let port = try freePort()
            let server = try TestProcess(
                nghttpd,
                [
                    "-v", "-V", "-d", "\(folder)/www", "-a", "127.0.0.1", "--max-concurrent-streams=100", String(port),
                    "\(folder)/server.key", "\(folder)/server.pem",
                ],
                output: "\(folder)/log"
            )
            defer { server.stop() }
            try await eventually("the server listens") { canConnect(port: port) }
            try await body(EncryptedServer(folder: folder, port: port))
        }
    }

    private static func makeCertificates(in folder: String) throws {
        let authority = [
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
            "-subj", "/CN=authority", "-keyout", "\(folder)/ca.key", "-out", "\(folder)/ca.pem",
        ]
        try TestProcess(openssl, authority, output: "/dev/null").waitForSuccess()
        for (name, extra) in [("server", ["-addext", "subjectAltName=DNS:api.test"]), ("client", [])] {
            let request = [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                "-subj", "/CN=\(name)", "-keyout", "\(folder)/\(name).key", "-out", "\(folder)/\(name).pem",
                "-CA", "\(folder)/ca.pem", "-CAkey", "\(folder)/ca.key",
            ]
            try TestProcess(openssl, request + extra, output: "/dev/null").waitForSuccess()
        }
    }
}

@Suite(
    "HTTP/2 over TLS",
    .enabled(if: EncryptedServer.isAvailable, "needs nghttpd and openssl"),
    .timeLimit(.minutes(1))
)
struct EncryptedServerTests {
    private func configuration(_ server: EncryptedServer) throws -> KubernetesConfiguration {
        KubernetesConfiguration(
            server: server.url("127.0.0.1"),
            tls: .init(
                certificateAuthorities: try server.file("ca.pem"),
                clientCertificate: .init(
                    certificate: try server.file("client.pem"),
                    key: try server.file("client.key")
                ),
                serverName: "api.test"
            )
        )
    }

    /// Connections that are open on the server's side, as the kernel tells.
    private func connectionCount(_ server: EncryptedServer) throws -> Int {
        // The file claims to be empty, so it must be read to its end by hand.
        let table = try FileHandle(forReadingAtPath: "/proc/net/tcp")?.readToEnd() ?? Data()
        let port = String(server.port, radix: 16, uppercase: true)
        let established = "01"
        return String(decoding: table, as: UTF8.self).split(separator: "\n").count { line in
            let fields = line.split(separator: " ")
            return fields.count > 3 && fields[1].hasSuffix(":\(port)") && fields[3] == established
        }
    }

    @Test("Requests with a client certificate share few connections")
    func multiplexing() async throws {
        try await EncryptedServer.run { server in
            var configuration = try configuration(server)
            configuration.connections = 2
            configuration.requestsPerSecond = 10_000
            configuration.burst = 10_000
            try await withClient(configuration) { client in
                try await withThrowingTaskGroup { group in
                    for _ in 0..<150 {
                        group.addTask {
                            let version = try await client.serverVersion()
                            #expect(version.gitVersion == "v1.33.1")
                        }
                    }
                    try await group.waitForAll()
                }
                // One a lane; over HTTP/1.1 there would be 16.
                let count = try connectionCount(server)
                #expect(count == 2)
            }
        }
    }

    @Test("A large answer arrives whole")
    func largeAnswer() async throws {
        try await EncryptedServer.run { server in
            try await withClient(try configuration(server)) { client in
                let list = try await client.listPods(namespace: nil)
                #expect(list.items.count == 2000)
                #expect(list.items.last?.metadata.name == "p1999")
            }
        }
    }

    @Test("A refused stream over HTTP/2 tells its status")
    func missingPath() async throws {
        try await EncryptedServer.run { server in
            try await withClient(try configuration(server)) { client in
                let error = await failure { () throws(KubernetesError) in
                    for try await _ in client.podLogs(namespace: "a", name: "b") {}
                }
                #expect(error?.isNotFound == true)
            }
        }
    }

    @Test("Without a client certificate, with another name or another authority there is no connection")
    func refusals() async throws {
        try await EncryptedServer.run { server in
            let good = try configuration(server)
            var anonymous = good
            anonymous.tls.clientCertificate = nil
            var misnamed = good
            misnamed.tls.serverName = "other.test"
            var distrusted = good
            distrusted.tls.certificateAuthorities = try server.file("client.pem")
            for configuration in [anonymous, misnamed, distrusted] {
                try await withClient(configuration) { client in
                    let error = await failure { () throws(KubernetesError) in try await client.serverVersion() }
                    #expect(error != nil)
                    #expect(error?.kind == .unreachable || error?.kind == .interrupted)
                }
            }
            var careless = misnamed
            careless.tls.isInsecure = true
            try await withClient(careless) { client in
                let version = try await client.serverVersion()
                #expect(version.major == "1")
            }
        }
    }
}
