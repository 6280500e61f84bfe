/// Everything a worker has observed of one placement so far: a snapshot, not a difference.
///
/// Repeating or reordering reports is harmless, since each tells the whole. The scheduler applies the newest
/// whose lease epoch is the run's own.
package struct PlacementReport: Sendable, Hashable, Codable {
    package var runID: RunID
    package var placement: Int
    /// The lease under which the worker observed; a report with another epoch than the run's is dropped.
    package var leaseEpoch: Int64
    /// Grows with each report of one worker about one placement.
    package var revision: Int64
    /// The states entered, in order, each once.
    package var timeline: [ObservedState]
    /// Why the placement is not further yet, such as an image that cannot be pulled.
    package var waiting: WaitingReason?
    package var node: String?
    package var podUID: String?
    /// Always empty: tasks are stored with the stream. The version before reads no report without it.
    private var tasks: [JSONValue]? = []
    /// At least so many; what was stored with the stream may be more.
    package var warnings: Int
    /// Set once nothing more will happen.
    package var end: PlacementEnd?

    package enum CodingKeys: String, CodingKey {
        case runID = "run_id"
        case placement
        case leaseEpoch = "lease_epoch"
        case revision, timeline, waiting, node
        case podUID = "pod_uid"
        case tasks, warnings, end
    }

    package init(
        runID: RunID,
        placement: Int,
        leaseEpoch: Int64,
        revision: Int64 = 1,
        timeline: [ObservedState] = [],
        waiting: WaitingReason? = nil,
        node: String? = nil,
        podUID: String? = nil,
        warnings: Int = 0,
        end: PlacementEnd? = nil
    ) {
        self.runID = runID
        self.placement = placement
        self.leaseEpoch = leaseEpoch
        self.revision = revision
        self.timeline = timeline
        self.waiting = waiting
        self.node = node
        self.podUID = podUID
        self.warnings = warnings
        self.end = end
    }
}

/// A state and when it began, by the cluster's clock.
package struct ObservedState: Sendable, Hashable, Codable {
    package var state: RunState
    package var at: Timestamp

    package init(state: RunState, at: Timestamp) {
        self.state = state
        self.at = at
    }
}

/// Why a placement does not get further.
package struct WaitingReason: Sendable, Hashable, Codable {
    package var reason: ReasonCode
    package var message: String

    package init(reason: ReasonCode, message: String) {
        self.reason = reason
        self.message = message
    }
}

/// How a placement ended.
package struct PlacementEnd: Sendable, Hashable, Codable {
    package var outcome: Outcome
    package var at: Timestamp
    /// Whether user code may have begun. Only if it surely has not may the run be placed anew.
    package var hasUserCodeRun: Bool
    package var reason: ReasonCode
    package var failureClass: FailureClass?
    /// Safe to show; at most 2 000 characters.
    package var message: String?
    package var failedTask: String?
    package var exitCode: Int?
    package var errorName: String?
    package var stackTrace: String?
    /// What Kubernetes said: conditions, container states, events, the termination message, the last log lines.
    package var evidence: JSONValue?

    package enum Outcome: String, Sendable, Hashable, Codable {
        case succeeded, failed, cancelled, timeout
        /// The pod is gone without a verdict.
        case lost
    }

    package enum CodingKeys: String, CodingKey {
        case outcome, at
        case hasUserCodeRun = "user_code_ran"
        case reason
        case failureClass = "failure_class"
        case message
        case failedTask = "failed_task"
        case exitCode = "exit_code"
        case errorName = "error_name"
        case stackTrace = "stack_trace"
        case evidence
    }

    package init(
        outcome: Outcome,
        at: Timestamp,
        hasUserCodeRun: Bool,
        reason: ReasonCode,
        failureClass: FailureClass? = nil,
        message: String? = nil,
        failedTask: String? = nil,
        exitCode: Int? = nil,
        errorName: String? = nil,
        stackTrace: String? = nil,
        evidence: JSONValue? = nil
    ) {
        self.outcome = outcome
        self.at = at
        self.hasUserCodeRun = hasUserCodeRun
        self.reason = reason
        self.failureClass = failureClass ?? reason.failureClass
        self.message = message
        self.failedTask = failedTask
        self.exitCode = exitCode
        self.errorName = errorName
        self.stackTrace = stackTrace
        self.evidence = evidence
    }
}
