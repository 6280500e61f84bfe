internal import RunStore
internal import SlipwayCore

/// Collects everything about a run.
struct RunDescription: Sendable {
    let store: RunStore
    let directory: JobDirectory
    let admission: AdmissionView
    let limits: ControlAPILimits
    /// `nil`: nothing costs anything.
    let prices: ResourcePrices?

    /// The run as JSON.
    ///
    /// - Throws: ``Problem`` if there is none, or the caller may not see it.
    func text(_ id: RunID, now: Timestamp, for call: Call) async throws -> String {
        async let found = store.run(id)
        async let tasks = store.tasks(id)
        async let items = store.itemCounts(id)
        async let plan = store.plan(id)
        async let warnings = store.warnings(id, limit: limits.warningsPerRun)
        async let events = events(id)
        async let placements = store.placements(id)
        async let isPinned = store.isPinned(id)
        guard let run = try await found else { throw Problem.runNotFound(id) }
        try call.require(.viewer, in: run.team, orElse: Problem.runNotFound(id))
        let spec = try await directory.spec(run.jobID, version: run.jobVersion)
        let complete = RunTasks(of: run, spec: spec, plan: try await plan)
        let known = try await events
        let parts = RunParts(
            tasks: complete.complete(try await tasks, items: try await items),
            plan: complete.plan,
            warnings: try await warnings,
            events: known,
            use: try await use(of: run, stays: StateTimes.stays(known), now: now, needsSpec: false),
            chain: try await store.chain(run.rootID ?? run.id),
            placements: try await placements,
            isPinned: try await isPinned,
            wait: try await RunWait.inShort(of: run, store: store, view: admission)
        )
        return String(decoding: JSONWriter.text { $0.run(run, parts, now: now) }, as: UTF8.self)
    }

    /// What a run used and cost until now.
    ///
    /// - Parameter needsSpec: whether the job is read also if nothing has a price.
    func use(of run: RunRecord, stays: [StateTimes.Stay], now: Timestamp, needsSpec: Bool) async throws -> RunUse {
        var use = RunUse(usage: try await store.usage(run.id))
        guard needsSpec || prices != nil else { return use }
        let key = JobVersionKey(job: run.jobID, version: run.jobVersion)
        use.spec = try await store.specs([key])[key]?.applying(run.overrides)
        if let spec = use.spec, let prices {
            let lengths = stays.map { stay in
                (state: stay.state, seconds: max(0, ((stay.leftAt ?? now) - stay.enteredAt).secondsText))
            }
            use.cost = RunCost(spec, stays: lengths, usage: use.usage, prices: prices)
        }
        return use
    }

    func events(_ id: RunID) async throws -> [RunEvent] {
        var all: [RunEvent] = []
        while all.count < limits.eventsPerRun {
            let page = try await store.events(id, after: all.last?.sequence ?? 0, limit: store.limits.page)
            all += page
            if page.count < store.limits.page { break }
        }
        return all
    }
}

/// What belongs to a run and is kept apart from it.
struct RunParts: Sendable {
    var tasks: [RunTask]
    var plan: RunPlan?
    /// The first ones.
    var warnings: [StoredWarning]
    var events: [RunEvent]
    var use: RunUse
    /// Every run that goes back to the same first one.
    var chain: [RunRecord]
    var placements: [PlacementRecord]
    /// Whether it stays, whatever its age.
    var isPinned: Bool
    /// Why it is not placed yet; `nil`: it is, or that is not at hand.
    var wait: RunWait?
}
