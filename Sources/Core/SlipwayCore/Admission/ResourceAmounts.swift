/// What is counted against quotas and capacities.
package enum ResourceDimension: String, Sendable, Hashable, CaseIterable, Codable {
    /// Live runs.
    case runs
    /// Requested cpu, in thousandths of a core.
    case cpu
    /// Requested memory, in bytes.
    case memory
}

/// How much a run asks for, a team uses or a cluster has, in each dimension.
///
/// Sums wrap instead of trapping: they are wrong beyond 2⁶³ bytes, and right again once the summands have gone.
package struct ResourceAmounts: Sendable, Hashable, Codable {
    package var runs: Int
    package var cpuMillicores: Int
    package var memoryBytes: Int

    package static let zero = ResourceAmounts(runs: 0, cpuMillicores: 0, memoryBytes: 0)

    package init(runs: Int, cpuMillicores: Int, memoryBytes: Int) {
        self.runs = runs
        self.cpuMillicores = cpuMillicores
        self.memoryBytes = memoryBytes
    }

    package subscript(dimension: ResourceDimension) -> Int {
        get {
            switch dimension {
            case .runs: runs
            case .cpu: cpuMillicores
            case .memory: memoryBytes
            }
        }
        set {
            switch dimension {
            case .runs: runs = newValue
            case .cpu: cpuMillicores = newValue
            case .memory: memoryBytes = newValue
            }
        }
    }

    package static func += (left: inout ResourceAmounts, right: ResourceAmounts) {
        left.runs &+= right.runs
        left.cpuMillicores &+= right.cpuMillicores
        left.memoryBytes &+= right.memoryBytes
    }

    package static func -= (left: inout ResourceAmounts, right: ResourceAmounts) {
        left.runs &-= right.runs
        left.cpuMillicores &-= right.cpuMillicores
        left.memoryBytes &-= right.memoryBytes
    }

    package static func + (left: ResourceAmounts, right: ResourceAmounts) -> ResourceAmounts {
        var sum = left
        sum += right
        return sum
    }

    /// The largest of its shares of a whole; a dimension of which the whole has nothing is not looked at.
    package func dominantShare(of whole: ResourceAmounts) -> Double {
        var share = 0.0
        if whole.runs > 0 { share = Double(runs) / Double(whole.runs) }
        if whole.cpuMillicores > 0 { share = max(share, Double(cpuMillicores) / Double(whole.cpuMillicores)) }
        if whole.memoryBytes > 0 { share = max(share, Double(memoryBytes) / Double(whole.memoryBytes)) }
        return share
    }

    /// Amounts that are neither negative nor so large that two of them could not be added.
    var bounded: ResourceAmounts {
        ResourceAmounts(runs: runs.amount, cpuMillicores: cpuMillicores.amount, memoryBytes: memoryBytes.amount)
    }
}

extension Int {
    /// Within 0 and 2⁶⁰.
    var amount: Int { Swift.min(Swift.max(self, 0), 1 << 60) }
}
