import SlipwayCore
import Testing

@Suite struct ClusterChoiceTests {
    private static func cluster(
        _ name: String,
        labels: [String: String] = ["region": "eu"],
        state: AdmissionCluster.State = .active,
        runs: Int? = nil,
        used: Int = 0,
        teams: [String]? = nil,
        window: Int? = nil,
        placing: Int = 0
    ) -> ClusterChoice.Cluster {
        ClusterChoice.Cluster(
            name: name,
            spec: ClusterSpec(
                labels: labels,
                capacity: ClusterSpec.Capacity(runs: runs),
                placementWindow: window,
                teams: teams
            ),
            state: state,
            used: ResourceAmounts(runs: used, cpuMillicores: 0, memoryBytes: 0),
            placing: placing
        )
    }

    private let one = ResourceAmounts(runs: 1, cpuMillicores: 100, memoryBytes: 1 << 20)

    private func chosen(
        _ clusters: [ClusterChoice.Cluster],
        selector: [String: String]? = ["region": "eu"],
        team: String = "data"
    ) throws(ClusterRefusal) -> ChosenCluster {
        var choice = ClusterChoice(clusters)
        return try choice.choose(team: team, cluster: "a", selector: selector, demand: one)
    }

    @Test("labels, teams and removal tell which clusters a run may go to")
    func candidates() throws {
        let clusters = [
            Self.cluster("a"), Self.cluster("b", labels: ["region": "us"]), Self.cluster("c", teams: ["ops"]),
            Self.cluster("d", state: .destroying), Self.cluster("e", state: .failed),
        ]
        #expect(try chosen(clusters) == ChosenCluster(name: "a", candidates: ["a", "e"]))
        #expect(throws: ClusterRefusal.noneMatches(selector: ["region": "mars"], team: "data")) {
            try chosen(clusters, selector: ["region": "mars"])
        }
    }

    @Test("a run of a job that names its cluster stays there, however it is, unless it may not go there at all")
    func fixed() throws {
        #expect(
            try chosen([Self.cluster("a", state: .failed)], selector: nil) == ChosenCluster(name: "a", candidates: nil)
        )
        #expect(throws: ClusterRefusal.notRegistered("a")) { try chosen([], selector: nil) }
        #expect(throws: ClusterRefusal.notForTeam(cluster: "a", team: "data")) {
            try chosen([Self.cluster("a", teams: ["ops"])], selector: nil)
        }
        #expect(throws: ClusterRefusal.leaving("a")) {
            try chosen([Self.cluster("a", state: .destroying)], selector: nil)
        }
    }

    @Test(
        "an active cluster goes before others, one with room before a full one, the emptier before the fuller",
        arguments: [
            [cluster("a", state: .provisioning), cluster("b")],
            [cluster("a", state: .draining), cluster("b", used: 900)],
            [cluster("a", runs: 10, used: 10), cluster("b", runs: 10, used: 9)],
            [cluster("a", runs: 10, used: 5), cluster("b", runs: 100, used: 40)],
            [cluster("a", used: 5), cluster("b", used: 4)],
            [cluster("a", window: 3, placing: 3), cluster("b", used: 3, window: 3, placing: 2)],
        ]
    )
    func order(clusters: [ClusterChoice.Cluster]) throws {
        #expect(try chosen(clusters).name == "b")
    }

    @Test("runs chosen for in a row spread by what each cluster takes")
    func spread() throws {
        var choice = ClusterChoice([Self.cluster("a", runs: 100), Self.cluster("b", runs: 300)])
        var counts: [String: Int] = [:]
        for _ in 0..<200 {
            let name = try choice.choose(team: "data", cluster: "", selector: ["region": "eu"], demand: one).name
            counts[name, default: 0] += 1
        }
        #expect(counts == ["a": 50, "b": 150])
    }

    @Test("a run is moved to an active candidate only; one that is admitted already needs room there")
    func destination() {
        var choice = ClusterChoice([
            Self.cluster("a", state: .draining), Self.cluster("b", runs: 5, used: 5), Self.cluster("c", state: .failed),
        ])
        func moved(_ needsRoom: Bool) -> String? {
            choice.destination(team: "data", candidates: ["b", "c", "gone"], demand: one, needsRoom: needsRoom)
        }
        #expect(moved(true) == nil)
        #expect(moved(false) == "b")
    }

    @Test("a forecast says what stands in the way")
    func forecast() {
        var small = Self.cluster("a", runs: 10)
        small.nodes = NodeSummary([
            NodeSummary.Shape(cpuMillicores: 50, memoryBytes: 1 << 30),
            NodeSummary.Shape(cpuMillicores: 500, memoryBytes: 1),
        ])
        func forecast(_ cluster: ClusterChoice.Cluster) -> ClusterForecast {
            ClusterChoice([cluster]).forecast(team: "data", cluster: "a", selector: nil, demand: one)
        }
        #expect(forecast(Self.cluster("a")).verdict == .now)
        #expect(forecast(small).findings.map(\.code) == [.nodeTooSmall] && forecast(small).verdict == .later)
        #expect(forecast(Self.cluster("a", state: .draining)).findings.map(\.code) == [.clusterDraining])
        #expect(forecast(Self.cluster("a", runs: 1, used: 1)).findings.map(\.code) == [.clusterFull])
        var tiny = Self.cluster("a")
        tiny.spec.capacity.cpuMillicores = 99
        #expect(forecast(tiny).verdict == .never && forecast(tiny).findings.map(\.code) == [.clusterTooSmall])
        #expect(forecast(Self.cluster("b")).verdict == .never)
    }
}

@Suite struct NodeSummaryTests {
    @Test("of many nodes those are kept that no other exceeds in both cpu and memory")
    func largest() {
        let shapes = [(4, 8), (4, 16), (8, 8), (2, 32), (1, 1)].map {
            NodeSummary.Shape(cpuMillicores: $0.0, memoryBytes: $0.1)
        }
        let summary = NodeSummary(shapes)
        #expect(summary.largest.map(\.cpuMillicores) == [8, 4, 2])
        #expect(summary.nodes == 5 && summary.cpuMillicores == 19 && summary.memoryBytes == 65)
        #expect(summary.fits(cpuMillicores: 4, memoryBytes: 16) && !summary.fits(cpuMillicores: 8, memoryBytes: 16))
    }
}
