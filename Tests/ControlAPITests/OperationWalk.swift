import HTTPTypes
import RunStore
import SlipwayCore
import Testing

@testable import ControlAPI

/// Two teams with one of everything each, and a token for every role.
struct TwoTeams: Sendable {
    static let own = "alpha"
    static let others = "beta"

    var api: APIFixture
    /// By team.
    var runs: [String: RunID] = [:]
    /// Of each team's service account that is a viewer, by team.
    var tokens: [String: (id: Identifier, text: String)] = [:]
    /// Of the own team's accounts.
    var roles: [TeamRole: TestClient] = [:]
    /// Over all teams.
    var viewerOfAll: TestClient

    /// - Parameter api: with a token of its own.
    static func make(_ api: APIFixture) async throws -> TwoTeams {
        var teams = TwoTeams(api: api, viewerOfAll: api.client)
        for team in [own, others] {
            try await ask(api, "POST", "/teams", "name: \(team)", contentType: "application/yaml")
            try await ask(api, "POST", "/jobs?team=\(team)", APIFixture.jobFile, contentType: "application/yaml")
            let schedule = #"{"name": "nightly", "cron": "0 5 * * *"}"#
            try await ask(api, "POST", "/jobs/\(team)/report/schedules", schedule)
            try await ask(api, "PUT", "/credentials/\(team)/lake", #"{"kind": "s3"}"#)
            try await ask(api, "PUT", "/teams/\(team)/members/bob-of-\(team)", #"{"role": "viewer"}"#)
            let webhook = #"{"name": "pager", "url": "https://pager.example.org/", "team": "\#(team)"}"#
            try await ask(api, "POST", "/webhooks", webhook)
            teams.runs[team] = try await api.createRun(#"{"job": "report", "team": "\#(team)"}"#)
            for role in TeamRole.allCases {
                let account = "/service-accounts/\(team)/\(role.rawValue)"
                try await ask(api, "PUT", account, #"{"role": "\#(role.rawValue)"}"#)
                let body = #"{"name": "\#(team)-\#(role.rawValue)", "service_account": "\#(team)/\#(role.rawValue)"}"#
                let token = try await ask(api, "POST", "/tokens", body).json
                let text = try #require(token["token"]?.string)
                if team == own { teams.roles[role] = TestClient(base: api.client.base, token: text) }
                if role == .viewer {
                    teams.tokens[team] = (try #require(token["id"]?.string.flatMap { Identifier($0) }), text)
                }
            }
        }
        let body = #"{"name": "auditor", "everywhere": "viewer"}"#
        let token = try await ask(api, "POST", "/tokens", body).json
        teams.viewerOfAll = TestClient(base: api.client.base, token: try #require(token["token"]?.string))
        return teams
    }

    @discardableResult
    static func ask(
        _ api: APIFixture,
        _ method: String,
        _ path: String,
        _ body: String,
        contentType: String = "application/json"
    ) async throws -> Answer {
        let answer = try await api.client.send(method, path, body, contentType: contentType)
        try #require((200...299).contains(answer.status), "\(method) \(path): \(answer.text)")
        return answer
    }
}

/// One request for an operation.
struct WalkedRequest: Sendable {
    var method: String
    var path: String
    var body: String?
    var contentType = "application/json"
    /// Whether the answer has no end.
    private var isEndless: Bool

    /// What names a team, a run and a token.
    struct Names: Sendable {
        var team: String
        var run: String
        var token: String
    }

    init(_ operation: Operation, _ names: Names) {
        method = operation.method.rawValue
        isEndless = ["WatchJobRun", "WatchJobRuns"].contains(operation.id)
        let values = [
            "team": names.team, "schedule": "nightly", "task": "extract", "subject": "bob-of-\(names.team)",
            "version": "1",
            "id": names.run, "token": names.token,
        ]
        path = operation.path
        for (name, value) in values { path = path.replacing("{\(name)}", with: value) }
        let things = ["credentials": "lake", "service-accounts": "viewer", "webhooks": "pager"]
        path = path.replacing("{name}", with: things[String(path.split(separator: "/")[0])] ?? "report")
        switch operation.id {
        case "CreateJobRun": body = #"{"job": "report", "team": "\#(names.team)"}"#
        case "CreateJobRuns": body = #"{"runs": [{"job": "report", "team": "\#(names.team)"}]}"#
        case "ApplyJob", "PlanJob":
            path += "?team=\(names.team)"
            body = APIFixture.jobFile
            contentType = "application/yaml"
        case "ApplyTeam", "ApplyCluster":
            body = "name: \(names.team)"
            contentType = "application/yaml"
        case "CreateSchedule", "DryRunNewSchedule": body = #"{"name": "second", "cron": "0 6 * * *"}"#
        case "ReplaceSchedule": body = #"{"cron": "0 7 * * *"}"#
        case "BackfillSchedule":
            body = #"{"from": "2026-01-01T00:00:00Z", "until": "2026-01-03T00:00:00Z", "dry_run": true}"#
        case "ApplyCredential": body = #"{"kind": "s3"}"#
        case "UpdateCredential": body = #"{"valid": true}"#
        case "UpdateCredentials": body = #"{"team": "\#(names.team)", "names": ["lake"], "valid": true}"#
        case "SetTeamMember": body = #"{"role": "viewer"}"#
        case "ChangeTeamCredits": body = #"{"set": 100}"#
        case "SimulateQuotas": body = #"{"changes": [{"team": "\#(names.team)", "weight_thousandths": 2000}]}"#
        case "CreateToken": body = #"{"name": "another", "service_account": "\#(names.team)/viewer"}"#
        case "ListJobRunLogLines": path += "?stream=runner"
        case "CreateWebhook":
            body = #"{"name": "second", "url": "https://pager.example.org/", "team": "\#(names.team)"}"#
        case "UpdateWebhook": body = #"{"description": "of \#(names.team)"}"#
        case "UpdateRetention": body = #"{"team": "\#(names.team)", "keep": {"runs": "20d"}}"#
        case "ApplyServiceAccount": body = #"{"role": "viewer"}"#
        default:
            if operation.path.hasPrefix("/runs:") { body = #"{"ids": ["\#(names.run)"]}"# }
        }
    }

    func send(_ client: TestClient) async throws -> Answer {
        if isEndless { return try await client.opening(path) }
        return try await client.send(method, path, body, contentType: contentType)
    }
}
