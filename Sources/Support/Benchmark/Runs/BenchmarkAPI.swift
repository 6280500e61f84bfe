internal import AsyncHTTPClient
internal import FoundationEssentials
internal import NIOCore
internal import NIOHTTP1
internal import SlipwayCore

/// The API as a client that submits runs sees it.
struct BenchmarkAPI: Sendable {
    /// What became of one request for a run.
    enum Submission: Sendable {
        case accepted(RunID)
        /// Surely not accepted, and worth another attempt after a moment.
        case refused(status: Int)
        /// Not accepted, or unknown.
        case failed(String)
    }

    private let client: HTTPClient
    private let base: String
    private let token: String
    private let runBody: ByteBuffer
    private static let timeout = TimeAmount.seconds(60)
    private static let answerBytes = 1 << 20

    /// - Parameter connections: how many requests may be under way at once.
    init(base: String, token: String, connections: Int) throws {
        self.base = base
        self.token = token
        var configuration = HTTPClient.Configuration()
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = connections
        client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        let body = try JSONEncoder().encode(["job": NoopJob.name, "team": NoopJob.team])
        runBody = ByteBuffer(bytes: body)
    }

    func close() async throws {
        try await client.shutdown()
    }

    /// Stores the job.
    ///
    /// - Returns: its id.
    func apply(_ job: NoopJob) async throws -> JobID {
        var request = request(.POST, "/api/v1/jobs", contentType: "application/json")
        request.body = .bytes(ByteBuffer(string: try job.file()))
        let response: HTTPClientResponse
        do {
            response = try await client.execute(request, timeout: Self.timeout)
        } catch {
            throw BenchmarkError("the API at \(base) cannot be reached: \(error)")
        }
        let bytes = try await response.body.collect(upTo: Self.answerBytes)
        guard response.status.code < 300, let id = Self.identifier(bytes) else {
            throw BenchmarkError("the API refused the job, status \(response.status.code): \(String(buffer: bytes))")
        }
        return id
    }

    /// Asks for one run.
    func submit() async -> Submission {
        var request = request(.POST, "/api/v1/runs", contentType: "application/json")
        request.body = .bytes(runBody)
        do {
            let response = try await client.execute(request, timeout: Self.timeout)
            let bytes = try await response.body.collect(upTo: Self.answerBytes)
            switch response.status.code {
            case 201:
                return Self.identifier(bytes).map(Submission.accepted) ?? .failed("an answer without an id")
            case 429, 503: return .refused(status: Int(response.status.code))
            case let code: return .failed("status \(code)")
            }
        } catch {
            return .failed("\(error)")
        }
    }

    /// A page of runs.
    ///
    /// - Returns: how many it has.
    func runs(_ query: String) async throws -> Int {
        let request = request(.GET, "/api/v1/runs?\(query)", contentType: "application/json")
        let response = try await client.execute(request, timeout: Self.timeout)
        let bytes = try await response.body.collect(upTo: 16 << 20)
        guard response.status == .ok else {
            throw BenchmarkError("/runs?\(query) was answered with \(response.status.code): \(String(buffer: bytes))")
        }
        return try JSONDecoder().decode(Page.self, from: Data(bytes.readableBytesView)).runs.count
    }

    private struct Page: Decodable {
        var runs: [Created]
    }

    /// A process's metrics.
    func metrics(port: Int) async throws -> PrometheusText {
        let url = "http://127.0.0.1:\(port)/metrics"
        do {
            let response = try await client.execute(HTTPClientRequest(url: url), timeout: Self.timeout)
            let bytes = try await response.body.collect(upTo: 64 << 20)
            guard response.status == .ok else { throw BenchmarkError("status \(response.status.code)") }
            return try PrometheusText(String(buffer: bytes))
        } catch {
            throw BenchmarkError("\(url) cannot be read: \(error)")
        }
    }

    private func request(_ method: HTTPMethod, _ path: String, contentType: String) -> HTTPClientRequest {
        var request = HTTPClientRequest(url: base + path)
        request.method = method
        request.headers.add(name: "content-type", value: contentType)
        request.headers.add(name: "user-agent", value: "slipway-bench")
        if !token.isEmpty { request.headers.add(name: "authorization", value: "Bearer \(token)") }
        return request
    }

    private struct Created: Decodable {
        var id: Identifier
    }

    private static func identifier(_ bytes: ByteBuffer) -> Identifier? {
        // why: an answer of another form has no id, which its reader reports.
        try? JSONDecoder().decode(Created.self, from: Data(bytes.readableBytesView)).id
    }
}
