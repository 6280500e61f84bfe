/// What a team can be told of. The set is closed: an endpoint names those it wants.
package struct NotificationType: RawRepresentable, Sendable, Hashable, Codable, CaseIterable {
    package let rawValue: String

    package init?(rawValue: String) {
        guard Self.known.contains(rawValue) else { return nil }
        self.rawValue = rawValue
    }

    private init(_ rawValue: String) { self.rawValue = rawValue }

    /// A run entered this state.
    package static func run(_ state: RunState) -> NotificationType { NotificationType("run.\(state.rawValue)") }

    /// A run was not over when its job's `sla` expected it to be.
    package static let slaMissed = NotificationType("run.sla_missed")
    /// As many runs of a job in a row failed as its `alerts.failures_in_a_row` says; told once until one succeeds.
    package static let repeatedFailure = NotificationType("job.repeated_failure")
    /// A credential was found or told to be no longer valid.
    package static let credentialInvalid = NotificationType("credential.invalid")
    /// It is valid again.
    package static let credentialValid = NotificationType("credential.valid")
    package static let schedulePaused = NotificationType("schedule.paused")
    package static let scheduleResumed = NotificationType("schedule.resumed")
    /// No process found a cluster healthy for some time.
    package static let clusterFailed = NotificationType("cluster.failed")
    package static let clusterRecovered = NotificationType("cluster.recovered")
    /// Another endpoint of the team is not delivered to any more.
    package static let webhookDisabled = NotificationType("webhook.disabled")
    /// Somebody asked for it, to see whether it arrives. Sent to one endpoint, whatever it wants.
    package static let test = NotificationType("webhook.test")

    package static let allCases: [NotificationType] =
        RunState.allCases.map(run) + [
            slaMissed, repeatedFailure, credentialInvalid, credentialValid, schedulePaused, scheduleResumed,
            clusterFailed, clusterRecovered, webhookDisabled, test,
        ]

    /// Those that an endpoint can choose.
    package static let choosable = allCases.filter { $0 != test }

    /// What an endpoint is told of that does not choose.
    package static let standard: [NotificationType] = [
        run(.failed), run(.timeout), slaMissed, repeatedFailure, credentialInvalid, schedulePaused, clusterFailed,
        webhookDisabled,
    ]

    private static let known = Set(allCases.map(\.rawValue))
}
