/// What an hour of a resource costs.
package struct ResourcePrices: Sendable, Hashable {
    /// Of one core.
    package var cpuHour: Double
    /// Of one GiB (2³⁰ bytes).
    package var memoryGiBHour: Double
    /// Told with each figure, such as `EUR`; may be empty.
    package var currency: String

    /// - Returns: `nil` if nothing costs anything: then no cost is told.
    package init?(cpuHour: Double, memoryGiBHour: Double, currency: String) {
        guard cpuHour > 0 || memoryGiBHour > 0 else { return nil }
        self.cpuHour = cpuHour
        self.memoryGiBHour = memoryGiBHour
        self.currency = currency
    }

    /// Of this much for so long.
    package func cost(coreSeconds: Double, memoryByteSeconds: Double) -> Double {
        (coreSeconds * cpuHour + memoryByteSeconds / Double(1 << 30) * memoryGiBHour) / 3600
    }
}

/// What a run cost.
package struct RunCost: Sendable, Hashable {
    /// How long nodes kept room for its pods, in seconds.
    package var reservedSeconds: Double
    /// What they kept: requests times time.
    package var reserved: Double
    /// What its containers used, as far as samples tell; `nil` if there are none.
    package var used: Double?
    package var currency: String

    /// - Parameters:
    ///   - stays: how long the run was in each state, in order; the last one up to now if it is not over.
    ///   - usage: of each container.
    package init(
        _ spec: JobSpec,
        stays: [(state: RunState, seconds: Double)],
        usage: [UsageSummary],
        prices: ResourcePrices
    ) {
        reservedSeconds = Self.reservedSeconds(stays)
        let requests = spec.requestedResources.map(\.resources)
        reserved = prices.cost(
            coreSeconds: requests.reduce(0) { $0 + Double($1.cpuMillicores) } / 1000 * reservedSeconds,
            memoryByteSeconds: requests.reduce(0) { $0 + Double($1.memoryBytes) } * reservedSeconds
        )
        used =
            usage.isEmpty
            ? nil
            : prices.cost(
                coreSeconds: usage.reduce(0) { $0 + $1.cpuSeconds },
                memoryByteSeconds: usage.reduce(0) { $0 + Double($1.averageMemoryBytes) * $1.coveredSeconds }
            )
        currency = prices.currency
    }

    /// The time from a node's assignment to the end, summed over the run's placements. A pod that has a node has left
    /// `starting`; one that is being removed keeps its room until it is gone.
    package static func reservedSeconds(_ stays: [(state: RunState, seconds: Double)]) -> Double {
        var total = 0.0
        var hasNode = false
        for stay in stays {
            switch stay.state {
            case .creatingSail, .waitingForSail, .creatingRunner, .running:
                hasNode = true
                total += stay.seconds
            case .cancelling: total += hasNode ? stay.seconds : 0
            case .pending, .paused, .ready, .starting, .succeeded, .failed, .cancelled, .timeout: hasNode = false
            }
        }
        return total
    }
}

extension JobSpec {
    /// Requests of each container that a pod of this job has, by the container's name.
    package var requestedResources: [(container: String, resources: ContainerResources)] {
        if case .none = engine { return [("runner", resources.runner)] }
        return [("runner", resources.runner), ("sail", resources.sail)]
    }
}
