package import SlipwayCore

/// The bounds of following.
package struct AdmissionFollowerLimits: Sendable {
    /// Rows of one page.
    package var page = 5000
    /// Windows of a job that are told at once.
    package var windows = 8
    /// After a longer pause everything is read again: what tells of deletions is not kept for ever.
    package var patience: Duration = .seconds(1800)

    package init() {}
}

/// Keeps an ``AdmissionQueue`` like what the store holds. For one task at a time.
package final class AdmissionFollower {
    package private(set) var queue: AdmissionQueue
    /// Of the last look, by the store's clock.
    package private(set) var now = Timestamp(microsecondsSince1970: 0)
    /// Usage as it was last read.
    package private(set) var usage: [String: UsageHistory] = [:]
    package private(set) var settings = AdmissionSettings()
    /// What the last look could not read: nothing of it goes.
    package private(set) var unreadable: [AdmissionLook.Unreadable] = []

    private let feed: any AdmissionFeed
    private let zones: @Sendable (String) -> ZoneRules?
    private let limits: AdmissionFollowerLimits
    private let queueLimits: AdmissionLimits
    private var cursor: AdmissionCursor?
    /// Jobs with windows, whose coming ones are told again and again.
    private var windowed: [JobID: (job: AdmissionJob, windows: EligibleWindows?)] = [:]
    /// When the first of the told windows is over.
    private var windowsPass: Timestamp?
    /// Runs were left out because the queue was full.
    private var isIncomplete = false

    /// - Parameter zones: the rules of a time zone by its name; `nil` if there is none.
    package init(
        _ feed: any AdmissionFeed,
        zones: @escaping @Sendable (String) -> ZoneRules?,
        limits: AdmissionFollowerLimits = AdmissionFollowerLimits(),
        queueLimits: AdmissionLimits = .standard
    ) {
        self.feed = feed
        self.zones = zones
        self.limits = limits
        self.queueLimits = queueLimits
        queue = AdmissionQueue(limits: queueLimits)
    }

    /// Takes in what has changed since the last time; everything at the first time. After an error it can be asked again.
    package func follow() async throws {
        var look = try await feed.admissionLook(since: cursor)
        if cursor != nil, look.now - now > limits.patience {
            cursor = nil
            look = try await feed.admissionLook(since: nil)
        }
        // What an attempt that failed half-way took in may be over by now.
        if cursor == nil { forget() }
        take(look)
        if look.hasRuns || cursor == nil { try await takeRuns(since: cursor) }
        if cursor == nil { try await takePastAdmissions(of: look.jobs) }
        if let cursor, look.hasEnds { try await takeEnds(since: cursor) }
        // Removals come last: what a page told may be older.
        for removal in look.removals { take(removal) }
        if isIncomplete, queue.pendingCount < queueLimits.pendingRuns / 10 * 9 {
            isIncomplete = false
            try await takeRuns(since: nil)
        }
        tellWindows()
        cursor = look.cursor
    }

    private func forget() {
        queue = AdmissionQueue(limits: queueLimits)
        usage = [:]
        windowed = [:]
        windowsPass = nil
        isIncomplete = false
    }

    private func take(_ look: AdmissionLook) {
        now = look.now
        unreadable = look.unreadable
        if let settings = look.settings {
            self.settings = settings
            queue.apply(.settings(settings))
        }
        for team in look.teams { queue.apply(.team(team)) }
        for cluster in look.clusters { queue.apply(.cluster(cluster)) }
        for job in look.jobs { take(job) }
        for (team, names) in look.invalidCredentials { queue.apply(.invalidCredentials(team: team, names)) }
        if let usage = look.usage {
            for team in self.usage.keys where usage[team] == nil { queue.apply(.usage(team: team, 0)) }
            for (team, history) in usage { queue.apply(.usage(team: team, history.value)) }
            self.usage = usage
        }
    }

    private func takeRuns(since cursor: AdmissionCursor?) async throws {
        var last: AdmissionRun.Position?
        while true {
            let runs = try await feed.admissionRuns(since: cursor, after: last, limit: limits.page)
            for run in runs where !queue.apply(run.event) { isIncomplete = true }
            guard runs.count == limits.page else { return }
            last = runs.last?.position
        }
    }

    /// Read after the live runs: what ends meanwhile is counted as live or as over, and never as neither.
    private func takePastAdmissions(of jobs: [AdmissionLook.Job]) async throws {
        for job in jobs {
            guard let limit = job.rateLimit else { continue }
            let past = try await feed.pastAdmissions(of: job.id, within: .seconds(limit.perSeconds))
            take(job, pastAdmissions: past.filter { queue.phase(of: $0.id) == nil }.map(\.admittedAt))
        }
    }

    private func takeEnds(since cursor: AdmissionCursor) async throws {
        var last: AdmissionRun.Position?
        while true {
            let ends = try await feed.admissionEnds(since: cursor, after: last, limit: limits.page)
            for end in ends { queue.apply(.gone(end.id)) }
            guard ends.count == limits.page else { return }
            last = ends.last
        }
    }

    private func take(_ removal: AdmissionLook.Removal) {
        switch removal {
        case .team(let name): queue.apply(.teamRemoved(name))
        case .cluster(let name): queue.apply(.clusterRemoved(name))
        case .job(let id):
            windowed[id] = nil
            queue.apply(.jobRemoved(id))
        case .run(let id): queue.apply(.gone(id))
        }
    }

    // MARK: Windows

    private func take(_ job: AdmissionLook.Job, pastAdmissions: [Timestamp]? = nil) {
        windowed[job.id] = nil
        guard job.hasLimits else {
            queue.apply(.jobRemoved(job.id))
            return
        }
        var told = AdmissionJob(
            id: job.id,
            concurrency: job.concurrency?.policy ?? .allow,
            maximumConcurrentRuns: job.concurrency?.maximumRuns,
            rateLimit: job.rateLimit.map { AdmissionJob.RateLimit(count: $0.runs, seconds: $0.perSeconds) },
            recentAdmissions: pastAdmissions
        )
        if let windows = job.windows {
            // why: windows are checked when a job is applied. Where their zone is not known nothing of the job goes.
            let known = zones(windows.zone).flatMap { try? EligibleWindows(windows.open, zone: $0) }
            windowed[job.id] = (told, known)
            told.windows = coming(known)
        }
        queue.apply(.job(told))
    }

    /// Tells jobs their next windows once some have passed.
    private func tellWindows() {
        guard let pass = windowsPass, pass <= now else { return }
        windowsPass = nil
        for (_, entry) in windowed {
            var job = entry.job
            job.recentAdmissions = nil
            job.windows = coming(entry.windows)
            queue.apply(.job(job))
        }
    }

    /// The next windows; `nil` if one is always open.
    private func coming(_ windows: EligibleWindows?) -> [AdmissionJob.Window]? {
        guard let windows else { return [] }
        var coming: [AdmissionJob.Window] = []
        var moment = now
        while coming.count < limits.windows, let opens = windows.nextOpening(after: moment) {
            guard let closes = windows.nextClosing(after: opens) else { return nil }
            coming.append(AdmissionJob.Window(opens: opens, closes: closes))
            moment = closes
        }
        if let first = coming.first { windowsPass = min(windowsPass ?? first.closes, first.closes) }
        return coming
    }
}
