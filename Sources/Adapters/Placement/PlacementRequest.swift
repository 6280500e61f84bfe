package import SlipwayCore

/// One placement of a run, ready to become a pod.
package struct PlacementRequest: Sendable, Hashable {
    /// The id of this installation, by which its pods are told from those of others.
    package var installation: String
    package var runID: RunID
    /// 1 for the first.
    package var placement: Int
    package var team: String
    package var namespace: String
    package var jobName: String
    package var jobVersion: Int
    package var spec: JobSpec
    /// The final value of each variable; of a secret its reference.
    package var variables: [String: JSONValue]
    /// Tasks that are not executed because an earlier run did.
    package var carried: [CarriedTask]
    /// Tasks that are not executed because the run starts after them.
    package var skipped: [String]
    package var policy: PodPolicy

    package init(
        installation: String,
        runID: RunID,
        placement: Int,
        team: String,
        namespace: String,
        jobName: String,
        jobVersion: Int,
        spec: JobSpec,
        variables: [String: JSONValue],
        carried: [CarriedTask] = [],
        skipped: [String] = [],
        policy: PodPolicy = PodPolicy()
    ) {
        self.installation = installation
        self.runID = runID
        self.placement = placement
        self.team = team
        self.namespace = namespace
        self.jobName = jobName
        self.jobVersion = jobVersion
        self.spec = spec
        self.variables = variables
        self.carried = carried
        self.skipped = skipped
        self.policy = policy
    }
}

/// What an operator decides about every pod of a cluster or team; a job cannot change it.
package struct PodPolicy: Sendable, Hashable {
    /// The account pods run under; `nil` takes the namespace's own.
    package var serviceAccount: String?
    /// Whether that account's token is mounted; the namespace's own account's never is.
    package var mountsToken: Bool
    /// `serviceAccount` must be one of these; an empty list allows none but the namespace's own.
    package var allowedServiceAccounts: [String]
    /// From asking a pod to end to killing it; at least 10.
    package var terminationGraceSeconds: Int
    /// Added to each pod, such as a cost centre. Names under `slipway.dev` and `kubernetes.io` are refused.
    package var labels: [String: String]
    package var imagePullSecrets: [String]
    /// The user and group that containers run as; never 0.
    package var userID: Int
    /// The bound of the scratch folder on the node's disk; `nil`: the node's own bound.
    package var scratchBytes: Int?

    package init(
        serviceAccount: String? = nil,
        mountsToken: Bool = false,
        allowedServiceAccounts: [String] = [],
        terminationGraceSeconds: Int = 30,
        labels: [String: String] = [:],
        imagePullSecrets: [String] = [],
        userID: Int = 10_001,
        scratchBytes: Int? = nil
    ) {
        self.serviceAccount = serviceAccount
        self.mountsToken = mountsToken
        self.allowedServiceAccounts = allowedServiceAccounts
        self.terminationGraceSeconds = terminationGraceSeconds
        self.labels = labels
        self.imagePullSecrets = imagePullSecrets
        self.userID = userID
        self.scratchBytes = scratchBytes
    }
}

/// A pod that may not be created. Trying again does not help: the job or the operator's policy must change.
package struct ManifestError: Error, Sendable, Hashable, CustomStringConvertible {
    /// Each names a field and what is allowed; no values.
    package var problems: [String]

    package var reason: ReasonCode { .invalidJob }
    package var isRetriable: Bool { false }
    package var description: String { problems.joined(separator: "; ") }
}
