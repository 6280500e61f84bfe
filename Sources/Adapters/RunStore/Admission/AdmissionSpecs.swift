internal import PostgresClient
internal import SlipwayCore

// What admission reads of teams' and clusters' specifications.
extension RunStore {
    static func admissionTeam(_ name: String, spec: PostgresJSON, credits: Double?) throws -> AdmissionTeam {
        try decoded(spec, as: TeamSpec.self).admissionTeam(name: name, credits: credits)
    }

    static func admissionCluster(
        _ name: String,
        state: AdmissionCluster.State,
        spec: PostgresJSON
    ) throws -> AdmissionCluster {
        try decoded(spec, as: ClusterSpec.self).admission(name: name, state: state)
    }
}
