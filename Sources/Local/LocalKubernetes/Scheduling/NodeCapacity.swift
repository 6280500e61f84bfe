/// What a node offers and what is taken of it.
package struct NodeCapacity: Sendable {
    package struct Taint: Sendable, Hashable {
        package var key: String
        package var value: String
        package var effect: String
    }

    package var name: String
    package var labels: [String: String]
    package var taints: [Taint]
    package var isUnschedulable: Bool
    package var milliCPU: Int64
    package var memoryBytes: Int64
    package var pods: Int64
    package var usedMilliCPU: Int64 = 0
    package var usedMemoryBytes: Int64 = 0
    package var usedPods: Int64 = 0

    package init(node: JSONValue) {
        name = node[path: "metadata", "name"]?.text ?? ""
        labels = node[path: "metadata", "labels"]?.textDictionary ?? [:]
        taints = (node[path: "spec", "taints"]?.elements ?? []).map {
            Taint(key: $0.text("key"), value: $0.text("value"), effect: $0.text("effect"))
        }
        isUnschedulable = node[path: "spec", "unschedulable"]?.boolean ?? false
        let allocatable = node[path: "status", "allocatable"]
        milliCPU = allocatable?["cpu"].flatMap(Quantity.init)?.thousandths ?? 0
        memoryBytes = allocatable?["memory"].flatMap(Quantity.init)?.units ?? 0
        pods = allocatable?["pods"].flatMap(Quantity.init)?.units ?? 0
    }

    package mutating func take(_ demand: PodDemand) {
        usedMilliCPU += demand.milliCPU
        usedMemoryBytes += demand.memoryBytes
        usedPods += 1
    }

    package mutating func giveBack(_ demand: PodDemand) {
        usedMilliCPU -= demand.milliCPU
        usedMemoryBytes -= demand.memoryBytes
        usedPods -= 1
    }

    /// Why a pod cannot be placed here, in the scheduler's words; empty if it can.
    package func objections(to demand: PodDemand) -> [String] {
        if isUnschedulable, !demand.tolerations.contains(where: { $0.tolerates(Self.unschedulableTaint) }) {
            return ["node(s) were unschedulable"]
        }
        if let taint = untoleratedTaint(demand) {
            let value = taint.value.isEmpty ? "" : ": \(taint.value)"
            return ["node(s) had untolerated taint {\(taint.key)\(value)}"]
        }
        guard demand.nodeSelector.allSatisfy({ labels[$0.key] == $0.value }) else {
            return ["node(s) didn't match Pod's node affinity/selector"]
        }
        return shortages(for: demand).map { $0 == "pods" ? "Too many pods" : "Insufficient \($0)" }
    }

    /// The resources there is too little left of.
    package func shortages(for demand: PodDemand) -> [String] {
        var shortages: [String] = []
        if demand.milliCPU > 0, demand.milliCPU > milliCPU - usedMilliCPU { shortages.append("cpu") }
        if demand.memoryBytes > 0, demand.memoryBytes > memoryBytes - usedMemoryBytes { shortages.append("memory") }
        if usedPods >= pods { shortages.append("pods") }
        return shortages
    }

    private static let unschedulableTaint = Taint(
        key: "node.kubernetes.io/unschedulable",
        value: "",
        effect: "NoSchedule"
    )

    private func untoleratedTaint(_ demand: PodDemand) -> Taint? {
        taints.first { taint in
            taint.effect != "PreferNoSchedule" && !demand.tolerations.contains { $0.tolerates(taint) }
        }
    }

    /// How much of the scarcer resource would stay free, 0 to 1.
    func freeShare(after demand: PodDemand) -> Double {
        func share(_ total: Int64, _ used: Int64) -> Double { total > 0 ? Double(total - used) / Double(total) : 0 }
        return min(
            share(milliCPU, usedMilliCPU + demand.milliCPU),
            share(memoryBytes, usedMemoryBytes + demand.memoryBytes)
        )
    }
}

/// Where a pod goes.
package enum PlacementDecision: Sendable, Equatable {
    case place(node: String)
    case unschedulable(message: String)

    /// Prefers the node that keeps the largest share free; among equals the first by name.
    package static func decide(_ demand: PodDemand, nodes: some Collection<NodeCapacity>) -> PlacementDecision {
        if nodes.isEmpty { return .unschedulable(message: "no nodes available to schedule pods") }
        var best: (share: Double, name: String)?
        var counts: [String: Int] = [:]
        for node in nodes {
            let objections = demand.isImpossible ? ["node(s) refused by simulation"] : node.objections(to: demand)
            for objection in objections { counts[objection, default: 0] += 1 }
            guard objections.isEmpty else { continue }
            let share = node.freeShare(after: demand)
            guard let present = best else {
                best = (share, node.name)
                continue
            }
            if share > present.share || share == present.share && node.name < present.name { best = (share, node.name) }
        }
        if let best { return .place(node: best.name) }
        let reasons = counts.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }
        return .unschedulable(
            message: "0/\(nodes.count) nodes are available: \(reasons.joined(separator: ", "))."
        )
    }
}
