/// What the nodes of a cluster offer to pods, in a few numbers.
package struct NodeSummary: Sendable, Hashable, Codable {
    /// What one node offers.
    package struct Shape: Sendable, Hashable, Codable {
        package var cpuMillicores: Int
        package var memoryBytes: Int

        package enum CodingKeys: String, CodingKey {
            case cpuMillicores = "cpu_millicores"
            case memoryBytes = "memory_bytes"
        }

        package init(cpuMillicores: Int, memoryBytes: Int) {
            self.cpuMillicores = cpuMillicores
            self.memoryBytes = memoryBytes
        }
    }

    /// At most so many shapes are kept.
    package static let shapeLimit = 8

    /// Nodes that take pods.
    package var nodes: Int
    package var cpuMillicores: Int
    package var memoryBytes: Int
    /// The nodes that no other equals or exceeds in both, most cpu first.
    package var largest: [Shape]

    package enum CodingKeys: String, CodingKey {
        case nodes
        case cpuMillicores = "cpu_millicores"
        case memoryBytes = "memory_bytes"
        case largest
    }

    /// - Parameter shapes: what each node that takes pods offers.
    package init(_ shapes: [Shape]) {
        nodes = shapes.count
        cpuMillicores = shapes.reduce(0) { $0 &+ $1.cpuMillicores }
        memoryBytes = shapes.reduce(0) { $0 &+ $1.memoryBytes }
        largest = []
        let ordered = shapes.sorted { ($0.cpuMillicores, $0.memoryBytes) > ($1.cpuMillicores, $1.memoryBytes) }
        for shape in ordered where largest.count < Self.shapeLimit {
            if shape.memoryBytes > largest.last?.memoryBytes ?? -1 { largest.append(shape) }
        }
    }

    /// Whether some node offers so much, were it empty.
    package func fits(cpuMillicores: Int, memoryBytes: Int) -> Bool {
        largest.contains { $0.cpuMillicores >= cpuMillicores && $0.memoryBytes >= memoryBytes }
    }
}
