import EventLoop
import Logging
import Testing

@testable import KubernetesClient

/// One loop for all tests: that is how the processes use it, and it puts many clients side by side.
let testLoop = EventLoop(name: "kube-tests")

let quietLogger = Logger(label: "kubernetes-client-tests") { _ in SwiftLogNoOpLogHandler() }

/// Runs `body` with a client of a scripted server, and closes both.
func withClient(
    configured configure: (inout KubernetesConfiguration) -> Void,
    _ handler: @escaping ScriptedServer.Handler,
    _ body: (KubernetesClient, ScriptedServer) async throws -> Void
) async throws {
    let server = try ScriptedServer(handler)
    defer { server.stop() }
    var configuration = KubernetesConfiguration(server: server.url, requestTimeout: .seconds(10))
    configure(&configuration)
    try await withClient(configuration) { client in try await body(client, server) }
}

func withClient(
    _ handler: @escaping ScriptedServer.Handler,
    _ body: (KubernetesClient, ScriptedServer) async throws -> Void
) async throws {
    try await withClient(configured: { _ in }, handler, body)
}

func withClient(
    _ configuration: KubernetesConfiguration,
    _ body: (KubernetesClient) async throws -> Void
) async throws {
    let client = KubernetesClient(configuration: configuration, eventLoop: testLoop, logger: quietLogger)
    do {
        try await body(client)
    } catch {
        await client.close()
        throw error
    }
    await client.close()
}

/// The error of a request that must fail.
func failure<Answer>(_ request: () async throws(KubernetesError) -> Answer) async -> KubernetesError? {
    do throws(KubernetesError) {
        _ = try await request()
        return nil
    } catch {
        return error
    }
}

/// Polls a condition until it holds; fails after ten seconds.
func eventually(
    _ what: Comment,
    within limit: Duration = .seconds(10),
    sourceLocation: SourceLocation = #_sourceLocation,
    _ condition: () -> Bool
) async throws {
    let deadline = ContinuousClock.now + limit
    while !condition() {
        guard .now < deadline else {
            Issue.record(what, sourceLocation: sourceLocation)
            throw CancellationError()
        }
        try await Task.sleep(for: .milliseconds(2))
    }
}

/// A pod as JSON, small but real.
func podJSON(_ name: String, version: Int, phase: String = "Pending") -> String {
    """
    {"apiVersion":"v1","kind":"Pod","metadata":{"name":"\(name)","namespace":"jobs","uid":"uid-\(name)",\
    "resourceVersion":"\(version)"},"spec":{"containers":[{"name":"runner","image":"python:3"}]},\
    "status":{"phase":"\(phase)"}}
    """
}

func listJSON(_ items: [String], version: Int, next: String = "") -> String {
    """
    {"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"\(version)","continue":"\(next)"},\
    "items":[\(items.joined(separator: ","))]}
    """
}

func eventJSON(_ type: String, _ object: String) -> String { "{\"type\":\"\(type)\",\"object\":\(object)}\n" }

func bookmarkJSON(version: Int) -> String {
    eventJSON("BOOKMARK", "{\"kind\":\"Pod\",\"metadata\":{\"resourceVersion\":\"\(version)\"}}")
}
