internal import KubernetesClient
internal import SlipwayCore

/// A container's environment under construction: each name once, what Slipway sets before and over what a job sets.
struct PodEnvironment {
    private var leading: [EnvironmentVariable] = []
    private var sources: [String: EnvironmentVariable] = [:]

    /// The pod's address comes first: Kubernetes lets a value refer only to variables that stand before it.
    mutating func addAddress() {
        let field = ObjectFieldSelector(fieldPath: "status.podIP")
        leading.append(
            EnvironmentVariable(
                name: PodNaming.addressEnvironment,
                valueFrom: EnvironmentVariableSource(fieldRef: field)
            )
        )
    }

    mutating func set(_ name: String, _ value: String) {
        sources[name] = EnvironmentVariable(name: name, value: Self.escaped(value))
    }

    /// A value that may refer to variables before it, and whose other parts are escaped already.
    mutating func setExpanding(_ name: String, _ value: String) {
        sources[name] = EnvironmentVariable(name: name, value: value)
    }

    /// The secrets that variables refer to, so that what knows a value can keep it out of what it writes.
    mutating func addSecrets(_ request: PlacementRequest) {
        for (name, variable) in request.spec.variables where variable.type == .secret {
            guard let reference = request.variables[name].flatMap(SecretReference.init) else { continue }
            set(RunnerAssignment.secretPrefix + name, .secret(name: reference.name, key: reference.key))
        }
    }

    /// The variables whose values are confidential, by name.
    var confidentialNames: [String] {
        sources.values.filter { $0.valueFrom?.secretKeyRef != nil }.map(\.name).sorted()
    }

    mutating func set(_ name: String, _ value: JobSpec.EnvironmentValue) {
        switch value {
        case .literal(let text): set(name, text)
        case .secret(let object, let key):
            let selector = KeySelector(name: object, key: key)
            sources[name] = EnvironmentVariable(
                name: name,
                valueFrom: EnvironmentVariableSource(secretKeyRef: selector)
            )
        case .configMap(let object, let key):
            let selector = KeySelector(name: object, key: key)
            sources[name] = EnvironmentVariable(
                name: name,
                valueFrom: EnvironmentVariableSource(configMapKeyRef: selector)
            )
        }
    }

    /// Sorted by name after the address, so that the same request always gives the same pod.
    var variables: [EnvironmentVariable] {
        leading + sources.values.filter { $0.name != PodNaming.addressEnvironment }.sorted { $0.name < $1.name }
    }

    /// Text that Kubernetes' expansion of `$(NAME)` turns back into itself: it reads `$$` as `$`.
    static func escaped(_ text: String) -> String { text.replacing("$", with: "$$") }
}
