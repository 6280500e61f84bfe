internal import Hummingbird
internal import RunStore
internal import SlipwayCore

/// What clients see of the installation.
struct FleetOperations: Sendable {
    let store: RunStore
    let version: String
    let now: @Sendable () -> Timestamp

    var all: [Operation] {
        [
            Operation("ListHolders", .get, "/holders", allows: .installation(.viewer), holders),
            Operation("DescribeServer", .get, "/version", allows: .anyone, describe),
        ]
    }

    @Sendable private func holders(_ call: Call) async throws -> Response {
        _ = try call.query()
        let holders = try await store.holders()
        let holdings = try await store.holdings()
        let now = now()
        return .json { json in
            json.object { json in
                json.array("holders", holders) { json, entry in
                    json.object { json in
                        json.member("id", entry.holder.id)
                        json.member("kind", entry.holder.kind)
                        json.member("name", entry.holder.name)
                        json.member("version", entry.holder.version)
                        json.array("clusters", entry.holder.clusters) { $0.value($1) }
                        json.member("started_at", entry.startedAt)
                        json.member("expires_at", entry.expiresAt)
                        json.member("alive", entry.expiresAt > now)
                        json.member("runs", holdings[entry.holder.id]?.runs ?? 0)
                        json.array("duties", holdings[entry.holder.id]?.duties ?? []) { $0.value($1) }
                    }
                }
            }
        }
    }

    @Sendable private func describe(_ call: Call) async throws -> Response {
        _ = try call.query()
        return .json { json in
            json.object { json in
                json.member("name", "slipway")
                json.member("version", version)
            }
        }
    }
}
