import ControlAPI
import DevStack
import RunStore
import SlipwayCore
import TestSupport
import Testing

import struct Foundation.Data
import class Foundation.JSONDecoder
import class Foundation.ProcessInfo
import struct Foundation.URL

/// Requests that nobody thought of, made by schemathesis of the API's document: right ones and wrong ones.
@Suite(.serialized, .enabled(if: PythonTool.path("schemathesis") != nil, "schemathesis is not installed"))
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

    @Test(
        "who has a role in one team is answered as the document says, and never with what is another team's",
        .timeLimit(.minutes(5)),
        arguments: TeamRole.allCases
    )
    func fuzz(role: TeamRole) async throws {
        try await APIFixture.with(token: "the-installation") { api in
            let teams = try await TwoTeams.make(api)
            let archive = try TestScratch.shared.folder("exchanges") + "/exchanges.har"
            try await Self.check(try #require(teams.roles[role]), for: Self.seconds / 4, archive: archive)
            let exchanges = try Exchange.read(archive)
            #expect(exchanges.count > 100)
            // Names that nobody can guess, and one that is told to those only who said it.
            let names = try teams.names(of: TwoTeams.others)
            let secrets = [names.run, names.token, try #require(teams.tokens[TwoTeams.others]).text]
            for exchange in exchanges {
                let isTold = secrets.contains { exchange.answer.contains($0) && !exchange.request.contains($0) }
                let isNamed =
                    exchange.answer.contains(TwoTeams.others) && !exchange.request.contains(TwoTeams.others)
                #expect(!isTold && !isNamed, "seed \(Self.seed): \(exchange.request)\n\(exchange.answer)")
            }
        }
    }

    /// Checks an API with a token's rights.
    ///
    /// - Parameter archive: where what was asked and answered is written, in the HTTP Archive format.
    static func check(_ client: TestClient, for seconds: Int = seconds, archive: String? = nil) async throws {
        var arguments = [
            "run", "\(client.base)/openapi.json", "--url", client.base, "--checks", checks.joined(separator: ","),
            "--phases", "examples,coverage,fuzzing", "--max-time", String(seconds), "--seed", String(seed),
            "--continue-on-failure", "--generation-database", "none", "--request-timeout", "10", "--no-color",
            // Streams have no end.
            "--exclude-operation-id", "WatchJobRun", "--exclude-operation-id", "WatchJobRuns", "--warnings", "off",
            "--suppress-health-check", "all",
        ]
        if !client.token.isEmpty { arguments += ["-H", "Authorization: Bearer \(client.token)"] }
        if let archive { arguments += ["--report-har-path", archive] }
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

/// One of the exchanges that an HTTP archive holds.
private struct Exchange: Sendable {
    /// Its address and body.
    let request: String
    /// The body.
    let answer: String

    static func read(_ path: String) throws -> [Exchange] {
        let archive = try JSONDecoder().decode(JSONValue.self, from: Data(contentsOf: URL(filePath: path)))
        return (archive["log"]?.elements("entries") ?? []).map { entry in
            let asked = entry["request"]
            return Exchange(
                request: (asked?["url"]?.string ?? "") + " " + (asked?["postData"]?["text"]?.string ?? ""),
                answer: entry["response"]?["content"]?["text"]?.string ?? ""
            )
        }
    }
}
