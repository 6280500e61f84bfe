import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import Testing

@testable import ControlAPI

/// Keeps cookies and follows no redirects.
final class Browser {
    let base: String
    var cookies: [String: String] = [:]
    /// How each cookie was set last.
    private(set) var settings: [String: String] = [:]

    init(base: String) { self.base = base }

    func ask(
        _ method: String,
        _ path: String,
        _ body: String? = nil,
        headers: [(String, String)] = []
    ) async throws -> Answer {
        try await ask(url: base + path, method, body, type: "application/json", headers: headers)
    }

    /// Begins a login.
    ///
    /// - Returns: the provider's address that the browser is sent to.
    func beginLogin(returnTo: String = "/") async throws -> String {
        let there = try await ask("GET", "/api/v1/login?return_to=\(FormText.encoded(returnTo))")
        #expect(there.status == 303, "\(there.text)")
        return try #require(there.headers["location"])
    }

    /// Has the provider let ann in.
    ///
    /// - Parameter form: what a person fills in there; `nil`: nothing.
    /// - Returns: the query that the provider sends the browser back with.
    func letIn(at address: String, form: String? = nil) async throws -> String {
        let type = "application/x-www-form-urlencoded"
        let answer = try await ask(url: address, form == nil ? "GET" : "POST", form, type: type, headers: [])
        let location = try #require(answer.headers["location"], "\(answer.text)")
        let end = try #require(location.firstIndex(of: "?"))
        #expect(location[..<end].hasSuffix("://slipway.example/api/v1/login/callback"))
        return String(location[location.index(after: end)...])
    }

    /// What the provider sends the browser back to.
    func finishLogin(_ query: String) async throws -> Answer { try await ask("GET", "/api/v1/login/callback?\(query)") }

    private func ask(
        url: String,
        _ method: String,
        _ body: String?,
        type: String,
        headers: [(String, String)]
    ) async throws -> Answer {
        var configuration = HTTPClient.Configuration()
        configuration.redirectConfiguration = .disallow
        let http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        var request = HTTPClientRequest(url: url)
        request.method = HTTPMethod(rawValue: method)
        let text = cookies.map { "\($0.key)=\($0.value)" }.joined(separator: "; ")
        if !text.isEmpty, url.hasPrefix(base + "/") { request.headers.add(name: "cookie", value: text) }
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        if let body {
            request.headers.add(name: "content-type", value: type)
            request.body = .bytes(ByteBuffer(string: body))
        }
        let response = try await http.execute(request, timeout: .seconds(30))
        let bytes = try await response.body.collect(upTo: 1 << 20)
        try await http.shutdown()
        for cookie in response.headers["set-cookie"] where url.hasPrefix(base + "/") {
            let pair = cookie.prefix { $0 != ";" }.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard pair.count == 2 else { continue }
            settings[String(pair[0])] = String(cookie.drop { $0 != ";" })
            cookies[String(pair[0])] = pair[1].isEmpty ? nil : String(pair[1])
        }
        return Answer(
            status: Int(response.status.code),
            headers: Dictionary(response.headers.map { ($0.name.lowercased(), $0.value) }, uniquingKeysWith: { $1 }),
            text: String(decoding: bytes.readableBytesView, as: UTF8.self)
        )
    }
}
