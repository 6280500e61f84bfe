internal import PostgresClient
internal import SlipwayCore

// What admission reads of teams' and clusters' specifications.
extension RunStore {
    private struct Quotas: Decodable {
        var runs: ResourceQuota?
        var cpuMillicores: ResourceQuota?
        var memoryBytes: ResourceQuota?

        enum CodingKeys: String, CodingKey {
            case runs
            case cpuMillicores = "cpu_millicores"
            case memoryBytes = "memory_bytes"
        }
    }

    private struct Team: Decodable {
        var weight: Double?
        var cohort: String?
        var quotas: Quotas?
        var suspended: Bool?
    }

    static func admissionTeam(_ name: String, spec: PostgresJSON, credits: Double?) throws -> AdmissionTeam {
        let team: Team = try decoded(spec)
        return AdmissionTeam(
            name: name,
            weight: team.weight ?? 1,
            cohort: team.cohort,
            runs: team.quotas?.runs,
            cpuMillicores: team.quotas?.cpuMillicores,
            memoryBytes: team.quotas?.memoryBytes,
            credits: credits.map { Int(min(max($0.rounded(.down), -1e15), 1e15)) },
            isSuspended: team.suspended ?? false
        )
    }

    private struct Capacity: Decodable {
        var runs: Int?
        var cpuMillicores: Int?
        var memoryBytes: Int?

        enum CodingKeys: String, CodingKey {
            case runs
            case cpuMillicores = "cpu_millicores"
            case memoryBytes = "memory_bytes"
        }
    }

    private struct Cluster: Decodable {
        var capacity: Capacity?
        var placementWindow: Int?

        enum CodingKeys: String, CodingKey {
            case capacity
            case placementWindow = "placement_window"
        }
    }

    static func admissionCluster(
        _ name: String,
        state: AdmissionCluster.State,
        spec: PostgresJSON
    ) throws -> AdmissionCluster {
        let cluster: Cluster = try decoded(spec)
        return AdmissionCluster(
            name: name,
            state: state,
            runs: cluster.capacity?.runs,
            cpuMillicores: cluster.capacity?.cpuMillicores,
            memoryBytes: cluster.capacity?.memoryBytes,
            placementWindow: cluster.placementWindow
        )
    }
}
