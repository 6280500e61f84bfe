internal import Hummingbird
internal import RunStore
internal import SlipwayCore

/// How what is scarce is divided among teams now.
struct AdmissionSharesOperation: Sendable {
    let view: AdmissionView

    var all: [Operation] {
        [Operation("ListAdmissionShares", .get, "/admission/shares", allows: .team(.viewer), shares)]
    }

    @Sendable private func shares(_ call: Call) async throws -> Response {
        let query = try call.query("team")
        let wanted = call.teams(.viewer).narrowed(to: query.list("team")).map(Set.init)
        let (teams, whole) = try await view.answer { $0.queue.shares() }
        return .json { json in
            json.object { json in
                json.object("whole") { $0.members(of: whole) }
                json.array("shares", teams.filter { wanted?.contains($0.team) ?? true }) { json, share in
                    json.object { json in
                        json.member("team", share.team)
                        json.member("weight", share.weight)
                        json.member("cohort", share.cohort)
                        json.object("used") { $0.members(of: share.used) }
                        json.member("waiting", share.waiting)
                        json.member("share", Self.rounded(share.share))
                        json.member("fair_share", Self.rounded(share.fairShare))
                        json.member("history", Self.rounded(share.history))
                        json.member("weighted", Self.rounded(share.weighted))
                    }
                }
            }
        }
    }

    private static func rounded(_ share: Double) -> Double { (share * 10_000).rounded() / 10_000 }
}

extension JSONWriter {
    fileprivate mutating func members(of amounts: ResourceAmounts) {
        member("runs", amounts.runs)
        member("cpu_millicores", amounts.cpuMillicores)
        member("memory_bytes", amounts.memoryBytes)
    }
}
