internal import Hummingbird
internal import RunStore
internal import SlipwayCore

/// Why runs wait.
struct AdmissionOperations: Sendable {
    let store: RunStore
    let view: AdmissionView
    let now: @Sendable () -> Timestamp

    var all: [Operation] {
        [
            Operation("ExplainRun", .get, "/runs/{id}/why", allows: .team(.viewer), explain),
            Operation("ListAdmissionHolds", .get, "/admission/holds", allows: .team(.viewer), holds),
        ]
    }

    @Sendable private func explain(_ call: Call) async throws -> Response {
        _ = try call.query()
        let run = try await call.run(.viewer, in: store)
        var wait = try await RunWait(of: run, store: store, view: view, now: now())
        if !call.isOverAll(.viewer), !wait.blocking.isEmpty {
            let seen = Set(try await store.runs(wait.blocking).filter { call.sees($0.team) }.map(\.id))
            wait.blocking.removeAll { !seen.contains($0) }
        }
        return .json { $0.wait(wait) }
    }

    @Sendable private func holds(_ call: Call) async throws -> Response {
        let query = try call.query("team")
        let asked = call.teams(.viewer).narrowed(to: try query.text("team").map { [$0] })
        let waiting = try await view.answer { follower in
            let teams = asked ?? follower.queue.waitingTeams
            return teams.map { ($0, follower.queue.holdCounts(team: $0, now: follower.now)) }
        }
        let paused = try await store.pausedCounts(teams: asked)
        return .json { json in
            json.object { json in
                json.array("holds", Self.holds(waiting, paused)) { json, hold in
                    json.object { json in
                        json.member("team", hold.team)
                        json.member("state", hold.state)
                        json.member("reason", hold.reason)
                        json.member("scope", hold.scope)
                        json.member("runs", hold.runs)
                    }
                }
            }
        }
    }

    private struct Hold {
        var team: String
        var state: RunState
        var reason: String?
        var scope: HoldReason.Scope?
        var runs: Int
    }

    /// By team, what holds most first.
    private static func holds(_ waiting: [(String, [HoldReason: Int])], _ paused: [PausedCount]) -> [Hold] {
        let pending = waiting.flatMap { team, counts in
            counts.map { reason, runs in
                Hold(team: team, state: .pending, reason: reason.rawValue, scope: reason.scope, runs: runs)
            }
        }
        let held = paused.map { count in
            Hold(team: count.team, state: .paused, reason: count.reason?.rawValue, scope: .own, runs: count.runs)
        }
        return (pending + held).sorted { left, right in
            if left.team != right.team { return left.team < right.team }
            if left.runs != right.runs { return left.runs > right.runs }
            return (left.reason ?? "", left.state.rawValue) < (right.reason ?? "", right.state.rawValue)
        }
    }
}

extension JSONWriter {
    mutating func wait(_ wait: RunWait) {
        object { json in
            json.member("run", wait.run.id)
            json.member("team", wait.run.team)
            json.member("job", wait.run.jobName)
            json.member("state", wait.run.state)
            json.member("waiting", wait.isWaiting)
            json.member("reason", wait.reason)
            json.member("scope", wait.scope)
            json.member("sentence", wait.sentence)
            json.array("blocking", wait.blocking) { $0.value($1) }
            if let position = wait.position {
                json.object("position") { json in
                    json.member("team", position.team)
                    json.member("overall", position.overall)
                }
            }
            if let dispatch = wait.dispatch {
                json.object("dispatch") { json in
                    json.member("ahead", dispatch.ahead)
                    json.member("starting", dispatch.starting)
                }
            }
            json.member("effective_priority", wait.effectivePriority)
            json.member("since", wait.since)
            json.member("ends_at", wait.endsAt)
            json.member("estimated_start", wait.estimatedStart)
        }
    }
}
