import Foundation
import TestSupport
import Testing

/// Somebody else's provider of identities: `oidc-provider-mock` from the Python environment that `SLIPWAY_TEST_PYTHON_ENV` names.
struct MockProvider: Sendable {
    /// The environment's folder; `nil` skips the tests that need it.
    static let pythonEnvironment = ProcessInfo.processInfo.environment["SLIPWAY_TEST_PYTHON_ENV"]

    let issuer: String

    /// One that listens, knows ann, and ends with the tests.
    init() async throws {
        let environment = try #require(Self.pythonEnvironment)
        let process = try TestProcess(
            "\(environment)/bin/python3",
            ["-W", "ignore", "-c", Self.program],
            environment: ["AUTHLIB_INSECURE_TRANSPORT": "1"]
        )
        let line = try await process.waitForLine(containing: "listens on ", within: .seconds(60))
        issuer = "http://127.0.0.1:\(line.split(separator: " ").last ?? "")"
    }

    private static let program = #"""
        import oidc_provider_mock
        from werkzeug.serving import make_server

        ann = oidc_provider_mock.User(sub="ann", claims={
            "email": "ann@example.org", "email_verified": True, "name": "Ann", "groups": ["data", "unknown"]})
        server = make_server("127.0.0.1", 0, oidc_provider_mock.app(user_claims=[ann]), threaded=True)
        print("listens on", server.server_port, flush=True)
        server.serve_forever()
        """#
}
