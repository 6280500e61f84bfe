/// What a person asks of the stack. `nil` keeps what was asked the last time, or the default.
package struct StackOptions: Sendable {
    /// How many schedulers, dispatchers and workers run; one each by default.
    package var replicas: Int?
    /// Whether the local cluster only pretends to run pods.
    package var isSimulated: Bool?
    /// A Python environment with the query engine and its client, for the local cluster's pods.
    package var pythonEnvironment: String?
    /// The runner's Python modules; found beside the executables by default.
    package var runnerPython: String?

    package init(
        replicas: Int? = nil,
        isSimulated: Bool? = nil,
        pythonEnvironment: String? = nil,
        runnerPython: String? = nil
    ) {
        self.replicas = replicas
        self.isSimulated = isSimulated
        self.pythonEnvironment = pythonEnvironment
        self.runnerPython = runnerPython
    }
}

/// Bounds of the stack.
package struct StackLimits: Sendable {
    package var replicas = 1...16
    /// How long a process may take until it is ready.
    package var ready: Duration = .seconds(60)
    /// How long a Slipway process may take to hand its work over when it is stopped.
    package var stop: Duration = .seconds(30)
    /// How long a preparing command, such as the migration, may take.
    package var preparation: Duration = .seconds(120)

    package init() {}
}
