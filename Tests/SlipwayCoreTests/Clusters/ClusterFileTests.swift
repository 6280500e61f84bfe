import SlipwayCore
import Testing

@Suite struct ClusterFileTests {
    @Test("a cluster's file is read whole")
    func whole() throws {
        let file = try ClusterFile.parse(
            """
            name: west
            description: two racks
            labels: {region: eu-west, gpu: "true"}
            capacity: {runs: 200, cpu: 64, memory: 256Gi}
            placement_window: 50
            teams: [data, ops]
            kubeconfig_file: west.yaml
            requests_per_second: 100
            """
        )
        let spec = ClusterSpec(
            description: "two racks",
            labels: ["region": "eu-west", "gpu": "true"],
            capacity: ClusterSpec.Capacity(runs: 200, cpuMillicores: 64_000, memoryBytes: 256 << 30),
            placementWindow: 50,
            teams: ["data", "ops"],
            kubeconfigFile: "west.yaml",
            requestsPerSecond: 100
        )
        #expect(file == ClusterFile(name: "west", spec: spec))
        #expect(
            spec.admission(name: "west", state: .active)
                == AdmissionCluster(
                    name: "west",
                    runs: 200,
                    cpuMillicores: 64_000,
                    memoryBytes: 256 << 30,
                    placementWindow: 50,
                    teams: ["data", "ops"]
                )
        )
    }

    @Test("all mistakes are told at once, each with its field")
    func mistakes() throws {
        let error = #expect(throws: JobFileErrors.self) {
            try ClusterFile.parse(
                """
                name: West
                label: {a: b}
                capacity: {runs: 0, cpu: many}
                teams: []
                kubeconfig_file: ../west
                """
            )
        }
        let fields = try #require(error).errors.map(\.field)
        #expect(Set(fields) == ["name", "label", "capacity.runs", "capacity.cpu", "teams", "kubeconfig_file"])
    }

    @Test("one file is one cluster", arguments: ["", "name: a\n---\nname: b\n"])
    func one(text: String) {
        #expect(throws: JobFileErrors.self) { try ClusterFile.parse(text) }
    }

    @Test("a job asks for labels instead of a cluster, and says who answers for it")
    func job() throws {
        let text = "name: a\nengine: none\nowner: team@example.org\ntasks: [{name: t, command: ['true']}]\n"
        let job = try JobFile.parse(text + "cluster_selector: {region: eu}\n")
        #expect(job.clusterSelector == ["region": "eu"] && job.owner == "team@example.org")
        let error = #expect(throws: JobFileErrors.self) {
            try JobFile.parse(text + "cluster: west\ncluster_selector: {region: eu}\n")
        }
        #expect(try #require(error).errors.map(\.field) == ["cluster"])
    }
}
