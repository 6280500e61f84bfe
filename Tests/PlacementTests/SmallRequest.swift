import KubernetesClient
import SlipwayCore

@testable import Placement

/// Requests the tests begin from.
enum SmallRequest {
    static let runID = RunID(high: 0x0199_0000_0000_7000, low: 0x8000_0000_0000_0001)

    static func make(
        engine: JobSpec.Engine = .sail(JobSpec.SailSettings()),
        tasks: [TaskSpec]? = nil,
        environment: [String: JobSpec.EnvironmentValue] = [:],
        variables: [String: JSONValue] = [:],
        policy: PodPolicy = PodPolicy()
    ) -> PlacementRequest {
        let tasks = tasks ?? [TaskSpec(name: "sum", action: .sql("SELECT 1"))]
        let spec = JobSpec(
            name: "report",
            team: "finance",
            engine: engine,
            image: "slipway/runner:1",
            environment: environment,
            tasks: tasks
        )
        return PlacementRequest(
            installation: "6f1d2c3b-0000-4000-8000-00000000000a",
            runID: runID,
            placement: 2,
            team: "finance",
            namespace: "finance-jobs",
            jobName: "report",
            jobVersion: 7,
            spec: spec,
            variables: variables,
            policy: policy
        )
    }
}
