internal import KubernetesClient
internal import SlipwayCore

/// The main container: the runner, which executes the tasks.
enum RunnerContainer {
    private static let program = "/usr/local/bin/slipway-runner"
    private static let terminationMessagePath = "/dev/termination-log"
    /// What is left of the pod's grace period for Sail, which is asked to end after the runner.
    private static let graceForSailSeconds = 5

    static func make(_ request: PlacementRequest) throws(ManifestError) -> Container {
        Container(
            name: PodNaming.runnerContainer,
            image: request.spec.image,
            command: [program],
            env: try environment(request),
            resources: PodManifest.resources(request.spec.resources.runner),
            volumeMounts: PodManifest.scratchMounts,
            securityContext: PodManifest.containerSecurity,
            terminationMessagePath: terminationMessagePath,
            terminationMessagePolicy: "File"
        )
    }

    private static func environment(_ request: PlacementRequest) throws(ManifestError) -> [EnvironmentVariable] {
        var environment = PodEnvironment()
        if request.spec.engine != .none { environment.addAddress() }
        environment.set("HOME", "/tmp")
        for (name, value) in request.spec.environment { environment.set(name, value) }
        for (index, task) in request.spec.tasks.enumerated() {
            for (name, value) in task.environment where !value.isLiteral {
                environment.set("SLIPWAY_TASK_ENV_\(index)_\(name)", value)
            }
        }
        environment.addSecrets(request)
        for (index, part) in try assignment(request).enumerated() {
            environment.setExpanding(RunnerAssignment.environmentName(part: index + 1), part)
        }
        return environment.variables
    }

    /// The assignment as JSON in parts, escaped except for the address of Sail, which Kubernetes fills in.
    private static func assignment(_ request: PlacementRequest) throws(ManifestError) -> [String] {
        let grace = request.policy.terminationGraceSeconds - graceForSailSeconds
        var assignment = RunnerAssignment(
            runID: request.runID,
            placement: request.placement,
            spec: request.spec,
            variables: request.variables
        )
        assignment.job = request.jobName
        assignment.carried = request.carried.isEmpty ? nil : request.carried
        assignment.skipped = request.skipped.isEmpty ? nil : request.skipped
        assignment.terminationMessagePath = terminationMessagePath
        // Some may come late, or with a delay, before a runner counts as stalled.
        assignment.heartbeatSeconds = request.spec.timeouts.stallSeconds.map { max(1, $0 / 4) }
        assignment.limits = RunnerLimits(graceSeconds: max(1, grace))
        if let name = assignment.secrets?.first(where: { request.variables[$0].flatMap(SecretReference.init) == nil }) {
            throw ManifestError(problems: ["variables.\(name) must refer to a secret"])
        }
        // The longest address, of 45 characters, is reserved.
        let limit = RunnerAssignment.maximumBytes - 100
        var text: String
        do {
            text = try JSONValue(encoding: assignment).canonicalText
            let excess = RunnerAssignment.podBytes(of: text) - limit
            if excess > 0 { text = try JSONValue(encoding: assignment.omittingOutputs(bytes: excess)).canonicalText }
        } catch {
            throw ManifestError(problems: ["variables or tasks hold a value that JSON has no form for"])
        }
        let size = RunnerAssignment.podBytes(of: text)
        guard size <= limit else {
            let message =
                "tasks and variables have \(size) bytes with each $ doubled; at most \(limit) are allowed"
            throw ManifestError(problems: [message])
        }
        guard request.spec.engine != .none else { return AssignmentParts.of(PodEnvironment.escaped(text)) }
        let address = "sc://$(\(PodNaming.addressEnvironment)):\(PodNaming.sailPort)"
        var parts = AssignmentParts.of(PodEnvironment.escaped(String(text.dropLast())))
        // A reference must stand in one part; there is room for it in the last.
        parts[parts.count - 1] += ",\"sail_address\":\"\(address)\"}"
        return parts
    }
}

extension JobSpec.EnvironmentValue {
    fileprivate var isLiteral: Bool {
        if case .literal = self { true } else { false }
    }
}
