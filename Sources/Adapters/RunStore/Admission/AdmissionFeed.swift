package import SlipwayCore

/// What admission knows of the world, told as what has changed since it was last asked.
///
/// A look tells where it stands and all that is small; runs are read in pages after it. What a page tells may be newer than
/// the look: it is told again by the next one. Telling twice does no harm, and nothing is missed.
package protocol AdmissionFeed: Sendable {
    /// - Parameter cursor: of the look before; `nil`: everything is new.
    func admissionLook(since cursor: AdmissionCursor?) async throws -> AdmissionLook

    /// Live runs that were changed since a look, or all of them, after those of the page before.
    func admissionRuns(
        since cursor: AdmissionCursor?,
        after last: AdmissionRun.Position?,
        limit: Int
    ) async throws -> [AdmissionRun]

    /// Runs that are over or deleted since a look, after those of the page before.
    func admissionEnds(
        since cursor: AdmissionCursor,
        after last: AdmissionRun.Position?,
        limit: Int
    ) async throws -> [AdmissionRun.Position]

    /// The latest runs of a job that are over, of those that were admitted so lately: at most as many as a rate limit counts.
    func pastAdmissions(of job: JobID, within span: Duration) async throws -> [PastAdmission]
}

/// When a run that is over was admitted.
package struct PastAdmission: Sendable, Hashable {
    package var id: RunID
    package var admittedAt: Timestamp

    package init(id: RunID, admittedAt: Timestamp) {
        self.id = id
        self.admittedAt = admittedAt
    }
}

/// Where a follower stands; only who gave it can read it.
package struct AdmissionCursor: Sendable, Hashable {
    package var text: String

    package init(_ text: String) { self.text = text }
}

/// One look at what has changed.
package struct AdmissionLook: Sendable {
    /// What limits the runs of a job, as its current version says it.
    package struct Job: Sendable, Hashable {
        package var id: JobID
        package var concurrency: JobSpec.Concurrency?
        package var rateLimit: JobSpec.RateLimit?
        package var windows: JobSpec.Windows?

        package init(
            id: JobID,
            concurrency: JobSpec.Concurrency? = nil,
            rateLimit: JobSpec.RateLimit? = nil,
            windows: JobSpec.Windows? = nil
        ) {
            self.id = id
            self.concurrency = concurrency
            self.rateLimit = rateLimit
            self.windows = windows
        }

        /// Nothing of it goes: its windows are of a zone that nobody knows.
        static func closed(_ id: JobID) -> Job { Job(id: id, windows: JobSpec.Windows(zone: "", open: [])) }

        package var hasLimits: Bool { concurrency != nil || rateLimit != nil || windows != nil }
    }

    /// Something of which this version cannot read what it is to be, as of one that a newer version wrote.
    package struct Unreadable: Sendable, Hashable {
        /// Such as `team etl`.
        package var what: String
        package var cause: String

        package init(_ what: String, _ cause: any Error) {
            self.what = what
            self.cause = "\(cause)"
        }
    }

    /// What was deleted.
    package enum Removal: Sendable, Hashable {
        case team(String)
        case cluster(String)
        case job(JobID)
        case run(RunID)
    }

    package var cursor: AdmissionCursor
    /// By the clock that all times are told by.
    package var now: Timestamp
    package var teams: [AdmissionTeam] = []
    package var clusters: [AdmissionCluster] = []
    package var jobs: [Job] = []
    /// The invalid credentials of each team of which one was changed.
    package var invalidCredentials: [String: Set<String>] = [:]
    package var removals: [Removal] = []
    /// The decayed usage of teams; `nil`: it was not read.
    package var usage: [String: UsageHistory]?
    package var settings: AdmissionSettings?
    /// Teams, clusters and jobs that are told here as such of which nothing goes.
    package var unreadable: [Unreadable] = []
    /// Whether live runs may have changed.
    package var hasRuns = true
    /// Whether runs may have ended.
    package var hasEnds = true

    package init(cursor: AdmissionCursor, now: Timestamp) {
        self.cursor = cursor
        self.now = now
    }
}

/// A live run as admission sees it.
package struct AdmissionRun: Sendable, Hashable {
    /// Where it stands among the changes.
    package struct Position: Sendable, Hashable {
        /// The number of the change.
        package var change: Int64
        package var id: RunID

        package init(change: Int64, id: RunID) {
            self.change = change
            self.id = id
        }
    }

    package var position: Position
    package var state: RunState
    package var isPromoted: Bool
    package var stateSince: Timestamp
    package var admittedAt: Timestamp?
    /// What it asks for; also of one that waits no more.
    package var request: PendingRun

    package init(
        position: Position,
        state: RunState,
        isPromoted: Bool,
        stateSince: Timestamp,
        admittedAt: Timestamp?,
        request: PendingRun
    ) {
        self.position = position
        self.state = state
        self.isPromoted = isPromoted
        self.stateSince = stateSince
        self.admittedAt = admittedAt
        self.request = request
    }

    /// What is told to the queue. A promoted run does not wait: it counts from its promotion on.
    var event: AdmissionEvent {
        let phase: LiveRun.Phase
        switch state {
        case .pending where !isPromoted: return .pending(request)
        case .paused, .succeeded, .failed, .cancelled, .timeout: return .gone(request.id)
        case .pending, .ready: phase = .admitted
        case .starting, .creatingSail, .waitingForSail, .creatingRunner: phase = .placing
        case .running: phase = .running
        case .cancelling: phase = .ending
        }
        // A promoted run is not taken back.
        let isFixed = isPromoted && phase == .admitted
        return .live(LiveRun(request, admittedAt: admittedAt ?? stateSince, phase: isFixed ? .placing : phase))
    }
}
