import AsyncHTTPClient
import ControlAPI
import Dashboard
import NIOCore
import NIOHTTP1
import Testing

import struct FoundationEssentials.Data
import class FoundationEssentials.FileManager
import struct FoundationEssentials.URL
import struct FoundationEssentials.UUID

@Suite("The dashboard's files") struct DashboardPagesTests {
    /// Where this repository keeps them.
    static let folder: String = {
        let file = URL(filePath: #filePath).resolvingSymlinksInPath()
        let root = file.deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        return root.appending(path: "Sources/Services/Dashboard/Assets").path
    }()

    private static func get(
        _ api: APIFixture,
        _ path: String,
        method: HTTPMethod = .GET,
        headers: HTTPHeaders = [:]
    ) async throws -> HTTPClientResponse {
        let server = api.client.base.replacing("/api/v1", with: "")
        var request = HTTPClientRequest(url: server + path)
        request.method = method
        request.headers = headers
        return try await HTTPClient.shared.execute(request, timeout: .seconds(30))
    }

    @Test("lead from any page's address to one document, without asking who it is, under a strict policy")
    func serving() async throws {
        let files = try DashboardFiles(folder: Self.folder)
        try await APIFixture.with(token: "secret", dashboard: files) { api in
            for path in ["/", "/runs", "/runs/0192b1c4-7a2e-7c3d-9f00-5d1e2a3b4c5d?tab=logs", "/jobs/default/report"] {
                let page = try await Self.get(api, path)
                #expect(page.status == .ok && page.headers.first(name: "content-type") == "text/html; charset=utf-8")
                let policy = page.headers.first(name: "content-security-policy") ?? ""
                #expect(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"))
                #expect(policy.contains("script-src 'self';") && policy.contains("require-trusted-types-for 'script'"))
                #expect(!policy.contains("unsafe"))
                #expect(page.headers.first(name: "x-content-type-options") == "nosniff")
                #expect(page.headers.first(name: "referrer-policy") == "no-referrer")
                #expect(page.headers.first(name: "x-frame-options") == "DENY")
            }
            let script = try await Self.get(api, "/assets/js/main.js")
            #expect(script.headers.first(name: "content-type") == "text/javascript; charset=utf-8")
            let tag = try #require(script.headers.first(name: "etag"))
            let again = try await Self.get(api, "/assets/js/main.js", headers: ["if-none-match": tag])
            #expect(again.status == .notModified && again.headers.first(name: "etag") == tag)
            let other = try await Self.get(api, "/assets/js/main.js", headers: ["if-none-match": "\"other\""])
            #expect(other.status == .ok)
            let head = try await Self.get(api, "/", method: .HEAD)
            #expect(head.status == .ok)
        }
    }

    @Test("do not stand in the API's way")
    func besideTheAPI() async throws {
        let files = try DashboardFiles(folder: Self.folder)
        try await APIFixture.with(token: "secret", dashboard: files) { api in
            #expect(try await Self.get(api, "/api/v1/runs").status == .unauthorized)
            #expect(try await api.client.get("/runs").status == 200)
            for path in [
                "/assets/js/none.js", "/assets/../index.html", "/assets/%2e%2e/index.html", "/other", "/assets",
            ] {
                let answer = try await Self.get(api, path)
                #expect(answer.status == .unauthorized || answer.status == .notFound, "\(path)")
            }
            #expect(try await Self.get(api, "/runs", method: .POST).status != .ok)
        }
    }

    @Test("are refused when the folder holds none")
    func unreadable() throws {
        #expect(throws: DashboardUnreadable.self) { try DashboardFiles(folder: "/nowhere") }
        let empty = FileManager.default.temporaryDirectory.appending(path: "dashboard-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: empty, withIntermediateDirectories: true)
        defer {
            // why: a folder that stays behind does no harm.
            try? FileManager.default.removeItem(at: empty)
        }
        #expect(throws: DashboardUnreadable.self) { try DashboardFiles(folder: empty.path) }
    }

    @Test("name no other host, and hold no markup in scripts")
    func contents() throws {
        let names = try FileManager.default.subpathsOfDirectory(atPath: Self.folder)
        let texts = try names.filter { $0.hasSuffix(".js") || $0.hasSuffix(".css") || $0.hasSuffix(".html") }.map {
            (name: $0, text: try String(contentsOf: URL(filePath: "\(Self.folder)/\($0)"), encoding: .utf8))
        }
        #expect(texts.count > 20)
        let forbidden = [
            "innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function", "srcdoc",
            "setTimeout(\"", "@import", "url(",
        ]
        for (name, text) in texts {
            for word in forbidden { #expect(!text.contains(word), "\(name) holds \(word)") }
            let others = text.replacing("http://www.w3.org/2000/svg", with: "")
            #expect(!others.contains("http://") && !others.contains("https://"), "\(name) names another host")
            #expect(text.split(separator: "\n", omittingEmptySubsequences: false).count <= 401, "\(name) is long")
        }
    }
}
