internal import PostgresClient
internal import SlipwayCore

// What admission reads of teams' and clusters' specifications.
extension RunStore {
    private struct Quotas: Decodable {
        var runs: ResourceQuota?
        var cpu_millicores: ResourceQuota?
        var memory_bytes: ResourceQuota?
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
            cpuMillicores: team.quotas?.cpu_millicores,
            memoryBytes: team.quotas?.memory_bytes,
            credits: credits.map { Int(min(max($0.rounded(.down), -1e15), 1e15)) },
            isSuspended: team.suspended ?? false
        )
    }

    private struct Capacity: Decodable {
        var runs: Int?
        var cpu_millicores: Int?
        var memory_bytes: Int?
    }

    private struct Cluster: Decodable {
        var capacity: Capacity?
        var placement_window: Int?
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
            cpuMillicores: cluster.capacity?.cpu_millicores,
            memoryBytes: cluster.capacity?.memory_bytes,
            placementWindow: cluster.placement_window
        )
    }
}
