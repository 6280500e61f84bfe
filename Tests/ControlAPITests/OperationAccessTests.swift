import HTTPTypes
import RunStore
import SlipwayCore
import Testing

@testable import ControlAPI

/// Every operation that the router serves, asked for by everybody.
@Suite struct OperationAccessTests {
    private static func token(_ role: TeamRole) -> Grants { Grants(teams: [TwoTeams.own: role]) }

    @Test("nobody without credentials is let in, and nobody whose role the operation does not admit")
    func roles() async throws {
        try await APIFixture.with(token: "the-installation") { api in
            let teams = try await TwoTeams.make(api)
            let stranger = TestClient(base: api.client.base)
            let names = try teams.names(of: TwoTeams.others)
            #expect(api.operations.count > 80)
            for operation in api.operations {
                let request = WalkedRequest(operation, names)
                if operation.allows != .open {
                    let answer = try await request.send(stranger)
                    #expect(answer.status == 401 && answer.code == "unauthorized", "\(operation.id): \(answer.text)")
                }
                for role in TeamRole.allCases where !operation.allows.admits(Self.token(role)) {
                    let client = try #require(teams.roles[role])
                    let answer = try await request.send(client)
                    #expect(
                        answer.status == 403 && answer.code == "forbidden",
                        "\(operation.id) \(role): \(answer.text)"
                    )
                }
                if !operation.allows.admits(Grants(everywhere: .viewer)) {
                    let answer = try await request.send(teams.viewerOfAll)
                    #expect(answer.status == 403, "\(operation.id): \(answer.text)")
                }
            }
        }
    }

    @Test("other teams' things answer exactly as things that are not there")
    func otherTeams() async throws {
        try await APIFixture.with(token: "the-installation") { api in
            let teams = try await TwoTeams.make(api)
            let client = try #require(teams.roles[.admin])
            let foreign = try teams.names(of: TwoTeams.others)
            let unknown = WalkedRequest.Names(
                team: "omega",
                run: "0192b1c4-7a2e-7c3d-9f00-5d1e2a3b4c5d",
                token: "0192b1c4-7a2e-7c3d-9f00-5d1e2a3b4c5e"
            )
            for operation in api.operations where operation.allows.admits(Self.token(.admin)) {
                let answer = try await WalkedRequest(operation, foreign).send(client)
                let expected = try await WalkedRequest(operation, unknown).send(client)
                #expect(answer.status == expected.status, "\(operation.id): \(answer.text) \(expected.text)")
                #expect(
                    Self.comparable(answer.text, foreign) == Self.comparable(expected.text, unknown),
                    "\(operation.id)"
                )
                // Whoever is over all teams finds them.
                if operation.method == .get, operation.path.contains("{") {
                    let seen = try await WalkedRequest(operation, foreign).send(teams.viewerOfAll)
                    let isMissing = ["GetJobRunOutput", "DescribeCluster", "DescribeToken"].contains(operation.id)
                    let isAdmins = !operation.allows.admits(Grants(everywhere: .viewer))
                    #expect(isMissing || isAdmins || seen.status == 200, "\(operation.id): \(seen.text)")
                }
            }
            #expect(try await api.store.run(#require(teams.runs[TwoTeams.others]))?.state == .pending)
        }
    }

    /// An answer without what differs by names alone.
    private static func comparable(_ text: String, _ names: WalkedRequest.Names) -> String {
        var text = text
        for (name, stand) in [(names.team, "TEAM"), (names.run, "RUN"), (names.token, "TOKEN")] {
            text = text.replacing(name, with: stand)
        }
        return text.replacing(#/"(request_id|at|now)":\s*"[^"]*"|id: \d+\n/#, with: "")
    }

    @Test("lists, searches and bulk actions leave out what is other teams'")
    func lists() async throws {
        try await APIFixture.with(token: "the-installation") { api in
            let teams = try await TwoTeams.make(api)
            let client = try #require(teams.roles[.admin])
            let foreignRun = try #require(teams.runs[TwoTeams.others])
            let names = try teams.names(of: TwoTeams.own)
            for operation in api.operations where operation.method == .get && !operation.path.contains("{") {
                guard operation.allows.admits(Self.token(.admin)), operation.allows != .open else { continue }
                let answer = try await WalkedRequest(operation, names).send(client)
                #expect(answer.status == 200, "\(operation.id): \(answer.text)")
                #expect(!answer.text.contains(TwoTeams.others), "\(operation.id): \(answer.text)")
                #expect(!answer.text.contains(foreignRun.description), "\(operation.id)")
                var narrowed = WalkedRequest(operation, names)
                narrowed.path += "?team=\(TwoTeams.others)"
                let team = try await narrowed.send(client)
                var unknown = WalkedRequest(operation, names)
                unknown.path += "?team=omega"
                let expected = try await unknown.send(client)
                #expect(team.status == expected.status, "\(operation.id): \(team.text)")
                #expect(
                    Self.comparable(team.text.replacing(TwoTeams.others, with: "omega"), names)
                        == Self.comparable(expected.text, names),
                    "\(operation.id)"
                )
            }
            for action in RunAction.allCases {
                let body = #"{"filter": {"state": ["pending", "succeeded", "paused", "running"]}, "dry_run": true}"#
                let answer = try await client.send("POST", "/runs:\(action.rawValue)", body)
                #expect(answer.status == 200 && !answer.text.contains(foreignRun.description), "\(answer.text)")
                let named = #"{"filter": {"team": ["beta"]}, "dry_run": true}"#
                #expect(try await client.send("POST", "/runs:\(action.rawValue)", named).json.elements("runs") == [])
            }
            let audit = try await client.get("/audit-events:export")
            #expect(audit.status == 200 && audit.text.split(separator: "\n").count > 5)
            #expect(!audit.text.contains(TwoTeams.others))
        }
    }

    @Test("a role in the team is enough for what the page says, and no more")
    func enough() async throws {
        try await APIFixture.with(token: "the-installation") { api in
            let teams = try await TwoTeams.make(api)
            let names = try teams.names(of: TwoTeams.own)
            for operation in api.operations where operation.method == .get {
                guard case .team(let role) = operation.allows, let client = teams.roles[role] else { continue }
                let answer = try await WalkedRequest(operation, names).send(client)
                let isMissing = ["GetJobRunOutput", "DescribeCluster"].contains(operation.id)
                #expect(answer.status == 200 || isMissing, "\(operation.id): \(answer.text)")
            }
            for (id, role) in [
                ("CreateJobRun", TeamRole.submitter), ("CancelJobRun", .operator), ("SetTeamMember", .admin),
            ] {
                let operation = try #require(api.operations.first { $0.id == id })
                let answer = try await WalkedRequest(operation, names).send(#require(teams.roles[role]))
                #expect((200...299).contains(answer.status), "\(id): \(answer.text)")
            }
        }
    }

    @Test("the page on access has each operation with the role it needs")
    func page() async throws {
        try await APIFixture.with { api in
            let told = Set(try AccessPage.rows())
            let expected = Set(api.operations.map { "| `\($0.id)` | \(AccessPage.word($0.allows)) |" })
            #expect(expected.subtracting(told).sorted() == [], "operations without a row")
            #expect(told.subtracting(expected).sorted() == [], "rows without an operation")
        }
    }
}

extension TwoTeams {
    func names(of team: String) throws -> WalkedRequest.Names {
        WalkedRequest.Names(
            team: team,
            run: try #require(runs[team]).description,
            token: try #require(tokens[team]).id.description
        )
    }
}
