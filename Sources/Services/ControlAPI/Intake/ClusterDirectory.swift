internal import RunStore
internal import SlipwayCore

/// The registered clusters with their load, remembered for a moment, so that many runs ask the database once. What it chooses counts
/// at once in what it remembers.
actor ClusterDirectory {
    private let store: RunStore
    private let limits: ControlAPILimits
    private var choice: ClusterChoice?
    private var readAt = ContinuousClock.now
    private var reading: Task<ClusterChoice, any Error>?

    init(store: RunStore, limits: ControlAPILimits) {
        self.store = store
        self.limits = limits
    }

    /// The cluster for a new run of a job.
    ///
    /// - Parameter path: of the run within a body.
    /// - Throws: ``Problem`` if there is none.
    func choose(for spec: JobSpec, demand: ResourceAmounts, path: String = "") async throws -> ChosenCluster {
        try await refresh(within: limits.clusterMemory)
        do throws(ClusterRefusal) {
            return try take(spec, demand)
        } catch {
            // It may have been registered a moment ago.
            try await refresh(within: .milliseconds(200))
        }
        do throws(ClusterRefusal) {
            return try take(spec, demand)
        } catch {
            throw Problem.noCluster(error, path: path)
        }
    }

    private func take(_ spec: JobSpec, _ demand: ResourceAmounts) throws(ClusterRefusal) -> ChosenCluster {
        var current = choice ?? ClusterChoice([])
        defer { choice = current }
        return try current.choose(
            team: spec.team,
            cluster: spec.cluster,
            selector: spec.clusterSelector,
            demand: demand
        )
    }

    /// - Throws: ``Problem`` if the cluster that a job names is not for its team or is being removed. One that is not registered is
    ///   left to whoever stores the job.
    func check(_ spec: JobSpec) async throws {
        try await refresh(within: limits.clusterMemory)
        do throws(ClusterRefusal) {
            try choice?.check(spec.cluster, team: spec.team)
        } catch {
            if case .notRegistered = error { return }
            throw Problem.noCluster(error)
        }
    }

    /// What would become of a run.
    func forecast(for spec: JobSpec) async throws -> ClusterForecast {
        try await refresh(within: .zero)
        return (choice ?? ClusterChoice([])).forecast(
            team: spec.team,
            cluster: spec.cluster,
            selector: spec.clusterSelector,
            demand: AdmissionRequest(spec, variables: [:]).demand
        )
    }

    /// A cluster was changed here: that holds at once for this process.
    func forget() {
        choice = nil
        reading = nil
    }

    private func refresh(within age: Duration) async throws {
        if choice != nil, ContinuousClock.now - readAt < age { return }
        // why: callers who ask meanwhile share the answer, so it belongs to none of them.
        let task = reading ?? Task { [store] in try await store.clusterChoice() }
        reading = task
        let result = await task.result
        // The first of those who waited remembers; none does if something was changed meanwhile.
        guard reading == task else {
            if choice == nil { choice = try result.get() }
            return
        }
        reading = nil
        choice = try result.get()
        readAt = .now
    }
}
