/// A cluster as admission sees it. Nothing is admitted to a cluster that was never told.
package struct AdmissionCluster: Sendable, Hashable, Codable {
    package enum State: String, Sendable, Hashable, Codable, CaseIterable {
        case provisioning, active, draining, failed, destroying
    }

    package var name: String
    package var state: State
    /// How many runs may be live on it; `nil` here and below: not limited by Slipway.
    package var runs: Int?
    package var cpuMillicores: Int?
    package var memoryBytes: Int?
    /// How many runs may be admitted without having begun, so that an autoscaler is asked gradually.
    package var placementWindow: Int?
    /// The teams whose runs it takes; `nil`: those of all.
    package var teams: [String]?

    package init(
        name: String = "default",
        state: State = .active,
        runs: Int? = nil,
        cpuMillicores: Int? = nil,
        memoryBytes: Int? = nil,
        placementWindow: Int? = nil,
        teams: [String]? = nil
    ) {
        self.name = name
        self.state = state
        self.runs = runs
        self.cpuMillicores = cpuMillicores
        self.memoryBytes = memoryBytes
        self.placementWindow = placementWindow
        self.teams = teams
    }

    func allows(team: String) -> Bool { teams?.contains(team) ?? true }

    func capacity(_ dimension: ResourceDimension) -> Int? {
        switch dimension {
        case .runs: runs
        case .cpu: cpuMillicores
        case .memory: memoryBytes
        }
    }
}
