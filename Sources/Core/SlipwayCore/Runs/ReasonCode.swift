/// Why a run is where it is, as a closed set of machine codes.
///
/// Every terminal run carries one, and a waiting run may. The raw values are stable: they are stored, returned by
/// the API and documented one by one.
package enum ReasonCode: String, Sendable, Hashable, CaseIterable, Codable {
    // Ends that are nobody's failure.
    case completed
    case cancelRequested = "cancel_requested"

    // The job's own doing.
    case taskFailed = "task_failed"
    case invalidJob = "invalid_job"
    case outputTooLarge = "output_too_large"
    case runnerOutOfMemory = "runner_out_of_memory"
    case preparationFailed = "preparation_failed"

    // Placement.
    case unschedulable
    case imagePullFailed = "image_pull_failed"
    case containerCreateFailed = "container_create_failed"
    case quotaExceeded = "quota_exceeded"
    case podRejected = "pod_rejected"
    case podNameConflict = "pod_name_conflict"
    case placementAttemptsExhausted = "placement_attempts_exhausted"
    case clusterUnavailable = "cluster_unavailable"

    // The pod and what runs in it.
    case podLost = "pod_lost"
    case evicted
    case preempted
    case nodeLost = "node_lost"
    case sailCrashed = "sail_crashed"
    case sailOutOfMemory = "sail_out_of_memory"
    case sailUnreachable = "sail_unreachable"
    case runnerCrashed = "runner_crashed"
    case storageUnavailable = "storage_unavailable"

    // Deadlines.
    case scheduleTimeout = "schedule_timeout"
    case startTimeout = "start_timeout"
    case sailReadyTimeout = "sail_ready_timeout"
    case runTimeout = "run_timeout"
    case runnerStalled = "runner_stalled"

    // What people and policies do.
    case released
    case retryBackoff = "retry_backoff"
    case creditsExhausted = "credits_exhausted"
    case credentialInvalid = "credential_invalid"

    /// Whose doing it is; `nil` for a success or a mere reason to wait.
    package var failureClass: FailureClass? {
        switch self {
        case .completed, .retryBackoff, .creditsExhausted, .credentialInvalid: nil
        case .cancelRequested, .released: .cancelled
        case .taskFailed, .invalidJob, .outputTooLarge, .runnerOutOfMemory, .preparationFailed: .user
        case .scheduleTimeout, .startTimeout, .sailReadyTimeout: .infrastructure
        case .runTimeout: .timeout
        case .unschedulable, .imagePullFailed, .containerCreateFailed, .quotaExceeded, .podRejected, .podNameConflict,
            .placementAttemptsExhausted, .clusterUnavailable, .podLost, .evicted, .preempted, .nodeLost, .sailCrashed,
            .sailOutOfMemory, .sailUnreachable, .runnerCrashed, .storageUnavailable, .runnerStalled:
            .infrastructure
        }
    }

    /// What a person can do about it, in one sentence for the CLI and the dashboard; `nil` where nothing is needed.
    package var advice: String? {
        switch self {
        case .completed, .cancelRequested, .retryBackoff: nil
        case .taskFailed: "Read the failed task's log, correct the job, apply it and create a new run."
        case .invalidJob: "Correct the job file and apply it again."
        case .outputTooLarge: "Write the result to a path (output.path) or return fewer rows."
        case .runnerOutOfMemory: "Raise resources.runner.memory in the job."
        case .preparationFailed: "Check the files and requirements that the job names."
        case .unschedulable: "Lower the job's cpu or memory, or wait for a node with room."
        case .imagePullFailed: "Check the image's name and the cluster's access to its registry."
        case .containerCreateFailed: "Check that the secrets and config maps the job names exist in its namespace."
        case .quotaExceeded: "Ask for a larger namespace quota or wait until other pods end."
        case .podRejected: "Read the message: the cluster's admission refused the pod."
        case .podNameConflict: "Another pod has the run's name; delete it or retry the run."
        case .placementAttemptsExhausted: "Look at the cluster's nodes, then retry the run."
        case .clusterUnavailable: "Check the cluster's API server and its registration, then retry the run."
        case .podLost, .evicted, .preempted, .nodeLost: "Retry the run: the pod ended for a reason outside the job."
        case .sailCrashed: "Read the sail log; retry, and report the query if it happens again."
        case .sailOutOfMemory: "Raise resources.sail.memory in the job."
        case .sailUnreachable: "Read the sail log, then retry the run."
        case .runnerCrashed: "Read the runner log, then retry the run."
        case .storageUnavailable: "Check the storage's address and permissions, then retry the run."
        case .scheduleTimeout: "Lower the job's requests, add nodes, or raise timeouts.schedule."
        case .startTimeout: "Read the run's events for what kept the pod from starting."
        case .sailReadyTimeout: "Read the sail log and the run's events; capacity or the image is the usual cause."
        case .runnerStalled: "Read the task's log; raise timeouts.stall if the node was only slow."
        case .creditsExhausted: "Give the team more credits: slipway team credits TEAM --add N."
        case .credentialInvalid:
            "Renew the credential, then: slipway credential update NAME --valid --resume-paused-runs."
        case .released: "Look at its pod's own results: its end was not observed."
        case .runTimeout: "Raise timeouts.run or make the job faster."
        }
    }
}
