/// What admission needs to know of a run, told by its job version, its variables and its overrides.
package struct AdmissionRequest: Sendable, Hashable {
    package var priority: Int
    /// Of all its containers together.
    package var cpuMillicores: Int
    package var memoryBytes: Int
    package var limitKeys: [LimitKey]
    package var credentials: [String]

    package init(
        priority: Int = 0,
        cpuMillicores: Int = 0,
        memoryBytes: Int = 0,
        limitKeys: [LimitKey] = [],
        credentials: [String] = []
    ) {
        self.priority = priority
        self.cpuMillicores = cpuMillicores
        self.memoryBytes = memoryBytes
        self.limitKeys = limitKeys
        self.credentials = credentials
    }

    /// - Parameter spec: the job version as the run executes it, its overrides applied.
    package init(_ spec: JobSpec, variables: [String: JSONValue]) {
        var containers = [spec.resources.runner]
        if case .sail = spec.engine { containers.append(spec.resources.sail) }
        self.init(
            priority: spec.priority ?? 0,
            cpuMillicores: containers.reduce(0) { $0 + $1.cpuMillicores },
            memoryBytes: containers.reduce(0) { $0 + $1.memoryBytes },
            limitKeys: (spec.limitKeys ?? []).map {
                LimitKey(key: $0.text(for: variables), maximum: $0.maximumRuns)
            },
            credentials: spec.credentials ?? []
        )
    }
}
