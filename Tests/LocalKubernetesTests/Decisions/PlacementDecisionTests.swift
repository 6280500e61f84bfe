import LocalKubernetes
import Testing

@Suite struct PlacementDecisionTests {
    static func node(
        _ name: String,
        cpu: String = "4",
        memory: String = "8Gi",
        pods: Int64 = 110,
        labels: JSONValue = [:],
        taints: JSONValue = [],
        isUnschedulable: Bool = false
    ) -> NodeCapacity {
        NodeCapacity(node: [
            "metadata": ["name": .string(name), "labels": labels],
            "spec": ["taints": taints, "unschedulable": .boolean(isUnschedulable)],
            "status": ["allocatable": ["cpu": .string(cpu), "memory": .string(memory), "pods": .integer(pods)]],
        ])
    }

    static func demand(cpu: String = "1", memory: String = "1Gi", _ spec: JSONValue = [:]) -> PodDemand {
        var all: JSONValue = [
            "containers": [["name": "a", "resources": ["requests": ["cpu": .string(cpu), "memory": .string(memory)]]]]
        ]
        for (key, value) in spec.object ?? [:] { all[key] = value }
        return PodDemand(pod: ["spec": all])
    }

    @Test func `a pod goes where the largest share stays free`() {
        var busy = Self.node("busy")
        busy.take(Self.demand(cpu: "2"))
        #expect(PlacementDecision.decide(Self.demand(), nodes: [busy, Self.node("idle")]) == .place(node: "idle"))
    }

    @Test func `among equals the first name wins`() {
        #expect(PlacementDecision.decide(Self.demand(), nodes: [Self.node("b"), Self.node("a")]) == .place(node: "a"))
    }

    @Test func `room given back can be taken again`() {
        var node = Self.node("a", cpu: "1")
        node.take(Self.demand())
        #expect(
            PlacementDecision.decide(Self.demand(), nodes: [node])
                == .unschedulable(message: "0/1 nodes are available: 1 Insufficient cpu.")
        )
        node.giveBack(Self.demand())
        #expect(PlacementDecision.decide(Self.demand(), nodes: [node]) == .place(node: "a"))
    }

    @Test func `every node's reason is counted`() {
        let nodes = [
            Self.node("a", cpu: "500m"), Self.node("b", memory: "1Mi"), Self.node("c", isUnschedulable: true),
            Self.node("d", taints: [["key": "gpu", "value": "yes", "effect": "NoSchedule"]]),
        ]
        #expect(
            PlacementDecision.decide(Self.demand(), nodes: nodes)
                == .unschedulable(
                    message:
                        "0/4 nodes are available: 1 Insufficient cpu, 1 Insufficient memory, 1 node(s) had untolerated taint {gpu: yes}, 1 node(s) were unschedulable."
                )
        )
    }

    @Test(
        arguments: [
            (["key": "gpu", "operator": "Exists"], true),
            (["key": "gpu", "value": "yes", "effect": "NoSchedule"], true),
            (["key": "gpu", "value": "no"], false), (["operator": "Exists"], true),
            (["key": "gpu", "operator": "Exists", "effect": "NoExecute"], false),
        ] as [(JSONValue, Bool)]
    )
    func `tolerations open tainted nodes`(toleration: JSONValue, fits: Bool) {
        let node = Self.node("a", taints: [["key": "gpu", "value": "yes", "effect": "NoSchedule"]])
        let decision = PlacementDecision.decide(Self.demand(["tolerations": [toleration]]), nodes: [node])
        #expect((decision == .place(node: "a")) == fits)
    }

    @Test func `a node selector wants its labels`() {
        let nodes = [Self.node("a"), Self.node("b", labels: ["disk": "ssd"])]
        #expect(
            PlacementDecision.decide(Self.demand(["nodeSelector": ["disk": "ssd"]]), nodes: nodes) == .place(node: "b")
        )
    }

    @Test func `sidecars count beside the main containers, init containers only at their peak`() {
        func container(_ cpu: String, isSidecar: Bool = false) -> JSONValue {
            var container: JSONValue = ["resources": ["requests": ["cpu": .string(cpu)]]]
            if isSidecar { container["restartPolicy"] = "Always" }
            return container
        }
        let demand = PodDemand(pod: [
            "spec": [
                "initContainers": [container("3"), container("1", isSidecar: true), container("1")],
                "containers": [container("1"), container("500m")],
            ]
        ])
        #expect(demand.milliCPU == 3000)
        let main = PodDemand(pod: [
            "spec": ["initContainers": [container("1", isSidecar: true)], "containers": [container("3")]]
        ])
        #expect(main.milliCPU == 4000)
    }
}
