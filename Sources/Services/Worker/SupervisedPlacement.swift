internal import KubernetesClient
internal import Placement
internal import RunStore
internal import SlipwayCore

/// What a worker knows of one placement, and what follows from it. A value: time comes in as a parameter, and what is to be done
/// goes out as flags that ``ClusterSupervisor`` acts upon.
struct SupervisedPlacement: Sendable {
    let run: SupervisedRun
    let spec: JobSpec
    var stream: StreamBuffer
    private(set) var timeline: [ObservedState]
    private(set) var waiting: WaitingReason?
    private(set) var node: String?
    private(set) var podUID: String?
    private(set) var summary: RunnerSummary?
    /// The verdict, once there is one.
    private(set) var end: PlacementEnd?
    /// What the pod's status said last.
    private(set) var reading: PodReading?
    /// Why the pod is being removed before it ended by itself.
    private(set) var intent: Intent?
    private(set) var revision: Int64 = 0
    /// Whether something is known that no report has told.
    private(set) var hasNews = false
    /// When the final report was sent, until the database is known to have it.
    var reportedEndAt: ContinuousClock.Instant?
    /// Nothing more of the runner's stream will come.
    var isRunnerStreamComplete = false
    /// All that the runner's container wrote was read.
    var isRunnerStreamRead = false
    var isSailStreamComplete: Bool
    var isFollowingRunner = false
    var isFollowingSail = false
    /// Its runner writes signs of life: an older one, in the job's own image, may not.
    private var hasHeartbeat = false
    /// When the container's log was last asked for a sign of life.
    var probedAt: ContinuousClock.Instant?
    /// When the pod itself was last asked for, beside the watch.
    private(set) var lookedAt: Timestamp?
    /// When the runner last gave a sign of life, as far as this process saw.
    private(set) var lastSignOfLife: ContinuousClock.Instant?
    /// When the runner's stream last brought a line that was not seen before.
    private var lastNewLine: ContinuousClock.Instant?
    /// When the runner's container was first seen ended.
    private(set) var endedSince: ContinuousClock.Instant?

    enum Intent: Sendable {
        case cancel
        /// A deadline passed; this is the verdict unless the runner ended well before it was stopped.
        case deadline(PlacementEnd)
    }

    /// What the clocks say: the one that is told to others, and the one that measures spans.
    struct Clock: Sendable {
        var now: Timestamp
        var instant: ContinuousClock.Instant
    }

    init(run: SupervisedRun, spec: JobSpec) {
        self.run = run
        self.spec = spec
        stream = StreamBuffer(
            storedSequence: run.streamSequence,
            storedSailLines: run.sailLines,
            stored: run.storedStreams,
            tasks: spec.tasks
        )
        timeline = [ObservedState(state: .starting, at: run.placementStartedAt)]
        if case .none = spec.engine { isSailStreamComplete = true } else { isSailStreamComplete = false }
        if run.state == .cancelling { intent = .cancel }
    }

    var podName: String { PodNaming.podName(run: run.id, placement: run.placement) }

    var hasSail: Bool {
        if case .none = spec.engine { false } else { true }
    }

    // MARK: What is observed

    /// Takes in the pod's status. The earliest time of each state is kept.
    mutating func observe(_ pod: PodSnapshot, at clock: Clock) {
        let reading = PodReading.read(pod, after: reading)
        self.reading = reading
        if node != reading.node || podUID != reading.podUID { hasNews = true }
        node = reading.node ?? node
        podUID = reading.podUID ?? podUID
        for observed in reading.timeline { enter(observed.state, at: Self.refined(observed.at, now: clock.now)) }
        if lastSignOfLife == nil, reading.hasUserCodeRun { lastSignOfLife = clock.instant }
        if waiting != reading.waiting {
            waiting = reading.waiting
            hasNews = true
        }
        if reading.runnerEnd != nil, endedSince == nil { endedSince = clock.instant }
    }

    /// Kubernetes tells whole seconds: a moment that has just passed is better told by our own clock.
    private static func refined(_ time: Timestamp, now: Timestamp) -> Timestamp {
        now - time < .seconds(2) ? max(time, now) : time
    }

    private mutating func enter(_ state: RunState, at time: Timestamp) {
        guard !timeline.contains(where: { $0.state == state }), let last = timeline.last,
            let place = RunState.placed.firstIndex(of: state), let reached = RunState.placed.firstIndex(of: last.state),
            place > reached
        else { return }
        timeline.append(ObservedState(state: state, at: max(time, last.at)))
        hasNews = true
    }

    /// What a clock may tell, in milliseconds: up to the year 9999. User code can write to its container's output too, and a
    /// number that no runner writes must not reach arithmetic or the database.
    private static let credibleMilliseconds: ClosedRange<Int64> = 0...253_402_300_799_999

