import ControlAPI
import DevStack
import SlipwayCore
import TestSupport
import Testing

import class Foundation.ProcessInfo

/// Requests that nobody thought of, made by schemathesis of the API's document: right ones and wrong ones.
@Suite(.enabled(if: PythonTool.path("schemathesis") != nil, "schemathesis is not installed"))
struct SchemathesisTests {
    /// Set `SLIPWAY_SEED` to that of a failure to see it again.
    static let seed = CronOracle.seed % 1_000_000
    static let seconds = ProcessInfo.processInfo.environment["SLIPWAY_FUZZ_SECONDS"].flatMap(Int.init) ?? 60
    private static let checks = [
        "not_a_server_error", "status_code_conformance", "content_type_conformance", "response_schema_conformance",
    ]

    @Test("whatever is asked, the API answers as its document says, and never fails", .timeLimit(.minutes(5)))
    func fuzz() async throws {
        try await APIFixture.with { api in
            try await Self.fill(api)
            try await Self.check(api.client)
        }
    }

    /// Checks an API with a token's rights.
    static func check(_ client: TestClient) async throws {
        var arguments = [
            "run", "\(client.base)/openapi.json", "--url", client.base, "--checks", checks.joined(separator: ","),
            "--phases", "examples,coverage,fuzzing", "--max-time", String(seconds), "--seed", String(seed),
            "--continue-on-failure", "--generation-database", "none", "--request-timeout", "10", "--no-color",
            // Streams have no end.
            "--exclude-operation-id", "WatchJobRun", "--exclude-operation-id", "WatchJobRuns", "--warnings", "off",
            "--suppress-health-check", "all",
        ]
        if !client.token.isEmpty { arguments += ["-H", "Authorization: Bearer \(client.token)"] }
        let (isSuccess, output) = try await PythonTool.run(
            "schemathesis",
            arguments,
            environment: ["HOME": try TestScratch.shared.folder("schemathesis"), "PYTHONIOENCODING": "utf-8"],
            within: .seconds(seconds + 120)
        )
        #expect(isSuccess, "seed \(seed):\n\(output.suffix(20_000))")
    }

    /// Some of each kind of thing, so that there is something to find.
    private static func fill(_ api: APIFixture) async throws {
        try await api.applyJob()
        let fleet = try await TestFleet(api.store)
        let failed = try await api.createRun()
        let claimed = try #require(try await fleet.place()[failed])
        try await fleet.start(claimed)
        try await fleet.write(claimed, [("task/extract", "hello"), ("sail", "ready")])
        try await fleet.end(claimed, warnings: 1, TestFleet.failure())
        for _ in 0..<5 { _ = try await api.createRun() }
        let schedule = #"{"name": "daily", "cron": "0 3 * * *"}"#
        _ = try await api.client.send("POST", "/jobs/default/report/schedules", schedule)
        _ = try await api.client.send("PUT", "/credentials/default/lake", #"{"kind": "s3"}"#)
        _ = try await api.client.send("PUT", "/teams/default/members/ann", #"{"role": "operator"}"#)
    }
}
