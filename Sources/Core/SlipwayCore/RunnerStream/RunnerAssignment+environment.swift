extension RunnerAssignment {
    /// Holds the assignment's beginning; a long one goes on in `SLIPWAY_ASSIGNMENT_2`, `SLIPWAY_ASSIGNMENT_3` and so on.
    package static let environmentName = "SLIPWAY_ASSIGNMENT"
    package static let secretPrefix = "SLIPWAY_SECRET_"
    /// Of one variable's value. The kernel refuses a longer environment string (128 KiB with its name and terminator).
    package static let partBytes = 100_000
    /// Of all of them together, as they stand in the pod; see ``podBytes(of:)``. Kubernetes refuses objects over 1.5 MB.
    package static let maximumBytes = 1_000_000

    /// The variable that holds a part.
    ///
    /// - Parameter part: from 1.
    package static func environmentName(part: Int) -> String {
        part == 1 ? environmentName : "\(environmentName)_\(part)"
    }

    /// Whether a variable holds a part of an assignment.
    package static func isEnvironmentName(_ name: String) -> Bool {
        name == environmentName || name.hasPrefix("\(environmentName)_")
    }

    /// The bytes of a text in a pod, where each `$` is doubled since Kubernetes expands `$(NAME)` in values.
    package static func podBytes(of text: String) -> Int {
        text.utf8.reduce(0) { $0 + ($1 == UInt8(ascii: "$") ? 2 : 1) }
    }

    /// What the runner is told of a job; the rest depends on the run and its cluster.
    package init(runID: RunID, placement: Int, spec: JobSpec, variables: [String: JSONValue]) {
        let secrets = spec.variables.filter { $0.value.type == .secret }.keys.sorted()
        let dates = spec.variables.filter { $0.value.type == .date }.keys.sorted()
        let confidential = spec.environment.filter { $0.value.isSecret }.keys.sorted()
        var session: JobSpec.SessionScope?
        if case .sail(let settings) = spec.engine { session = settings.session }
        self.init(
            runID: runID,
            placement: placement,
            job: spec.name,
            tasks: spec.tasks,
            variables: variables,
            parallelism: spec.parallelism,
            session: session,
            requirements: spec.requirements,
            secrets: secrets.isEmpty ? nil : secrets,
            dates: dates.isEmpty ? nil : dates,
            confidentialEnvironment: confidential.isEmpty ? nil : confidential,
            sailAddress: nil
        )
    }
}

extension JobSpec.EnvironmentValue {
    fileprivate var isSecret: Bool {
        if case .secret = self { true } else { false }
    }
}