    /// Takes in one line of the runner's stream.
    mutating func observe(_ line: RunnerLine, limits: LogLimits, at instant: ContinuousClock.Instant) {
        lastSignOfLife = instant
        guard Self.credibleMilliseconds.contains(line.milliseconds), Self.credibleSequence.contains(line.sequence)
        else {
            return
        }
        guard stream.take(line, limits: limits) else { return }
        lastNewLine = instant
        switch line.record {
        case .finished(let summary):
            self.summary = summary
            isRunnerStreamComplete = true
        case .heartbeat: hasHeartbeat = true
        case .started, .task, .log, .warning, .progress, .output: break
        }
    }

    /// Someone asked to cancel, or the database says so.
    mutating func cancelRequested() {
        guard end == nil else { return }
        intent = .cancel
    }

    enum DeadlineCheck: Sendable {
        case notPassed
        /// It has passed as far as the watch told, which may be late: the pod itself must be looked at.
        case mustLook
        /// It has passed just now.
        case passed
    }

    /// The API server was asked for the pod itself at this time, and what it said was observed.
    mutating func looked(at time: Timestamp) { lookedAt = max(lookedAt ?? time, time) }

    /// Looks at the clock.
    mutating func checkDeadline(now: Timestamp) -> DeadlineCheck {
        guard end == nil, intent == nil, let reading,
            let deadline = PlacementDeadlines.passed(spec.timeouts, for: reading, now: now)
        else { return .notPassed }
        guard let lookedAt, lookedAt >= deadline.at else { return .mustLook }
        var verdict = reading.end(passing: deadline, at: now)
        if verdict.outcome == .timeout {
            verdict.outcome =
                switch spec.timeouts.onTimeout {
                case .timeout: .timeout
                case .failed: .failed
                case .cancelled: .cancelled
                }
        }
        intent = .deadline(verdict)
        return .passed
    }

    /// Whether the runner has been silent for longer than the job allows, as far as this process saw. That may be the
    /// connection's doing: the container's own log must tell.
    func isSilent(at instant: ContinuousClock.Instant) -> Bool {
        guard let seconds = spec.timeouts.stallSeconds, hasHeartbeat, end == nil, intent == nil,
            let last = lastSignOfLife,
            let reading,
            reading.hasUserCodeRun, reading.runnerEnd == nil
        else { return false }
        return last.duration(to: instant) > .seconds(seconds)
    }

    /// Whether the container's log is to be asked now.
    func mustProbe(at instant: ContinuousClock.Instant) -> Bool {
        guard isSilent(at: instant), let seconds = spec.timeouts.stallSeconds else { return false }
        guard let probedAt else { return true }
        return probedAt.duration(to: instant) > .seconds(max(2, seconds / 4))
    }

    /// The container's log ends with this line of the runner. If that is the last one seen here, the runner has written
    /// nothing since it was seen, whatever any clock says.
    ///
    /// - Returns: whether the placement is given up for it.
    mutating func lastWrote(sequence: Int64, clock: Clock) -> Bool {
        guard isSilent(at: clock.instant), let seconds = spec.timeouts.stallSeconds, let reading else { return false }
        guard sequence <= stream.seenSequence else {
            // It writes; what hangs is the stream.
            lastSignOfLife = clock.instant
            return false
        }
        let text = DurationText.text(seconds: seconds)
        let deadline = PlacementDeadline(
            at: clock.now,
            outcome: .failed,
            reason: .runnerStalled,
            message: "The runner gave no sign of life for longer than timeouts.stall (\(text))."
        )
        intent = .deadline(reading.end(passing: deadline, at: clock.now))
        return true
    }

    // MARK: The verdict

    /// How it is known that the API server has no such pod.
    enum Disappearance: Sendable {
        /// Its last state was told with its end.
        case observed
        /// It was found out afterwards. What it did since it was last seen, nobody saw.
        case foundOut
    }

    /// Decides the end if everything needed for it is known.
    ///
    /// - Parameter gone: the pod is verified gone.
    mutating func conclude(_ gone: Disappearance? = nil, at clock: Clock, settings: WorkerSettings) {
        guard end == nil else { return }
        let now = clock.now
        let isPodGone = gone != nil
        if var reading {
            if let summary, reading.runnerEnd?.summary == nil { reading.runnerEnd?.summary = summary }
            if let read = reading.end() {
                guard isPodGone || areStreamsComplete(settings, at: clock.instant) else { return }
                finish(read.outcome == .succeeded ? read : overriddenByIntent(read), now: now)
            } else if isPodGone {
                var verdict = verdictOfVanishedPod(reading.endOfVanishedPod(at: now))
                // A pod that was being deleted starts no container any more; any other one may have.
                if gone == .foundOut, !reading.isTerminating { suspectUserCode(&verdict) }
                finish(overriddenByIntent(verdict), now: now)
            }
        } else if isPodGone {
            let message = "There is no pod of this placement."
            var lost = PlacementEnd(
                outcome: .lost,
                at: now,
                hasUserCodeRun: hasUserCodeRun,
                reason: .podLost,
                message: message
            )
            if run.isPodCreated { suspectUserCode(&lost) }
            finish(overriddenByIntent(lost), now: now)
        }
    }

