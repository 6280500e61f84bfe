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
        environment.setExpanding(RunnerAssignment.environmentName, try assignment(request))
        return environment.variables
    }

    /// The assignment as JSON, escaped except for the address of Sail, which Kubernetes fills in.
    private static func assignment(_ request: PlacementRequest) throws(ManifestError) -> String {
        let grace = request.policy.terminationGraceSeconds - graceForSailSeconds
        let assignment = RunnerAssignment(
            runID: request.runID,
            placement: request.placement,
            job: request.jobName,
            tasks: request.spec.tasks,
            variables: request.variables,
            carried: request.carried.isEmpty ? nil : request.carried,
            skipped: request.skipped.isEmpty ? nil : request.skipped,
            sailAddress: nil,
            terminationMessagePath: terminationMessagePath,
            // Some may come late, or with a delay, before a runner counts as stalled.
            heartbeatSeconds: request.spec.timeouts.stallSeconds.map { max(1, $0 / 4) },
            limits: RunnerLimits(graceSeconds: max(1, grace))
        )
        let text: String
        do {
            text = try JSONValue(encoding: assignment).canonicalText
        } catch {
            throw ManifestError(problems: ["variables or tasks hold a value that JSON has no form for"])
        }
        // The longest address, of 45 characters, is reserved.
        let size = text.utf8.count + 100
        guard size <= RunnerAssignment.maximumBytes else {
            let message = "tasks and variables have \(size) bytes; at most \(RunnerAssignment.maximumBytes) are allowed"
            throw ManifestError(problems: [message])
        }
        let escaped = PodEnvironment.escaped(text)
        guard request.spec.engine != .none else { return escaped }
        let address = "sc://$(\(PodNaming.addressEnvironment)):\(PodNaming.sailPort)"
        return escaped.dropLast() + ",\"sail_address\":\"\(address)\"}"
    }
}

extension JobSpec.EnvironmentValue {
    fileprivate var isLiteral: Bool {
        if case .literal = self { true } else { false }
    }
}
