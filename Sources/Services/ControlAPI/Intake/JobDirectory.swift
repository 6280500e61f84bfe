internal import RunStore
internal import SlipwayCore

/// The current version of jobs by name, remembered for a moment, so that many runs of a job ask the database once.
actor JobDirectory {
    private struct Address: Hashable {
        var team: String
        var name: String
    }

    private struct Entry {
        var job: JobRecord
        var bytes: Int
        var readAt: ContinuousClock.Instant
    }

    private let store: RunStore
    private let specs: SpecCache
    private let limits: ControlAPILimits
    private var entries: [Address: Entry] = [:]
    /// About what all entries take up.
    private var bytes = 0
    private var reading: [Address: Task<JobRecord?, any Error>] = [:]

    init(store: RunStore, limits: ControlAPILimits) {
        self.store = store
        self.limits = limits
        specs = SpecCache(
            store: store,
            capacity: limits.rememberedJobs,
            capacityBytes: limits.rememberedJobBytes
        )
    }

    /// - Returns: `nil` if there is no such job.
    func job(team: String, name: String) async throws -> JobRecord? {
        let address = Address(team: team, name: name)
        if let entry = entries[address], ContinuousClock.now - entry.readAt < limits.jobMemory { return entry.job }
        // why: callers who ask meanwhile share the answer, so it belongs to none of them.
        let task = reading[address] ?? Task { [store] in try await store.job(team: team, name: name) }
        reading[address] = task
        let readAt = ContinuousClock.now
        let result = await task.result
        // The first of those who waited remembers; none does if a version was applied meanwhile.
        guard reading[address] == task else { return try result.get() }
        reading[address] = nil
        guard let job = try result.get() else {
            remove(address)
            return nil
        }
        remove(address)
        let size = job.spec.approximateBytes
        if entries.count >= limits.rememberedJobs || bytes + size > limits.rememberedJobBytes {
            entries.removeAll()
            bytes = 0
        }
        entries[address] = Entry(job: job, bytes: size, readAt: readAt)
        bytes += size
        return job
    }

    /// A version of a job; `nil` if it does not exist.
    func spec(_ job: JobID, version: Int) async throws -> JobSpec? {
        let key = JobVersionKey(job: job, version: version)
        return try await specs.specs([key])[key]
    }

    /// A new version was applied here: it holds at once for this process.
    func forget(team: String, name: String) {
        let address = Address(team: team, name: name)
        remove(address)
        reading[address] = nil
    }

    private func remove(_ address: Address) {
        bytes -= entries.removeValue(forKey: address)?.bytes ?? 0
    }
}