    /// Whether all that the containers wrote was read, or was waited for long enough.
    private func areStreamsComplete(_ settings: WorkerSettings, at instant: ContinuousClock.Instant) -> Bool {
        guard let endedSince, let runnerEnd = reading?.runnerEnd else { return true }
        let waited = endedSince.duration(to: instant)
        if !isRunnerStreamComplete {
            // A reader that waits until there is room again, or that brings new lines, is not late.
            if stream.waitingBytes > settings.bufferedLogBytes { return false }
            let heard = max(endedSince, lastNewLine ?? endedSince)
            if heard.duration(to: instant) < settings.streamPatience { return false }
        }
        let wantsSail = !isSailStreamComplete && runnerEnd.exitCode != 0
        return !wantsSail || waited >= settings.sailLogPatience
    }

    /// The stream may have told the end that the pod's status no longer can.
    private func verdictOfVanishedPod(_ read: PlacementEnd) -> PlacementEnd {
        var verdict = read
        verdict.hasUserCodeRun = verdict.hasUserCodeRun || hasUserCodeRun
        if verdict.outcome == .lost, summary?.result == .succeeded {
            verdict.outcome = .succeeded
            verdict.reason = .completed
            verdict.failureClass = nil
            verdict.message = nil
        }
        return verdict
    }

    /// Takes a loss for one after user code may have begun: it is not to run a second time.
    private func suspectUserCode(_ verdict: inout PlacementEnd) {
        guard verdict.outcome == .lost, !verdict.hasUserCodeRun else { return }
        verdict.hasUserCodeRun = true
        verdict.message = "The pod was there and is gone, and nobody saw how far it came: its code may have run."
    }

    private func overriddenByIntent(_ read: PlacementEnd) -> PlacementEnd {
        guard read.outcome != .succeeded else { return read }
        switch intent {
        case nil: return read
        case .cancel:
            return PlacementEnd(
                outcome: .cancelled,
                at: read.at,
                hasUserCodeRun: read.hasUserCodeRun,
                reason: .cancelRequested,
                message: "Cancelled on request.",
                evidence: read.evidence
            )
        case .deadline(var verdict):
            verdict.at = max(verdict.at, read.at)
            verdict.hasUserCodeRun = verdict.hasUserCodeRun || read.hasUserCodeRun
            return verdict
        }
    }

    private mutating func finish(_ verdict: PlacementEnd, now: Timestamp) {
        var verdict = verdict
        verdict.at = Self.refined(verdict.at, now: now)
        if let last = timeline.last { verdict.at = max(verdict.at, last.at) }
        markCut(at: verdict.at)
        end = verdict
        hasNews = true
    }

    /// The numbers of lines that a runner can reach: user code can write to its container's output and to the termination
    /// message too.
    private static let credibleSequence: ClosedRange<Int64> = 1...1_000_000_000_000

    /// A line says so if the runner wrote more than was read.
    private mutating func markCut(at time: Timestamp) {
        guard hasUserCodeRun, summary == nil else { return }
        let told = reading?.runnerEnd?.summary?.lastSequence
        let last = told.flatMap { Self.credibleSequence.contains($0) ? $0 : nil }
        // Without a word of how much was written, only a stream that was read to its end lacks nothing.
        guard last != nil || !isRunnerStreamRead else { return }
        stream.markCut(last: last, milliseconds: time.microsecondsSince1970 / 1000, limits: .unbounded)
    }

    /// Whether user code may have begun, as far as anyone can tell.
    var hasUserCodeRun: Bool {
        run.runningAt != nil || timeline.contains { $0.state == .running } || (reading?.hasUserCodeRun ?? false)
            || stream.seenSequence > 0
    }

    // MARK: Reports

    /// Whether the final report may be sent: all that was read is stored.
    var mayReport: Bool { end == nil || !stream.isDirty }

    mutating func report() -> PlacementReport {
        revision += 1
        hasNews = false
        return PlacementReport(
            runID: run.id,
            placement: run.placement,
            leaseEpoch: run.leaseEpoch,
            revision: revision,
            timeline: timeline,
            waiting: end == nil ? waiting : nil,
            node: node,
            podUID: podUID,
            warnings: warnings,
            end: end
        )
    }

    /// As many as the runner says it gave, should the stream not have told all of them.
    private var warnings: Int {
        let (runner, sail) = stream.warningCounts
        let told = reading?.runnerEnd?.summary?.warnings ?? summary?.warnings ?? 0
        return max(runner, min(told, 1_000_000)) + sail
    }

    /// The report must be sent again.
    mutating func reportFailed() { hasNews = true }
}
